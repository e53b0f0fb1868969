"""A stage that did not end well asks only for the rows that it has not got yet."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Failed, Prompt, Question
from meteor.core.roles import Plugin, load_plugin
from meteor.core.settings import Decoding, Field, Settings
from meteor.running.asking import ask
from meteor.running.resumed_rows import resuming

QUESTIONS = [Question(id=name, title=f"What is {name}?") for name in "abcdef"]
PROMPTS = [
    Prompt.model_validate({"id": q.id, "messages": [{"role": "user", "content": q.title}]})
    for q in QUESTIONS
]


class Manner(Settings):
    """How it answers."""

    tone: str = Field("plain", description="another tone gives other answers")


class Ledgered(Manner):
    """Keeps its own replies."""

    keeps_replies = True


class Teacher:
    """Answers until it breaks; `asked` holds what it was asked about, call by call."""

    settings: type[Settings] = Manner

    def __init__(self) -> None:
        self.breaks_at, self.fails = "", ""
        self.asked: list[str] = []

    @hookimpl
    def plugin_params(self) -> type[Settings]:
        return self.settings

    @hookimpl
    def teacher_answer(self, questions: list[Question], params: Manner) -> Iterator[Any]:
        self.asked.append("".join(question.id for question in questions))
        for question in questions:
            if question.id == self.breaks_at:
                raise ValueError("the power is out")
            if question.id == self.fails:
                yield Failed(id=question.id, error="no idea")
            else:
                yield answer(question.id, params.tone)


class Batching:
    """A student that writes two answers at a time, each of which depends on the other prompt."""

    def __init__(self) -> None:
        self.breaks_at, self.written = "", ""

    @hookimpl
    def plugin_params(self) -> type[Settings]:
        return Manner

    @hookimpl
    def student_generate(self, prompts: list[Prompt], done: frozenset[str]) -> Iterator[Completion]:
        for first in range(0, len(prompts), 2):
            batch = [prompt.id for prompt in prompts[first : first + 2]]
            if set(batch) <= done:
                continue
            self.written += "".join(batch)
            for name in batch:
                if name == self.breaks_at:
                    raise ValueError("the power is out")
                yield answer(name, " beside ".join(batch))


def answer(name: str, text: str) -> Completion:
    return Completion(
        id=name, text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1
    )


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def teach(teacher: Teacher, tone: str = "plain", seed: int = 7) -> list[str]:
    """Ask within a stage, and say who was answered."""
    plugin = load_plugin("teacher", "mine", teacher, {"tone": tone})
    with resuming("distill", ""):
        rows = ask(
            plugin,
            "teacher_answer",
            QUESTIONS,
            Completion,
            prompts=PROMPTS,
            questions=QUESTIONS,
            seed=seed,
        )
        return [row.id for row, result in rows if not isinstance(result, Failed)]


def broken(teacher: Teacher, at: str) -> Teacher:
    """A teacher that broke, and is whole again."""
    teacher.breaks_at = at
    with pytest.raises(MeteorError, match="the power is out"):
        teach(teacher)
    teacher.breaks_at = ""
    return teacher


def test_what_was_finished_is_not_asked_again() -> None:
    teacher = broken(broken(Teacher(), at="c"), at="e")
    assert teach(teacher) == list("abcdef")
    assert teacher.asked == ["abcdef", "cdef", "ef"]


def test_all_may_be_finished() -> None:
    teacher = broken(Teacher(), at="f")
    with pytest.raises(KeyboardInterrupt), resuming("distill", ""):
        plugin = load_plugin("teacher", "mine", teacher, {})
        arguments: dict[str, Any] = {"prompts": PROMPTS, "questions": QUESTIONS, "seed": 7}
        list(ask(plugin, "teacher_answer", QUESTIONS, Completion, **arguments))
        raise KeyboardInterrupt
    assert teach(teacher) == list("abcdef")
    assert teacher.asked == ["abcdef", "f"]


def test_what_failed_is_asked_again() -> None:
    teacher = Teacher()
    teacher.fails = "b"
    broken(teacher, at="e").fails = ""
    assert teach(teacher) == list("abcdef")
    assert teacher.asked[-1] == "bef"


@pytest.mark.parametrize("change", [{"tone": "warm"}, {"seed": 8}])
def test_other_settings_ask_anew(change: dict[str, Any]) -> None:
    teacher = broken(Teacher(), at="c")
    teach(teacher, **change)
    assert teacher.asked == ["abcdef", "abcdef"]


def test_a_stage_that_ended_well_leaves_nothing(tmp_path: Path) -> None:
    teacher = broken(Teacher(), at="c")
    assert len(list(tmp_path.glob(".meteor/rows/distill/*"))) == 1
    teach(teacher)
    assert not list(tmp_path.glob(".meteor/rows/*"))
    teach(teacher)
    assert teacher.asked[-1] == "abcdef"


def test_a_line_that_a_kill_cut_off_is_asked_again(tmp_path: Path) -> None:
    teacher = broken(Teacher(), at="d")
    (file,) = tmp_path.glob(".meteor/rows/distill/*")
    file.write_bytes(file.read_bytes()[:-9])
    broken(teacher, at="d")
    assert teach(teacher) == list("abcdef")
    assert teacher.asked == ["abcdef", "cdef", "def"]


def test_who_keeps_replies_is_asked_about_all_rows(tmp_path: Path) -> None:
    teacher = Teacher()
    teacher.settings = Ledgered
    teach(broken(teacher, at="c"))
    assert teacher.asked == ["abcdef", "abcdef"]


def test_batches_stay_what_they_were(tmp_path: Path) -> None:
    """Where an answer depends on what stands beside it, a run that was killed writes the same."""
    checkpoint = weighted(tmp_path, "some weights")
    student = Batching()
    plugin = load_plugin("student", "mine", student, {})
    undisturbed = write(plugin, checkpoint)
    for at, written in (("d", "abcd"), ("f", "cdef"), ("", "ef")):
        student.breaks_at, student.written = at, ""
        if at:
            with pytest.raises(MeteorError, match="the power is out"):
                write(plugin, checkpoint)
        else:
            assert write(plugin, checkpoint) == undisturbed
        assert student.written == written


def test_other_weights_ask_anew(tmp_path: Path) -> None:
    student = Batching()
    plugin = load_plugin("student", "mine", student, {})
    for weights in ("some weights", "others"):
        checkpoint = weighted(tmp_path, weights)
        student.breaks_at, student.written = "f", ""
        with pytest.raises(MeteorError, match="the power is out"):
            write(plugin, checkpoint)
        assert student.written == "abcdef"


def weighted(folder: Path, weights: str) -> Path:
    """A checkpoint with these weights."""
    (folder / "models").mkdir(exist_ok=True)
    (folder / "models/model.safetensors").write_text(weights)
    return folder / "models"


def write(plugin: Plugin, checkpoint: Path) -> list[str]:
    """The texts of all answers, asked for within a stage."""
    with resuming("guideline", ""):
        rows = ask(
            plugin,
            "student_generate",
            PROMPTS,
            Completion,
            prompts=PROMPTS,
            checkpoint=checkpoint,
            decoding=Decoding(),
            seed=7,
        )
        return [result.text for _, result in rows if isinstance(result, Completion)]
