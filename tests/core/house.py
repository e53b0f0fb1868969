"""A project's folder with plugins of a test's own, and how they are asked."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import yaml

from meteor.core.params import Params
from meteor.core.records import Completion, Failed, Question
from meteor.core.roles import Plugin, load_role
from tests.conftest import ROOT

HEAD = """
from meteor.plugin import *

class Fake(Settings):
    model: str = "small"

@hookimpl
def plugin_params():
    return Fake

def done(id, text="an answer"):
    return Completion(id=id, text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=2)
"""
SHIPPED: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
QUESTIONS = [Question(id=name, title=f"What is {name}?") for name in ("a", "b", "c")]
ARGUMENTS: dict[str, Any] = {"prompts": [], "questions": QUESTIONS, "seed": 7}


class House:
    """A project's folder with the plugins that a test writes, and nothing else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "plugins").mkdir()
        (folder / "plugins/__init__.py").touch()

    def write(self, role: str, name: str, source: str) -> None:
        """Write a plugin's file."""
        (self.folder / "plugins" / role).mkdir(exist_ok=True)
        (self.folder / "plugins" / role / f"{name}.py").write_text(source)
        importlib.invalidate_caches()

    def teacher(
        self, body: str, arguments: str = "questions", hook: str = "teacher_answer"
    ) -> None:
        """Write the teacher `fake` with the body of its hook."""
        function = f"@hookimpl\ndef {hook}({arguments}):\n{indent(dedent(body), '    ')}\n"
        self.write("teacher", "fake", HEAD + function)

    def load(self, role: str = "teacher", name: str = "fake", **settings: Any) -> Plugin:
        """Load a plugin with these settings."""
        return load_role(
            role, Params.model_validate({**SHIPPED, role: {"plugin": name, name: settings}})
        )

    def ask(self) -> list[Completion | Failed]:
        """Ask the teacher `fake` about a, b and c."""
        return [result for _, result in self.iterate()]

    def iterate(self) -> Iterator[tuple[Question, Completion | Failed]]:
        """Ask the teacher `fake` about a, b and c, one after the other."""
        return self.load().rows("teacher_answer", QUESTIONS, Completion, **ARGUMENTS)
