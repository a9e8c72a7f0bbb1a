import os,re
rows=[ # path, english, korean, result
("quickstart.lua","A small network learns 8×8 digits that ship with nnlua","작은 신경망으로 8×8 숫자 배우기 (데이터 내장)","0.983 on held-out digits"),
("ch02/gates.lua","AND, NAND, OR: weights set by hand","손으로 정한 가중치로 만드는 AND, NAND, OR","truth tables"),
("ch02/perceptron_learning.lua","The perceptron rule finds the gates' weights; XOR it cannot","퍼셉트론 학습 규칙; XOR는 배우지 못한다","at most 3 of 4 rows of XOR"),
("ch02/xor.lua","XOR from two layers of gates","두 층의 게이트로 만드는 XOR","regions drawn"),
("ch03/activations.lua","Step, sigmoid, ReLU, tanh, identity","계단, 시그모이드, ReLU, tanh, 항등 함수","no overflow at ±800"),
("ch03/linear_layers.lua","Layers without an activation are one matrix","활성화 함수가 없으면 행렬 하나와 같다","equal outputs"),
("ch03/three_layers.lua","A signal goes through three layers","3층 신경망의 순전파","0.31682708, 0.69627909"),
("ch03/softmax.lua","Softmax, and why the largest is taken away first","소프트맥스와 오버플로 대책","finite on 1010, 1000, 990"),
("ch03/output_by_task.lua","The last layer for regression, two classes, many","문제에 맞는 출력층","one small network each"),
("ch03/mnist_show.lua","MNIST: what the digits look like","MNIST 손글씨 숫자 보기","60,000 and 10,000 digits"),
("ch03/preprocessing.lua","Normalising and whitening","정규화와 백색화","mean 0, covariance I"),
("ch03/inference_mnist.lua","The book's trained weights read MNIST, one by one and in batches","책의 학습된 가중치로 추론: 한 장씩, 묶어서","0.9352 both ways"),
("ch03/save_load.lua","Keeping weights: safetensors, npz","매개변수 저장과 불러오기","the same bits"),
("ch04/losses.lua","Squared error, cross-entropy, in all forms","오차제곱합, 교차 엔트로피 오차","0.0975, 0.510825"),
("ch04/mini_batch.lua","Mini-batches: a sample stands for all","미니배치","errors fall with 1/√n"),
("ch04/why_loss.lua","Why a loss and not the accuracy","왜 정확도가 아니라 손실인가","accuracy is flat"),
("ch04/numerical_diff.lua","Derivatives by differences, and their two errors","수치 미분과 그 오차","0.1999999999990898"),
("ch04/gradient_field.lua","The gradient as a field of arrows","기울기 벡터장","(3, 4) → (6, 8)"),
("ch04/saddle.lua","A gradient of zero is not always a minimum","안장점","drawn"),
("ch04/gradient_descent.lua","Gradient descent; too fast and too slow","경사 하강법; 너무 큰 학습률과 너무 작은 학습률","−6.1e-10, 8.1e-10"),
("ch04/simple_net.lua","The gradient of a small network","단순한 신경망의 기울기","the book's dW"),
("ch04/two_layer_net.lua","TwoLayerNet with sigmoid on MNIST","시그모이드 2층 신경망으로 MNIST","about 0.95 / 0.946"),
("ch05/graph.lua","Computations as graphs: apples and oranges","계산 그래프: 사과와 귤","220; 715 and its gradients"),
("ch05/layers.lua","ReLU, Sigmoid, Affine, SoftmaxWithLoss in Lua","ReLU, Sigmoid, Affine, SoftmaxWithLoss 직접 만들기","(0.2, 0.1, −0.3)"),
("ch05/compare_layers.lua","Our layers beside nnlua's and the tape","nnlua의 계층과 비교","equal to 1e-12"),
("ch05/gradient_check.lua","Backpropagation checked by differences","기울기 확인","below 1e-6"),
("ch05/two_layer_net.lua","TwoLayerNet with ReLU on MNIST, our own layers","직접 만든 계층의 2층 신경망","about 0.979 / 0.969"),
("ch06/optimizer_paths.lua","SGD, Momentum, AdaGrad, RMSProp, Adam on a valley","최적화 방법들의 경로","AdaGrad ends at 0.00072"),
("ch06/optimizers_mnist.lua","The same five on MNIST","MNIST로 비교하는 다섯 방법","SGD 0.22 … Adam 0.048"),
("ch06/equal_weights.lua","Weights that begin equal stay equal","가중치가 모두 같으면","they do"),
("ch06/activation_histograms.lua","What the first weights do to the signals","가중치 초깃값과 활성화값 분포","He keeps std ≈ 0.8"),
("ch06/init_mnist.lua","First weights compared on MNIST","MNIST로 비교하는 초깃값","2.30, 0.32, 0.23"),
("ch06/batch_norm.lua","Batch normalisation over 16 spreads, before and after ReLU","배치 정규화: 16가지 초깃값","15 of 16 learn, plain 2"),
("ch06/overfitting.lua","300 digits learned by heart; decay, dropout, early stopping","오버피팅, 가중치 감소, 드롭아웃, 조기 종료","1.0 / 0.77 plain"),
("ch06/hyper_parameters.lua","Random search with a validation set","하이퍼파라미터 무작위 탐색","best about 0.8"),
("ch07/im2col.lua","Convolution by loops, by im2col, by F.conv2d","im2col로 하는 합성곱","15, 16, 6, 15"),
("ch07/conv_layers.lua","Convolution and pooling as layers in Lua","합성곱과 풀링 계층 직접 만들기","equal to nnlua's"),
("ch07/gradient_check.lua","The convolutional network's gradients checked","합성곱 신경망의 기울기 확인","below 1e-6"),
("ch07/fc_or_conv.lua","MNIST without and with convolution","완전연결 대 합성곱","0.969 → 0.990"),
("ch07/train_convnet.lua","SimpleConvNet with options, progress, saved weights","옵션을 갖춘 SimpleConvNet 학습","0.990"),
("ch07/filters.lua","Filters before and after, feature maps, a filter on a picture","필터, 특징 맵, 그림에 적용한 필터","edges and blobs"),
("ch08/deep_net.lua","DeepConvNet and its sizes","DeepConvNet과 크기","123,552 weights"),
("ch08/deep_convnet.lua","DeepConvNet on MNIST","DeepConvNet으로 MNIST","≥ 0.993"),
("ch08/trained.lua","The trained network, for the scripts below","학습된 신경망 (아래 예제들이 쓴다)","–"),
("ch08/misclassified.lua","The digits it gets wrong","잘못 인식한 숫자들","some sixty of 10,000"),
("ch08/augmentation.lua","1,000 digits, turned and moved","데이터 확장","0.916 → 0.963"),
("ch08/half_precision.lua","Weights in 16 bits","반정밀도 가중치","same accuracy, half the file"),
("ch08/costs.lua","Weights, multiplications and time by layer; batches","계층별 매개변수, 곱셈, 시간; 배치 크기","convolutions: 99 % of the work"),
("ch08/policy_gradient.lua","Policy gradient: a bandit, a pole on a cart","정책 경사: 슬롯머신과 카트폴","17 → 200 steps"),
("beyond/lstm_sine.lua","An LSTM goes on with a sine","사인 곡선을 이어 그리는 LSTM","–"),
("beyond/lstm_text.lua","A text, letter by letter","글자 단위 언어 모델","–"),
("beyond/transformer_sort.lua","Attention learns to sort","어텐션으로 정렬하기","–"),
]
def times(path):
    t={}
    for l in open(path):
        m=re.match(r'examples/(\S+)\s+([\d.]+) s',l)
        if m: t[m.group(1)]=float(m.group(2))
    return t
import sys
quick,full,pics=times(sys.argv[1]),times(sys.argv[2]),sys.argv[3]
def show(x): return "–" if x is None else ("%d s"%round(x) if x>=10 else "%.1f s"%x if x>=0.95 else "< 1 s")
heads={"":("First","처음"),"ch02":("Chapter 2: perceptrons","2장 퍼셉트론"),"ch03":("Chapter 3: neural networks","3장 신경망"),"ch04":("Chapter 4: learning","4장 신경망 학습"),"ch05":("Chapter 5: backpropagation","5장 오차역전파법"),"ch06":("Chapter 6: techniques of learning","6장 학습 관련 기술들"),"ch07":("Chapter 7: convolutional networks","7장 합성곱 신경망"),"ch08":("Chapter 8: deeper","8장 딥러닝"),"beyond":("Beyond the book","책 너머")}
def table(lang):
    out=[];last=None
    for p,en,ko,res in rows:
        d=os.path.dirname(p)
        if d!=last:
            out+=["","## "+heads[d][lang],"","| script | | quick | full | result |" if lang==0 else "| 예제 | 내용 | 빠르게 | 전체 | 결과 |","| --- | --- | --- | --- | --- |"]; last=d
        pic=p[:-4]+".png"
        img='<br>![](pictures/%s)'%pic if os.path.exists(os.path.join(pics,pic)) else ''
        out.append("| [`%s`](%s) | %s%s | %s | %s | %s |"%(os.path.basename(p),p,(en,ko)[lang],img,show(quick.get(p)),show(full.get(p)),res))
    return "\n".join(out)
en='''# Examples

The systems of Saito Goki's *Deep Learning from Scratch*, chapters 2 to 8, as short scripts to read beside the book, to run and to change; then
a few that go further. Each is a program (`nnlua FILE`), a report (`nnlua run FILE --report out.html`) and a notebook (open the `.lua` in JupyterLab or VS Code
with Jupytext), and ends by checking its own figures: a wrong one is an error.

    nnlua examples/ch02/gates.lua
    nnlua examples/ch07/train_convnet.lua --quick     # seconds instead of minutes
    scripts/test-examples                             # all of them, quick; --full for full length

MNIST is looked for in `$NNLUA_DATA/mnist`, `~/.cache/nnlua/mnist` and the system's folders; `nnlua data fetch mnist` downloads it. The book's trained
weights are read from `$NNLUA_DATA/book/sample_weight.npz`. Times were measured on four cores that others used too; the pictures are made by
`scripts/example-pictures`.

Pictures come up in the terminal where it can show them, inline in notebooks and reports, else as files. For Hangul in labels a font with it must be installed: `apt install fonts-nanum`
(or `fonts-noto-cjk`).

한국어: [README.ko.md](README.ko.md)
'''
ko='''# 예제

사이토 고키의 『밑바닥부터 시작하는 딥러닝』 2장부터 8장까지의 시스템을 짧은 스크립트로 만들었습니다. 책 옆에 두고 읽고, 실행하고, 고쳐 보세요. 뒤에는 책 너머의 예제가 몇 개
있습니다. 각 예제는 프로그램(`nnlua 파일`)이자 보고서(`nnlua run 파일 --report out.html`)이자 노트북(JupyterLab이나 VS Code에서 Jupytext로 `.lua`를 엽니다)이며,
끝에서 스스로 수치를 확인합니다. 수치가 틀리면 오류가 납니다.

    nnlua examples/ch02/gates.lua
    nnlua examples/ch07/train_convnet.lua --quick     # 몇 분 대신 몇 초
    scripts/test-examples                             # 모두 빠르게; --full은 전체 길이로

MNIST는 `$NNLUA_DATA/mnist`, `~/.cache/nnlua/mnist`, 시스템 폴더에서 찾고, `nnlua data fetch mnist`로 내려받습니다. 책의 학습된 가중치는
`$NNLUA_DATA/book/sample_weight.npz`에서 읽습니다. 시간은 다른 작업과 함께 쓰는 코어 네 개에서 잰 것이고, 그림은 `scripts/example-pictures`로 만듭니다.

그림은 터미널이 보여 줄 수 있으면 터미널에, 노트북과 보고서에는 그 안에, 아니면 파일로 나옵니다. 그림의 글자에 한글을 쓰려면 한글 글꼴이 있어야 합니다: `apt install fonts-nanum`
(또는 `fonts-noto-cjk`).

배열의 위치와 클래스 번호는 1부터 셉니다. 책의 파이썬은 0부터 세므로, 숫자 3은 클래스 4입니다.

English: [README.md](README.md)
'''
plug_en='''
## Layers of one's own, in Swift

`plugins/kan` (a layer of learned curves), `plugins/lion` (an optimizer), `plugins/sqlite` (a data set out of a database): each a Swift file and the scripts that use it; see
[docs/plugins.md](../docs/plugins.md).
'''
plug_ko='''
## Swift로 만드는 나만의 계층

`plugins/kan` (학습되는 곡선의 계층), `plugins/lion` (최적화 방법), `plugins/sqlite` (데이터베이스에서 읽는 데이터): Swift 파일 하나와 그것을 쓰는 스크립트입니다.
[docs/plugins.md](../docs/plugins.md)를 보세요.
'''
open("examples/README.md","w").write(en+table(0)+"\n"+plug_en)
open("examples/README.ko.md","w").write(ko+table(1)+"\n"+plug_ko)
