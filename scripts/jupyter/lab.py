"""JupyterLab in headless Chromium: an example's .lua opened as a notebook through Jupytext, Run All, plots, an interrupt; then an HTML report,
light, dark and as wide as a phone. Pictures go to the folder that is the first argument, to be looked at."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from playwright.sync_api import sync_playwright

root = pathlib.Path(__file__).resolve().parents[2]
pictures = pathlib.Path(sys.argv[1])
pictures.mkdir(parents=True, exist_ok=True)
failures = 0


def that(name, condition):
    global failures
    failures += not condition
    print(f"{'ok   ' if condition else 'WRONG'} {name}", flush=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start_lab(folder):
    """The server's process and address, once it answers."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"]
    command += ["--expose-app-in-browser", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", "--ServerApp.allow_root=True"]
    settings = pathlib.Path(os.environ["JUPYTER_CONFIG_DIR"]) / "lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    log = open(pictures / "jupyterlab.log", "w")
    server = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "NNLUA_QUICK": "1"})
    for _ in range(300):
        try:
            urllib.request.urlopen(address + "/api/status", timeout=1)
            return server, address
        except OSError:
            time.sleep(0.1)
    server.terminate()
    sys.exit(f"JupyterLab does not start: {pictures / 'jupyterlab.log'}")


def wait_idle(page):
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]", timeout=60_000, state="attached")


def wait_all_run(page, timeout=120):
    """Until no cell shows [*]."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        time.sleep(0.5)
        prompts = page.eval_on_selector_all(".jp-InputArea-prompt", "all => all.map(e => e.textContent)")
        if not any("*" in prompt for prompt in prompts) and any("1" in prompt for prompt in prompts):
            return True
    return False


def menu(page, *labels):
    page.click(f".lm-MenuBar-itemLabel:text-is('{labels[0]}')")
    for label in labels[1:]:
        page.click(f".lm-Menu-itemLabel:text-is('{label}')")


def type_cell(page, code):
    """A new cell at the end, run."""
    page.keyboard.press("Escape")
    page.click(".jp-Notebook-footer")
    page.keyboard.press("Enter")
    page.keyboard.type(code)
    page.keyboard.press("Control+Enter")


def open_notebook(page, address, path):
    page.goto(f"{address}/lab?reset", timeout=60_000)
    page.wait_for_selector("#jp-main-dock-panel .jp-Launcher", timeout=60_000)
    page.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', {path, factory: 'Jupytext Notebook'}) }", path)
    try:
        page.wait_for_selector(".jp-Notebook", timeout=20_000)
    except Exception:
        page.screenshot(path=pictures / "lab-not-opened.png")
        raise
    page.wait_for_timeout(500)
    # A new workspace may ask which kernel.
    for button in page.query_selector_all(".jp-Dialog button.jp-mod-accept"):
        button.click()
    wait_idle(page)
    page.wait_for_timeout(1500)


def try_lab(browser):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "examples"
        shutil.copytree(root / "examples", folder)
        server, address = start_lab(folder)
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 1000})
            for example in ("ch04/saddle.lua", "quickstart.lua"):
                open_notebook(page, address, example)
                stem = pathlib.Path(example).stem
                menu(page, "Run", "Run All Cells")
                that(f"{example}: all cells have run", wait_all_run(page))
                page.wait_for_timeout(500)
                errors = page.query_selector_all(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']")
                that(f"{example}: no errors shown", not errors)
                drawn = page.query_selector_all(".jp-OutputArea-output svg, .jp-OutputArea-output img")
                sizes = [d.bounding_box() for d in drawn]
                that(f"{example}: plots appear ({len(drawn)})", any(box and box["width"] > 200 and box["height"] > 100 for box in sizes))
                area = page.query_selector(".jp-OutputArea-output").bounding_box()
                that(f"{example}: plots are not cut off", all(box["x"] + box["width"] <= area["x"] + area["width"] + 1 for box in sizes if box))
                for n, box in enumerate(drawn[:2]):
                    box.scroll_into_view_if_needed()
                    page.screenshot(path=pictures / f"lab-{stem}-{n + 1}.png")
                if stem == "quickstart":
                    type_cell(page, "local kept = 7 while true do end")
                    page.wait_for_timeout(1500)
                    page.screenshot(path=pictures / "lab-endless.png")
                    begin = time.monotonic()
                    menu(page, "Kernel", "Interrupt Kernel")
                    wait_idle(page)
                    that(f"interrupt of an endless cell ({time.monotonic() - begin:.1f} s)", time.monotonic() - begin < 3)
                    page.wait_for_timeout(500)
                    type_cell(page, "print('still here', net)")
                    page.wait_for_timeout(1500)
                    outputs = page.eval_on_selector_all(".jp-OutputArea-output", "all => all.map(e => e.textContent)")
                    that("the model outlives it", any("still here" in o and "Conv2d" in o for o in outputs))
                    for code in ("net", "T.rand(3, 4)", "{a = 1, b = {1, 2, 3}, plot.line{1, 4, 9}}"):
                        type_cell(page, code)
                        page.wait_for_timeout(1000)
                    for n, text in enumerate(("while true", "net", "{a = 1")):
                        page.locator(".jp-CodeCell").filter(has_text=text).last.scroll_into_view_if_needed()
                        page.screenshot(path=pictures / f"lab-interrupted-{n + 1}.png")
            page.close()
        finally:
            server.terminate()
            server.wait(10)


def try_report(browser):
    path = pictures / "report.html"
    begin = time.monotonic()
    example, quick = root / "examples/ch07/train_convnet.lua", {**os.environ, "NNLUA_QUICK": "1"}
    result = subprocess.run([os.environ["NNLUA"], "run", example, "--report", path], env=quick, capture_output=True, text=True)
    seconds = time.monotonic() - begin
    that(f"report of the quick convolutional network: {seconds:.1f} s (at most 15)", result.returncode == 0 and seconds < 15)
    plots = pictures / "report-plots.html"
    subprocess.run([os.environ["NNLUA"], "run", root / "examples/ch04/saddle.lua", "--report", plots], env=quick, capture_output=True)
    requests = []
    for source in (path, plots):
        for name, scheme, width in (("light", "light", 1200), ("dark", "dark", 1200), ("phone", "light", 390), ("phone-dark", "dark", 390)):
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 844}, device_scale_factor=1)
            page = context.new_page()
            page.on("request", lambda r: requests.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
            page.goto(source.as_uri())
            page.screenshot(path=pictures / f"{source.stem}-{name}.png", full_page=True)
            overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            that(f"{source.stem}, {name}: nothing wider than the page", overflow <= 0)
            context.close()
    that("the reports ask for nothing from outside", requests == [])


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(executable_path=os.environ.get("CHROMIUM", "/usr/bin/chromium"), args=["--no-sandbox"])
    if "--report" not in sys.argv:
        try_lab(browser)
    try_report(browser)
    browser.close()
print(f"pictures to look at: {pictures}")
sys.exit(failures > 0)
