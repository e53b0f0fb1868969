"""What a held-out question tells does not train: its answer, its text inside a longer one."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meteor.core.records import Question
from meteor.core.sections import Duplicates
from meteor.sources.contained import WordRuns
from meteor.sources.duplicates import NEAR_HELD_OUT, REASONS, SAME_ANSWER, SAME_TEXT, Census
from meteor.sources.near import words_of
from meteor.sources.rows import FURTHER
from meteor.sources.sides import SPLITS, sides

ASKED = (
    "How do I keep the gradients of a frozen layer at zero while the optimizer with momentum still "
    "moves the other layers of the same group?"
)
ANSWER = "Give the frozen layer a group of its own, and leave that group out of the optimizer."
OTHER = "Open your order, choose return, print the label and bring the parcel to the shop."


def verdicts(folder: Path, *rows: dict[str, Any], **settings: Any) -> list[str]:
    """What becomes of questions whose id begins with the split that the hash would give."""
    census = Census(folder, Duplicates(**settings), lambda i: i.split("-")[0])
    for row in rows:
        census.add(Question(**row))
    return [[*SPLITS, *REASONS][code] for code in census.judge().tolist()]


def row(identifier: str, title: str, answer: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": identifier, "title": title, "answer": answer, **more}


@pytest.mark.parametrize(
    "around",
    [
        f"Hello all, I am new to this and have searched for days. {ASKED} Thank you for any help!",
        f"I asked this before: {ASKED.upper()} Nobody answered.",
        f"{'Some words about my work. ' * 40}{ASKED}{' And more words on it.' * 40}",
    ],
)
def test_a_held_out_question_inside_a_longer_one_does_not_train(
    tmp_path: Path, around: str
) -> None:
    other = row("train-2", "What is the use of a learning rate that falls over the epochs?")
    found = verdicts(tmp_path, row("train-1", around), row("test-1", ASKED), other)
    assert found == [NEAR_HELD_OUT, "test", "train"]
    found = verdicts(tmp_path, row("test-1", around), row("train-1", ASKED), other)
    assert found == ["test", NEAR_HELD_OUT, "train"]


def test_short_and_common_words_are_no_question_inside_another(tmp_path: Path) -> None:
    rows = [row("test-1", "What is dropout?"), row("train-1", f"What is dropout? And: {ASKED}")]
    assert verdicts(tmp_path, *rows) == ["test", "train"]
    ask = "What is the difference between the terms {} and {} here?"
    rows = [row("test-1", ask.format("a", "b")), row("train-1", ask.format("c", "d") + ASKED)]
    assert verdicts(tmp_path, *rows) == ["test", "train"]


def test_questions_with_one_answer_are_on_one_side(tmp_path: Path) -> None:
    """In other words asked, the answer of a held-out question would be trained on."""
    rows = [
        row("train-1", "How do I return a lamp?", ANSWER),
        row("test-1", "Can I send it back?", f" {ANSWER.upper()} "),
        row("test-2", "Where is my money?", OTHER),
        row("train-2", "Who refunds me?", OTHER),
        row("train-3", "Is it so?", "Yes."),
        row("test-3", "Is that so?", "Yes."),
    ]
    found = verdicts(tmp_path, *rows)
    assert found == ["train", "train", "test", "test", "train", "test"]


def test_an_answer_inside_another_answer_does_not_train(tmp_path: Path) -> None:
    rows = [
        row("test-1", "Can I send it back?", ANSWER),
        row("train-1", "How do I freeze?", f"Hi! {ANSWER} That is all."),
        row("train-2", "How do I return?", ANSWER.replace("frozen", "last").replace("own", "kind")),
    ]
    assert verdicts(tmp_path, *rows) == ["test", SAME_ANSWER, "train"]
    assert verdicts(tmp_path, *rows, held_out=None) == ["test", "train", "train"]


def test_splits_that_came_with_the_data_hold(tmp_path: Path) -> None:
    """Also against a better score, and an answer that both have."""
    rows = [
        row("test-1", "How do I return a lamp?", ANSWER, split="train"),
        row("train-1", "Who refunds me?", ANSWER, split="test"),
        row("train-2", ASKED, split="test", score=1),
        row("train-3", ASKED, split="train", score=9),
        row("test-4", "And who else?", split="train"),
        row("dev-5", "And what else?", split="train"),
        row("dev-6", "And when?"),
    ]
    found = verdicts(tmp_path, *rows)
    assert found == [SAME_ANSWER, "test", "test", SAME_TEXT, "train", "dev", "dev"]


def test_a_split_that_is_lacking_is_taken_from_train() -> None:
    hashed = np.array([0, 1, 2, 0, 1, 2], dtype=np.uint8)
    none = np.zeros(6, dtype=np.uint64)

    def given(*codes: int) -> list[str]:
        split = sides(hashed, np.array(codes, dtype=np.uint8), none)
        return [SPLITS[code] for code in split]

    assert given(0, 0, 0, 0, 0, 0) == ["train", "dev", "test", "train", "dev", "test"]
    assert given(1, 1, 1, 1, 1, 1) == ["train", "dev", "test", "train", "dev", "test"]
    assert given(1, 1, 1, 3, 3, 3) == ["train", "dev", "train", "test", "test", "test"]
    assert given(1, 1, 1, 2, 2, 2) == ["train", "train", "test", "dev", "dev", "dev"]
    assert given(3, 3, 3, 3, 3, 3) == ["test"] * 6


def test_all_answers_of_a_question_stay_and_on_one_side(tmp_path: Path) -> None:
    rows = [row("test-1", ASKED, "A."), row(f"test-1{FURTHER}2", ASKED, ANSWER)]
    rows += [row("train-2", "What else?", ANSWER), row("train-3", ASKED, "B.")]
    assert verdicts(tmp_path, *rows) == ["test", "test", "test", SAME_TEXT]


def test_texts_inside_others_are_found_among_many(tmp_path: Path) -> None:
    """Each text of 30 words stands in a longer one; no other pair is told."""
    chance = np.random.default_rng(1)
    texts = [[f"w{n}" for n in chance.integers(0, 5000, 30)] for _ in range(300)]
    runs = WordRuns(tmp_path / "runs")
    for text in texts:
        runs.add([word.encode() for word in text])
    for text in texts:
        runs.add(words_of(f"so {' '.join(text[:15])} and {' '.join(text[15:])} is it"))
    found = set(runs.inside(np.arange(300), np.arange(300, 600), 0.85))
    runs.close()
    assert found == {(n, n + 300) for n in range(300)}
