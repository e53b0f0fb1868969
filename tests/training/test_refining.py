"""Several drafts of a question, and what accepted answers teach."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from meteor.core.domain import Domain
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Advice, Completion, Draft, Question, Refinement
from meteor.core.roles import load_plugin
from meteor.core.sections import Iterate
from meteor.core.settings import Decoding, Schedule
from meteor.prompts import wording
from meteor.running.tally import Tally
from meteor.training.refining import Refining, Words, lessons

QUESTIONS = [Question(id=name, title=f"What is {name}?") for name in "abcd"]


class Student:
    """Writes its seed, and whether it was asked to revise."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    @hookimpl
    def student_generate(
        self, prompts: Sequence[object], decoding: Decoding, seed: int
    ) -> Iterator[Completion]:
        self.asked.append((decoding.strategy, "".join(p.id for p in prompts)))  # type: ignore[attr-defined]
        for prompt in prompts:
            revised = len(prompt.messages) > 1  # type: ignore[attr-defined]
            text = f"{seed}{' revised' if revised else ''}"
            name = prompt.id  # type: ignore[attr-defined]
            yield Completion(
                id=name, text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1
            )


WORDS = Words(wording.answer(Domain()), wording.revision(Domain()))
RIGHT = {"a": "7", "b": "9", "c": "7 revised"}


class Advisor:
    """Accepts one text a question."""

    @hookimpl
    def advisor_advise(self, drafts: Sequence[Draft]) -> Iterator[Advice]:
        for draft in drafts:
            right = draft.text == RIGHT.get(draft.id)
            yield Advice(id=draft.id, correct=right, advice="" if right else f"not {draft.text}")


def refine(drafts: int, iterations: int) -> tuple[dict[str, Refinement], Student]:
    settings = Iterate(
        questions=None,
        max_iterations=iterations,
        finetune_interval=None,
        in_flight=4,
        drafts=drafts,
        decoding=Decoding(strategy="greedy"),
        schedule=Schedule(epochs=1, learning_rate=1e-5),
    )
    student = Student()
    pupil = load_plugin("student", "mine", student, {})
    advisor = load_plugin("advisor", "mine", Advisor(), {})
    count = Tally("iterate", 0.0, len(QUESTIONS))
    refining = Refining(QUESTIONS, pupil, advisor, settings, WORDS, 7, count)
    return {row.id: row for row in refining.run(Path("somewhere"), 0)}, student


def test_the_first_right_draft_is_accepted_and_the_others_are_kept() -> None:
    rows, student = refine(drafts=4, iterations=2)
    assert student.asked == [
        ("greedy", "abcd"),
        ("sample", "bcd"),
        ("sample", "bcd"),
        ("sample", "cd"),
        ("greedy", "cd"),
    ]
    assert {name for name, row in rows.items() if row.accepted} == {"a", "b", "c"}
    texts = {name: [attempt.text for attempt in row.attempts] for name, row in rows.items()}
    assert texts["b"] == ["7", "8", "9"]
    assert texts["c"] == ["7", "8", "9", "10", "7 revised"]
    assert [attempt.sampled for attempt in rows["c"].attempts] == [False, True, True, True, False]


def test_one_draft_is_the_method_of_the_paper() -> None:
    rows, student = refine(drafts=1, iterations=2)
    assert student.asked == [("greedy", "abcd"), ("greedy", "bcd")]
    assert {name for name, row in rows.items() if row.accepted} == {"a", "c"}


def test_a_revision_teaches_the_answer_the_way_there_or_both() -> None:
    rows, _ = refine(drafts=4, iterations=2)
    for learn, ids in {
        "answers": ["c"],
        "revisions": ["c#revision"],
        "both": ["c", "c#revision"],
    }.items():
        assert [example.id for example in lessons(rows["c"], learn, WORDS)] == ids
        assert [example.id for example in lessons(rows["b"], learn, WORDS)] == ["b"], (
            "no advice led there"
        )
    revision = lessons(rows["c"], "revisions", WORDS)[0]
    assert [message.role for message in revision.prompt.messages] == ["user", "assistant", "user"]
    assert revision.prompt.messages[1].content == "7", "the draft that the advice is about"
    assert "not 7" in revision.prompt.messages[2].content
    assert revision.answer == "7 revised"
