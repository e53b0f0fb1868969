"""How likely weights find texts is weighed once, whichever stage asks for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Example, Likelihood
from meteor.core.roles import load_plugin
from meteor.core.settings import Settings
from meteor.running.asking import ask
from meteor.running.resumed_rows import resuming
from tests.running.test_resumed_rows import PROMPTS, Manner, weighted

EXAMPLES = [Example(id=prompt.id, prompt=prompt, answer="A thing.") for prompt in PROMPTS]


class Weighing:
    """A student that finds every text as unlikely as it is told to be."""

    def __init__(self) -> None:
        self.breaks_at, self.weighed = "", ""

    @hookimpl
    def plugin_params(self) -> type[Settings]:
        return Manner

    @hookimpl
    def student_generate(self) -> Iterator[Completion]:
        return iter(())

    @hookimpl
    def student_score(self, examples: list[Example], done: frozenset[str]) -> Iterator[Likelihood]:
        for example in examples:
            if example.id == self.breaks_at:
                raise ValueError("the power is out")
            if example.id not in done:
                self.weighed += example.id
                yield Likelihood(id=example.id, nll=2.0, tokens=1)


def test_likelihoods_are_kept_from_one_stage_to_another(tmp_path: Path) -> None:
    """The same weights under another name, with a card; a try that broke is gone on with."""
    student = Weighing()
    student.breaks_at = "c"
    trained = weighted(tmp_path, "some weights")
    with pytest.raises(MeteorError, match="the power is out"):
        weigh("iterate", student, trained)
    student.breaks_at = ""
    assert weigh("iterate", student, trained) == 6
    (trained / "README.md").write_text("A card.")
    (trained / "questions.json").write_text("{}")
    kept = trained.rename(tmp_path / "r1")
    assert weigh("general", student, kept) == 6
    assert student.weighed == "abcdef"


@pytest.mark.parametrize("other", ["weights", "tone", "texts", "tokenizer"])
def test_other_likelihoods_are_weighed_anew(tmp_path: Path, other: str) -> None:
    student, checkpoint = Weighing(), weighted(tmp_path, "some weights")
    weigh("general", student, checkpoint)
    if other in ("weights", "tokenizer"):
        name = {"weights": "model.safetensors", "tokenizer": "tokenizer.json"}[other]
        (checkpoint / name).write_text("others")
    settings = {"tone": "warm"} if other == "tone" else {}
    texts = EXAMPLES[:5] if other == "texts" else EXAMPLES
    weigh("general", student, checkpoint, texts, settings)
    assert len(student.weighed) == 6 + len(texts)


def test_what_an_installed_plugin_weighs_is_not_kept(tmp_path: Path) -> None:
    """Nothing here says whether it is still the same."""
    student, checkpoint = Weighing(), weighted(tmp_path, "some weights")
    for _ in range(2):
        weigh("general", student, checkpoint, name="installed")
    assert student.weighed == "abcdef" * 2


def weigh(
    stage: str,
    student: Weighing,
    checkpoint: Path,
    examples: list[Example] = EXAMPLES,
    settings: dict[str, Any] | None = None,
    name: str = "mine",
) -> int:
    """How many texts were weighed within a stage, by a plugin of the file `name`."""
    plugin = load_plugin("student", name, student, settings or {})
    arguments: dict[str, Any] = {"examples": examples, "checkpoint": checkpoint}
    with resuming(stage, ""):
        return len(list(ask(plugin, "student_score", examples, Likelihood, **arguments)))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with one student plugin."""
    (tmp_path / "plugins/student").mkdir(parents=True)
    (tmp_path / "plugins/student/mine.py").touch()
    monkeypatch.chdir(tmp_path)
