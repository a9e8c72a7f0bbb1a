"""Every example as a notebook, run cell by cell by nbclient, in its quick form. Arguments: examples to run instead of all."""
import pathlib
import subprocess
import sys
import os
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

root = pathlib.Path(__file__).resolve().parents[2]
given = [pathlib.Path(p).resolve() for p in sys.argv[1:]]
examples = given or sorted(p for p in (root / "examples").rglob("*.lua") if p.name != "check.lua" and "plugins" not in p.parts and "tools" not in p.parts)
failed = []
for path in examples:
    begin = time.perf_counter()
    text = subprocess.run([os.environ["NNLUA"], "notebook", "convert", str(path), "-"], capture_output=True, text=True, check=True).stdout
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    notebook.metadata["kernelspec"] = {"name": "nnlua", "display_name": "nnlua", "language": "lua"}
    # What the command line says to a script, a first cell says to a notebook.
    first = nbformat.v4.new_code_cell(f"arg = {{[0] = [[{path}]], '--quick'}}")
    notebook.cells.insert(0, first)
    client = NotebookClient(notebook, timeout=600, kernel_name="nnlua", resources={"metadata": {"path": str(path.parent)}})
    name = path.relative_to(root) if path.is_relative_to(root) else path
    try:
        client.execute()
        nbformat.validate(notebook)
        outputs = [o for c in notebook.cells if c.cell_type == "code" for o in c.outputs]
        shown = sum(o.output_type == "display_data" for o in outputs)
        passed = sum(o.text.count("ok    ") for o in outputs if o.output_type == "stream")
        print(f"ok    {name}: {passed} checks, {shown} displays, {time.perf_counter() - begin:.1f} s", flush=True)
    except CellExecutionError as error:
        failed.append(name)
        print(f"WRONG {name}: {str(error)[-1500:]}", flush=True)
print(f"{len(examples) - len(failed)} of {len(examples)} examples")
sys.exit(bool(failed))
