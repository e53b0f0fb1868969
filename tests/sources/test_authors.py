"""A run of the authors' scripts becomes records, and the pipeline goes on from there."""

from pathlib import Path

import pytest

from meteor.commands.authors.run import Run
from meteor.core.errors import MeteorError
from meteor.core.sections import Cleaning
from tests.sources.old_runs import ASKED, a_run, echo, write


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


def test_a_broken_first_row_and_half_characters_cost_no_file(tmp_path: Path) -> None:
    """The file was passed over without a word, and the command ended while it wrote."""
    rows = [{"guideline": echo(n, f"1. Say \ud83d {n}.")} for n in range(3)]
    write(tmp_path, "guidelines.jsonl", ["{", *rows])
    write(tmp_path, "other.jsonl", [{"a": 1}])
    run = Run(Cleaning())
    run.read(tmp_path)
    assert [g.text for g in run.guidelines.values()] == [f"1. Say \ufffd {n}." for n in range(3)]
    assert all(one.model_dump_json() for one in run.guidelines.values())
    assert run.passed_over == ["other.jsonl"]
