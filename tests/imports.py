"""Who imports whom in this house, read from the code without running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

UNTRACKED = {"transport", "running", "compute"}
"""Rooms that carry results and do not shape them: docs/decisions/what-is-a-dependency.md."""
MODULES = sorted(
    file.relative_to(ROOT)
    for room in ("meteor", "stages", "plugins")
    for file in (ROOT / room).rglob("*.py")
)


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse((ROOT / file).read_text())


@cache
def faced() -> dict[str, str]:
    """The names in meteor/plugin.py, and the modules that they come from."""
    nodes = ast.walk(tree(Path("meteor/plugin.py")))
    known = (node for node in nodes if isinstance(node, ast.ImportFrom) and node.module)
    return {alias.name: str(node.module) for node in known for alias in node.names}


def imported(nodes: Iterator[ast.AST]) -> set[str]:
    """The dotted names of all modules that import statements may mean. A name out of meteor.plugin
    stands for the module that it comes from.
    """
    names: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "an import names its module in full"
            if node.module == "meteor.plugin":
                names |= {faced()[alias.name] for alias in node.names}
                continue
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def of_meteor(file: Path) -> set[str]:
    """The modules of meteor that a module imports, at any depth; a room is one thing, whole, with
    the folders in it, and the search ends at rooms that are not tracked.
    """
    found: set[Path] = set()
    waiting = [file]
    while waiting:
        for name in imported(ast.walk(tree(waiting.pop()))):
            module = Path(*name.split(".")).with_suffix(".py")
            if module.parts[0] != "meteor" or module not in MODULES:
                continue
            if module.parts[1] in UNTRACKED:
                continue
            package = module.parent
            together = [m for m in MODULES if m.parent == package] if len(package.parts) > 1 else []
            new = {module, *together} - found
            found |= new
            waiting += new
    return {str(Path(*module.parts[:2])) for module in found}
