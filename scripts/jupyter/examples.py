"""One meaning: every example run plainly, by `nnlua run` and as a notebook by nbclient, in its quick form, gives the same text.

Times, rates, profiles, paths and the names of figures' files are masked. Plugins' examples need a compiled plugin and tools need arguments: they are not notebooks."""

import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

root = pathlib.Path(__file__).resolve().parents[2]


def notebooks(arguments):
    paths = [pathlib.Path(a) for a in arguments] or sorted((root / "examples").rglob("*.lua"))
    return [p for p in paths if re.search(r"^-- %%", p.read_text(), re.MULTILINE)]


def masked(text):
    text = "".join(line for line in text.splitlines(True) if not line.startswith("figure: "))
    text = re.sub(r"^profile of .*?(?=^ok |\Z)", "PROFILE\n", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(?:(?:/[\w.~-]+){2,}|\bIn\[\d+\]):\d+:", "PLACE:", text)
    text = re.sub(r"(?:/[\w.~-]+){2,}", "PATH", text)
    number = r"-?\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?"
    units = "ms|µs|us|s|seconds?|minutes?|hours|images/s|samples/s|GFLOP/s|MB/s|GB/s|times as fast|times as long|times as many|times faster|pictures a second"
    text = re.sub(rf" *{number} ?({units})(?![\w/])", r" TIME \1", text)
    text = re.sub(rf"(faster by|as fast|against loops): {number}", r"\1: TIME", text)
    return re.sub(rf"(TIME \w+) +{number} %", r"\1 TIME %", text)


def environment(folder):
    return {**os.environ, "NNLUA_QUICK": "1"}


def plain(path, folder, *command):
    result = subprocess.run(
        [os.environ["NNLUA"], *command, path], cwd=folder, env=environment(folder), capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=900
    )
    return result.stdout, result.returncode and f"exit status {result.returncode}: {result.stderr[-2000:]}"


def notebook(path, folder):
    """The text on standard output and the number of pictures of the example as a notebook beside the other examples."""
    import nbclient
    import nbformat
    from nbclient.exceptions import CellExecutionError

    file = folder / "notebook.ipynb"
    subprocess.run([os.environ["NNLUA"], "notebook", "convert", path, file], check=True)
    document = nbformat.read(file, as_version=4)
    client = nbclient.NotebookClient(document, kernel_name="nnlua", timeout=900, resources={"metadata": {"path": str(path.parent)}})
    failure = None
    try:
        client.execute(env=environment(folder))
    except CellExecutionError as error:
        failure = str(error)[-2000:]
    except Exception as error:  # the kernel died, or never came
        failure = f"{type(error).__name__}: {error}"
    outputs = [output for cell in document.cells for output in cell.get("outputs", [])]
    text = "".join(output.text for output in outputs if output.output_type == "stream" and output.name == "stdout")
    return text, failure, sum("image/png" in output.get("data", {}) or "image/svg+xml" in output.get("data", {}) for output in outputs)


def compare(path):
    """What is wrong with an example, and how long it took in its three forms."""
    path = path.resolve()
    wrong, begin = [], time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        first, failure = plain(path, folder)
        if failure:
            wrong.append(f"plain: {failure}")
        cells, failure = plain(path, folder, "run")
        if failure:
            wrong.append(f"nnlua run: {failure}")
        book, failure, pictures = notebook(path, folder)
        if failure:
            wrong.append(f"notebook: {failure}")
    figures = first.count("figure: ")
    if pictures < figures:
        wrong.append(f"notebook: {pictures} pictures, the plain run has {figures}")
    for way, text in (("nnlua run", cells), ("notebook", book)):
        if masked(text) != masked(first):
            difference = difflib.unified_diff(masked(first).splitlines(), masked(text).splitlines(), "plain", way, lineterm="", n=1)
            wrong.append("\n".join(list(difference)[:40]))
    return wrong, time.monotonic() - begin


def exported():
    """`jupyter nbconvert --execute` makes a page with the plots in it."""
    with tempfile.TemporaryDirectory() as name:
        file = pathlib.Path(name) / "quickstart.ipynb"
        subprocess.run([os.environ["NNLUA"], "notebook", "convert", root / "examples/quickstart.lua", file], check=True)
        result = subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", "--execute", file], capture_output=True, text=True, timeout=300)
        page = file.with_suffix(".html")
        return result.returncode == 0 and ("gnuplot_canvas" in page.read_text() or "data:image/svg+xml" in page.read_text()) or result.stderr[-2000:] or "no plot in the page"


if __name__ == "__main__":
    paths, failures = notebooks(sys.argv[1:]), 0
    # Two at a time: each uses several threads itself.
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for path, (wrong, seconds) in zip(paths, pool.map(compare, paths)):
            failures += bool(wrong)
            print(f"{'WRONG' if wrong else 'ok   '} {os.path.relpath(path, root)} ({seconds:.1f} s)", flush=True)
            for text in wrong:
                print("    " + text.replace("\n", "\n    "), flush=True)
    page = exported()
    if page is not True:
        failures += 1
        print(f"WRONG nbconvert: {page}")
    print(f"examples: {len(paths)} in three forms, one as a page by nbconvert; {failures} differ or fail")
    sys.exit(failures > 0)
