import LuaBridge
import Notebook
import Testing

@Suite(.serialized)
struct OutputRecorderTests {
  private func texts(_ recorder: OutputRecorder) -> [[String]] {
    recorder.outputs.map { cell in
      cell.map { output in
        switch output {
        case .stream(let stream, let text): "\(stream): \(text)"
        case .display(let bundle): "display: \(bundle.text)"
        case .result(let bundle): "result: \(bundle.text)"
        case .failure(let failure): "failure: \(failure.message)"
        }
      }
    }
  }
  private func write(_ recorder: OutputRecorder, _ text: String, _ stream: OutputStream = .output) {
    Array(text.utf8).withUnsafeBytes { recorder.write($0, to: stream) }
  }

  @Test func textIsJoinedUntilSomethingElseComes() {
    let recorder = OutputRecorder()
    recorder.begin()
    write(recorder, "a")
    write(recorder, "b\n")
    write(recorder, "e", .error)
    recorder.show(DisplayBundle(text: "shown"), id: nil, isUpdate: false)
    write(recorder, "c")
    recorder.begin()
    write(recorder, "next")
    #expect(texts(recorder) == [["output: ab\n", "error: e", "display: shown", "output: c"], ["output: next"]])
  }

  @Test func lettersOfSeveralBytesMayComeInPieces() {
    let recorder = OutputRecorder()
    recorder.begin()
    for byte in Array("학습".utf8) { [byte].withUnsafeBytes { recorder.write($0, to: .output) } }
    #expect(texts(recorder) == [["output: 학습"]])
  }

  @Test func updatesReachEarlierCells() {
    let recorder = OutputRecorder()
    recorder.begin()
    recorder.show(DisplayBundle(text: "1"), id: "a", isUpdate: false)
    recorder.show(DisplayBundle(text: "1"), id: "b", isUpdate: false)
    recorder.begin()
    recorder.show(DisplayBundle(text: "1"), id: "a", isUpdate: false)
    recorder.show(DisplayBundle(text: "2"), id: "a", isUpdate: true)
    recorder.show(DisplayBundle(text: "lost"), id: "unknown", isUpdate: true)
    #expect(texts(recorder) == [["display: 2", "display: 1"], ["display: 2"]])
  }

  @Test func clearing() {
    let recorder = OutputRecorder()
    recorder.begin()
    write(recorder, "a")
    recorder.begin()
    write(recorder, "b")
    recorder.clear(wait: false)
    #expect(texts(recorder) == [["output: a"], []])
    write(recorder, "c")
    recorder.clear(wait: true)
    #expect(texts(recorder)[1] == ["output: c"])
    write(recorder, "d")
    #expect(texts(recorder)[1] == ["output: d"])
  }

  @Test func whatATerminalWouldShow() {
    let recorder = OutputRecorder()
    recorder.begin()
    write(recorder, "10 %\r100 %\nab\u{8}c\r\n\u{1b}[31mred\u{1b}[0m\n")
    #expect(texts(recorder) == [["output: 100 %\nac\nred\n"]])
  }

  @Test func endlessTextIsCut() {
    let recorder = OutputRecorder()
    recorder.begin()
    let block = String(repeating: "x", count: 1 << 20)
    for _ in 0..<40 { write(recorder, block) }
    #expect(texts(recorder)[0][0].utf8.count < 18 << 20 && texts(recorder)[0][0].contains("the rest is left out"))
  }
}
