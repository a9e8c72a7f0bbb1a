"""Every example there and back by `jupytext --test`, and nnlua's notebooks against jupytext's."""
import os
import pathlib
import subprocess
import sys

import jupytext

root = pathlib.Path(__file__).resolve().parents[2]
examples = sorted(p for p in (root / "examples").rglob("*.lua"))
done = subprocess.run([sys.executable, "-m", "jupytext", "--test", "--to", "ipynb", *map(str, examples)], capture_output=True, text=True)
print(done.stderr[-3000:] if done.returncode else f"ok    {len(examples)} examples by jupytext --test --to ipynb")
failed = done.returncode != 0
for path in examples:
    ours = jupytext.reads(subprocess.run([os.environ["NNLUA"], "notebook", "convert", str(path), "-"], capture_output=True, text=True, check=True).stdout, fmt="ipynb")
    theirs = jupytext.read(path)
    a, b = ([(c.cell_type, c.source) for c in n.cells] for n in (ours, theirs))
    if a != b:
        failed = True
        print(f"WRONG {path.relative_to(root)}: nnlua's cells are not jupytext's")
sys.exit(failed)
