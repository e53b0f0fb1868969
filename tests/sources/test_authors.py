"""A run of the authors' scripts becomes records, and the pipeline goes on from there."""

import json
from pathlib import Path

import pytest

from meteor.commands.authors.reading import scores, verdict
from meteor.commands.authors.run import Run
from meteor.core.errors import MeteorError
from meteor.core.params import Cleaning
from tests.sources.old_runs import ASKED, FIVE, a_run, echo, write

VERDICTS = {
    "correct": [
        "Correct",
        "Correct.",
        "The answer is correct.",
        "Evaluation: correct",
        "**Correct**: it names both causes.",
        "Yes, it is fully correct. There is nothing wrong with it.",
        "This is not wrong.",
    ],
    "wrong": [
        "Not Correct",
        "not correct: the sign is lost",
        "The answer is not entirely correct.",
        "It isn't correct.",
        "This isn\u2019t quite correct",
        "Incorrect. The correct answer is 4.",
        "The answer is wrong; the correct way is to normalise first.",
    ],
    "unknown": [
        "",
        "The answer explains the loss.",
        "Partially correct.",
        "The answer is correct, but the second half is wrong.",
        "The formula is correct, but the sign is missing.",
        "The correct answer would be 4.",
        "To correct this, use the log.",
        "It would be fine if the sign is correct.",
    ],
}


@pytest.mark.parametrize(("said", "text"), [(v, t) for v, texts in VERDICTS.items() for t in texts])
def test_an_evaluation_in_free_words_is_read_with_care(said: str, text: str) -> None:
    """Fault 6: "Not Correct" was taken as accepted, and "The answer is correct." as rejected."""
    assert verdict(text) == said


def test_scores_are_read_from_objects_and_from_text() -> None:
    """Fault 8: the judge's JSON was never parsed."""
    entries = [{"Answer": "Answer 1", **FIVE}, {"Answer": "models/b", **FIVE, "Accuracy": 3}]
    for evaluation in (entries, f"Here is it:\n```json\n{json.dumps(entries)}\n```"):
        found = scores(evaluation, ["models/a", "models/b"])
        assert {model: s.accuracy for model, s in found.items()} == {"models/a": 8, "models/b": 3}
    for unclear in ("Both are good.", [{"Answer": "c", **FIVE}], [{"Answer": "1", "Accuracy": 8}]):
        assert scores(unclear, ["models/a", "models/b"]) == {}
    assert scores([{"Answer": "2", **FIVE, "Accuracy": 11}], ["a", "b"]) == {}


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    a_run(tmp_path / "old")
    run = Run(Cleaning())
    run.read(tmp_path / "old")
    told = {name: dict(count) for name, count in run.counts.items()}
    assert told == {
        "ml_data.json": {"rows": 12, "kept": 12},
        "distilled_data.jsonl": {
            "rows": 10,
            "mended: the echoed prompt taken off": 8,
            "dropped: a duplicate": 1,
            "dropped: TypeError in a field": 1,
        },
        "evaluation_results.jsonl": {"rows": 3, "kept": 2, "dropped: a duplicate": 1},
        "iterative_training_data.jsonl": {
            "rows": 4,
            "kept, marked accepted": 1,
            "dropped: a duplicate": 1,
            "kept, marked not accepted": 1,
            "kept, marked unknown: the evaluation does not tell": 1,
        },
        "guidelines.jsonl": {
            "rows": 13,
            "mended: the echoed prompt taken off, its question recovered": 1,
            "dropped: a duplicate": 9,
            "dropped: no question is to be found in it": 1,
            "dropped: only the prompt, no guideline": 1,
            "dropped: not a readable object": 1,
        },
        "test.jsonl": {
            "rows": 4,
            "kept": 2,
            "dropped: the question was trained on": 1,
            "dropped: a duplicate": 1,
        },
    }
    assert [q.title for q in run.tests.values()] == [ASKED[10][0], ASKED[11][0]]
    assert {q.category for q in run.questions.values()} == {"ml"}
    assert [(r.accepted, r.question.title) for r in run.refinements] == [
        (True, ASKED[0][0]),
        (False, ASKED[1][0]),
    ]
    assert {model: len(rows) for model, rows in run.judgements.items()} == {
        "out/base": 2,
        "out/tuned": 2,
    }


def test_questions_are_recovered_from_guidelines_alone(tmp_path: Path) -> None:
    """Fault 1: the guidelines named no question, so that nothing was ever distilled."""
    write(tmp_path, "guidelines.jsonl", [{"guideline": echo(n, f"1. Say {n}.")} for n in range(9)])
    run = Run(Cleaning())
    run.read(tmp_path)
    assert [q.title for q in run.questions.values()] == [title for title, _ in ASKED[:9]]
    assert [g.text for g in run.guidelines.values()] == [f"1. Say {n}." for n in range(9)]
    assert not run.distilled


def test_a_folder_without_such_files_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, "other.jsonl", [{"a": 1}])
    with pytest.raises(MeteorError, match="no file of the authors' scripts"):
        Run(Cleaning()).read(tmp_path)
