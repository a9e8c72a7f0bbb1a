"""Notebook formats: every example there and back, byte by byte, through Jupytext, through `nnlua notebook convert`, and through both; a report as
a notebook that nbformat accepts. Without arguments: all examples that have cells."""

import os
import pathlib
import subprocess
import sys
import tempfile

import jupytext
import nbformat

from examples import notebooks

nnlua = os.environ["NNLUA"]


def convert(a, b):
    subprocess.run([nnlua, "notebook", "convert", a, b], check=True, stdin=subprocess.DEVNULL)


def round_trips(path, folder):
    """What comes back different, by the ways it went."""
    text = path.read_text()
    ours, back = folder / "ours.ipynb", folder / "back.lua"
    convert(path, ours)
    notebook = nbformat.read(ours, as_version=4)
    nbformat.validate(notebook)
    convert(ours, back)
    theirs = folder / "theirs.ipynb"
    nbformat.write(jupytext.read(path, fmt="lua:percent"), theirs)
    again = folder / "again.lua"
    convert(theirs, again)
    ways = {
        "nnlua, nnlua": back.read_text(),
        "nnlua, jupytext": jupytext.writes(notebook, fmt="lua:percent"),
        "jupytext, nnlua": again.read_text(),
    }
    wrong = [way for way, result in ways.items() if result != text]
    # Both make the same cells of it.
    if [(c.cell_type, c.source) for c in notebook.cells] != [(c.cell_type, c.source) for c in nbformat.read(theirs, as_version=4).cells]:
        wrong.append("nnlua and jupytext see different cells")
    return wrong


def jupytext_test(paths):
    test = subprocess.run([sys.executable, "-m", "jupytext", "--test", "--to", "ipynb", *paths], capture_output=True, text=True)
    return [] if test.returncode == 0 else ["jupytext --test\n" + test.stdout + test.stderr]


def report(folder):
    path = folder / "report.ipynb"
    subprocess.run([nnlua, "run", "examples/quickstart.lua", "--report", path], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    types = {type for cell in notebook.cells for output in cell.get("outputs", []) for type in output.get("data", {})}
    return [] if "image/png" in types or "image/svg+xml" in types else [f"the report's notebook has no picture: {sorted(types)}"]


if __name__ == "__main__":
    failures = 0
    paths = notebooks(sys.argv[1:])
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for path in paths:
            for wrong in round_trips(path, folder):
                failures += 1
                hint = "" if path.read_text().isascii() or "coding: utf-8" in path.read_text() else " (it needs the line `-- -*- coding: utf-8 -*-`)"
                print(f"WRONG {path}{hint}: {wrong}")
        for wrong in jupytext_test(paths) + report(folder):
            failures += 1
            print(f"WRONG {wrong}")
    print(f"formats: {len(paths)} notebooks there and back, {failures} differences")
    sys.exit(failures > 0)
