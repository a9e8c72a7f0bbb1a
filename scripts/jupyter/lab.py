"""JupyterLab in headless Chromium: an example opened as a notebook, all run, plots seen, training interrupted; pictures into the folder given.

    lab.py [FOLDER] [EXAMPLE.lua]
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

from playwright.sync_api import TimeoutError, sync_playwright

root = pathlib.Path(__file__).resolve().parents[2]
pictures = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp(prefix="nnlua-lab-"))
example = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else root / "examples/ch06/optimizer_paths.lua").resolve()
pictures.mkdir(parents=True, exist_ok=True)
overrides = pathlib.Path(os.environ["JUPYTER_CONFIG_DIR"]) / "labconfig"
overrides.mkdir(parents=True, exist_ok=True)
(overrides / "default_setting_overrides.json").write_text(json.dumps({
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false"},
    "@jupyterlab/notebook-extension:tracker": {"windowingMode": "none"},  # what is out of sight is drawn too
}))
work = pathlib.Path(tempfile.mkdtemp(prefix="nnlua-lab-root-"))
(work / "examples").mkdir()
shutil.copy(root / "examples/check.lua", work / "check.lua")
shutil.copy(example, work / "examples" / example.name)
(work / "examples/train.lua").write_text("""-- %% [markdown]
-- # Training that is interrupted

-- %%
local nn, data, optim, train = require "nnlua.nn", require "nnlua.data", require "nnlua.optim", require "nnlua.train"
local set = data.digits{split = "train", flatten = true}
local net = nn.Sequential(nn.Linear(64, 50), nn.ReLU(), nn.Linear(50, 10))
net

-- %%
train.fit(net, {train = data.DataLoader(set, {batch_size = 10}), loss = nn.CrossEntropyLoss(), optimizer = optim.SGD(net, {lr = 0.1}), epochs = 100000})

-- %%
local seen = net(set.x):argmax(2):eq(set.t):to("float32"):mean():item()
print("accuracy is known:", seen > 0.5)

-- %%
while true do end
""")


def serve():
    log = open(pictures / "server.log", "w")
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0", "--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={work}",
         "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--ServerApp.disable_check_xsrf=True"],
        stdout=log, stderr=log, cwd=work)
    runtime = pathlib.Path(os.environ["JUPYTER_RUNTIME_DIR"]) / f"jpserver-{server.pid}.json"
    for _ in range(600):
        if runtime.exists():
            try:
                return server, json.loads(runtime.read_text())["url"]
            except json.JSONDecodeError:
                pass
        assert server.poll() is None, (pictures / "server.log").read_text()[-2000:]
        time.sleep(0.1)
    raise SystemExit("JupyterLab does not start")


def wait(what, condition, seconds=60):
    end = time.time() + seconds
    while not condition():
        assert time.time() < end, f"waited in vain: {what}"
        time.sleep(0.05)
    print("ok   ", what, flush=True)


def kernels():
    return json.load(urllib.request.urlopen(url + "api/kernels"))


def idle():
    states = kernels()
    return bool(states) and all(k["execution_state"] == "idle" for k in states)


def open_notebook(page, name):
    page.goto(f"{url}lab/workspaces/{name.split('.')[0]}/tree/examples/")  # a workspace of its own: no tabs are open
    page.locator(".jp-DirListing-item", has_text=name).click(button="right", timeout=120_000)
    page.locator(".lm-Menu-itemLabel", has_text="Open With").filter(visible=True).first.hover()
    page.wait_for_function("document.querySelectorAll('.lm-Menu').length > 1")  # the submenu comes with a delay
    choices = page.locator(".lm-Menu").last.locator(".lm-Menu-itemLabel")
    choices.filter(has_text="Notebook").first.click()
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
    # A script without a header names no kernel: JupyterLab asks.
    try:
        page.wait_for_selector(".jp-Dialog select", timeout=5_000)
        page.screenshot(path=pictures / "0-which-kernel.png")
        page.locator(".jp-Dialog select").select_option(label="nnlua")
        page.locator(".jp-Dialog .jp-mod-accept").click()
    except TimeoutError:
        pass
    wait(f"{name} is open as a notebook, its kernel idle", idle, 60)
    time.sleep(1.5)


def menu(page, *names):
    page.get_by_role("menuitem", name=names[0], exact=True).first.click()
    for name in names[1:]:
        page.locator(".lm-Menu-itemLabel", has_text=name).filter(visible=True).first.click()


server, url = serve()
try:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        problems = []
        page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)

        open_notebook(page, example.name)
        page.screenshot(path=pictures / "1-open.png")
        menu(page, "Run", "Run All Cells")
        time.sleep(1)
        wait("all cells have run", lambda: idle() and page.locator(".jp-InputPrompt", has_text="[*]").count() == 0, 300)
        time.sleep(1)
        pictures_shown = page.eval_on_selector_all(
            ".jp-OutputArea-output img, .jp-RenderedSVG > svg, .jp-RenderedSVG img",
            "all => all.map(e => [e.getBoundingClientRect().width, e.getBoundingClientRect().height]).filter(s => s[0] > 200 && s[1] > 100)")
        assert pictures_shown, "no plot is seen"
        print(f"ok    {len(pictures_shown)} plots are seen, the first of {pictures_shown[0]} pixels", flush=True)
        for i, plot in enumerate(page.query_selector_all(".jp-RenderedSVG, .jp-RenderedImage")[:6]):
            plot.scroll_into_view_if_needed()
            time.sleep(0.3)
            page.screenshot(path=pictures / f"2-plot-{i + 1}.png")
        errors = page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr'], .jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").all_inner_texts()
        assert not [e for e in errors if "traceback" in e], errors

        # Completion and inspection as typed.
        open_notebook(page, "train.lua")
        page.locator(".jp-CodeCell").nth(0).click()
        page.keyboard.press("Control+Enter")
        wait("the first cell has run", lambda: idle() and page.locator(".jp-InputPrompt", has_text="[1]").count() == 1)
        page.locator(".jp-CodeCell").nth(0).locator(".cm-content").click()
        page.keyboard.press("Control+End")
        page.keyboard.type("\nnet:for", delay=30)
        page.keyboard.press("Tab")
        page.wait_for_selector(".jp-Completer .jp-Completer-item", timeout=20_000)
        page.screenshot(path=pictures / "4-completion.png")
        print("ok    completion:", page.locator(".jp-Completer").first.inner_text().split("\n")[:3], flush=True)
        page.keyboard.press("Escape")
        for _ in range(8):
            page.keyboard.press("Backspace")
        page.keyboard.type("\nnn.Linear", delay=30)
        page.keyboard.press("Shift+Tab")
        page.wait_for_selector(".jp-Tooltip", timeout=20_000)
        time.sleep(0.5)
        page.screenshot(path=pictures / "5-inspection.png")
        page.keyboard.press("Escape")
        first = page.locator(".jp-CodeCell").nth(0).locator(".cm-content")
        first.click()
        page.keyboard.press("Control+End")
        for _ in range(10):
            page.keyboard.press("Backspace")
        assert first.inner_text().rstrip().endswith("net"), first.inner_text()

        menu(page, "Run", "Run All Cells")
        wait("progress is shown", lambda: "epoch" in page.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea").inner_text().lower(), 10)
        time.sleep(2)
        page.screenshot(path=pictures / "6-training.png")
        begin = time.time()
        menu(page, "Kernel", "Interrupt Kernel")
        last = page.locator(".jp-CodeCell").nth(2)
        wait("training was interrupted, the next cell runs", lambda: "accuracy is known:\ttrue" in last.inner_text(), 10)
        print(f"      after {time.time() - begin:.2f} s with the clicks", flush=True)
        page.screenshot(path=pictures / "7-interrupted.png")
        time.sleep(0.5)
        assert not idle()  # training gave its history back, and the endless loop runs now
        menu(page, "Kernel", "Interrupt Kernel")
        wait("the endless loop was interrupted", idle, 10)
        wait("its error is shown", lambda: "interrupted!" in page.locator(".jp-CodeCell").nth(3).inner_text(), 10)
        last.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        wait("the model lives on", lambda: idle() and "accuracy is known:\ttrue" in last.inner_text(), 20)
        page.screenshot(path=pictures / "8-after.png")
        browser.close()
        ours = [p for p in problems if "nnlua" in p.lower()]
        assert not ours, ours
finally:
    server.terminate()
    server.wait(timeout=20)
    shutil.rmtree(work)
print(f"pictures in {pictures}")
