"""Which prompts a stage sends, read from its code without running it."""

import ast
from pathlib import Path

from meteor.prompts.kinds import KINDS
from tests.imports import MODULES, tree

WORDED = {"example": {"answer"}, "Exampling": set(), "revision": {"answer", "revision"}}
"""The kinds behind a function of `wording` that has not the name of its one kind."""


def roles_of(file: Path) -> set[str]:
    """The roles that a stage loads: `stage.load("…")`."""
    return {
        str(node.args[0].value)
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "load"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "stage"
        and isinstance(node.args[0], ast.Constant)
    }


def words_of(role: str) -> bool:
    """Whether plugins of a role word prompts by the user's templates: a hook takes `domain`."""
    files = [file for file in MODULES if file.parts[:2] == ("plugins", role)]
    arguments = (node for file in files for node in ast.walk(tree(file)))
    return any(isinstance(node, ast.arg) and node.arg == "domain" for node in arguments)


def templates_of(file: Path) -> set[str]:
    """The kinds of prompts that a stage sends: those that it words, and those of its judge and
    advisor.
    """
    named = {
        node.attr
        for node in ast.walk(tree(file))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "wording"
    }
    kinds = {kind for name in named for kind in WORDED.get(name, {name})} & set(KINDS)
    roles, names = (
        roles_of(file),
        {node.id for node in ast.walk(tree(file)) if isinstance(node, ast.Name)},
    )
    asked = {node.attr for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute)}
    asked |= {str(node.value) for node in ast.walk(tree(file)) if isinstance(node, ast.Constant)}
    if "advisor" in roles:
        kinds.add("advice")
    if "judge" in roles and asked & {"score", "judge_score"}:
        kinds.add("judge-score")
    if "judge" in roles and "prefer" in names:
        kinds.add("judge-preference")
    return kinds
