"""What advice, verdicts and pairs owe to the verifier: a mark each, by the stage `verifier`."""

import ast
from pathlib import Path
from typing import Any, TypeGuard

import pytest

from tests.imports import imported, tree
from tests.test_house import MARKS, PLUGINS, STAGES, difference
from tests.wording import roles_of

CHOSEN = "meteor.verification.chosen"
GATE = "meteor.training.gate"


def marks_of(file: Path) -> set[str]:
    """Who, in a stage, may ask the verifier that it does not depend on: each has a mark."""
    asking = {
        role
        for role, name in PLUGINS
        if CHOSEN in imported(ast.walk(tree(Path("plugins") / role / f"{name}.py")))
    }
    calls = {node.func.attr for node in ast.walk(tree(file)) if is_call_on_stage(node)}
    part = "gate" if GATE in imported(ast.walk(tree(file))) else "pairs"
    return (asking & roles_of(file)) | ({part} if "verifier" in calls else set())


def is_call_on_stage(node: ast.AST) -> TypeGuard[Any]:
    """`stage.something(…)`."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "stage"
    )


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_tracks_what_it_or_its_plugins_owe_to_the_verifier(stage: str) -> None:
    needed = {f"{MARKS}{name}.json" for name in marks_of(Path("stages") / f"{stage}.py")}
    listed = {dep for dep in STAGES[stage]["deps"] if dep.startswith(MARKS)}
    assert not (wrong := difference(stage, "deps", listed, needed)), wrong


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_loads_the_verifier_tracks_what_it_reads(stage: str) -> None:
    loads = "verifier" in roles_of(Path("stages") / f"{stage}.py")
    assert ("${verifier.path}" in STAGES[stage]["deps"]) is loads
