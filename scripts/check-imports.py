"""Compares each target's imports with its declared dependencies (`swift package dump-package` on standard input)."""
import json
import pathlib
import re
import sys

# `import X`, with an access level or attribute before it; `import struct X.Y` too.
pattern = re.compile(r"^\s*(?:@\w+\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|func|protocol|var|let|typealias)\s+)?(\w+)", re.M)
literal = re.compile(r'"""\n.*?\n\s*"""', re.S)  # a text over several lines may be a program of another language
system = {"Glibc", "Musl", "Darwin", "Dispatch", "Synchronization", "Foundation", "FoundationEssentials", "FoundationNetworking", "Testing", "PackageDescription", "Swift"}
failed = False
for target in json.load(sys.stdin)["targets"]:
    declared = set()
    for dependency in target["dependencies"]:
        declared.add(next(iter(dependency.values()))[0])
    folder = pathlib.Path(target.get("path") or ("Tests" if target["type"] == "test" else "Sources")) / target["name"]
    used = {}
    # The AVX modules' sources are a symbolic link, which rglob does not follow.
    for file in [f for d in [folder, *(p for p in folder.glob("*") if p.is_symlink())] for f in d.rglob("*.swift")]:
        if any(file.is_relative_to(folder / name) for name in target.get("exclude", [])):
            continue
        for module in pattern.findall(literal.sub('""', file.read_text())):
            used.setdefault(module, file)
    for module, file in sorted(used.items()):
        if module not in declared | system | {target["name"]}:
            print(f"{file}: imports {module}, which target {target['name']} does not declare in Package.swift", file=sys.stderr)
            failed = True
sys.exit(failed)
