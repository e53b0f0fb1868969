"""What the stage ingest tells: the share of each part, a share that is unusual, kept splits."""

import json
import logging
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from tests.sources.test_ingest import Ingest, questions


def test_the_share_of_each_part_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ingesting = Ingest(tmp_path)
    rows = questions(40)
    for number, row in enumerate(rows):
        row["answer"] = f"It is thing {number}." if number < 10 else "N/A"
        row["check"] = number
    ingesting.run({"ml_data.json": rows})
    assert "of the questions have: body 100.0%, answer 25.0%, category 100.0%, check 100.0%" in (
        caplog.messages
    )
    (warning,) = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    assert warning.startswith("warning: 25.0% of the questions have an answer")
    card, summary = (
        (ingesting.out / "card").read_text(),
        json.loads((ingesting.out / "summary").read_text()),
    )
    assert "| answer | 10 | 25.0% |" in card and "| check | 40 | 100.0% |" in card
    assert summary["shares"] == {"body": 1.0, "answer": 0.25, "category": 1.0, "check": 1.0}


def test_a_part_that_no_question_has_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rows = [{**row, "answer": None} for row in questions(40)]
    Ingest(tmp_path).run({"ml_data.json": rows})
    assert "warning: none of the questions have an answer" in caplog.text


def test_a_part_that_the_settings_do_without_is_not_missed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """`body: null`: the title says all."""
    table = {"title": "title", "body": None, "answer": "text"}
    rows = [
        {"title": f"What is {number} times {number}?", "text": "A lot."} for number in range(40)
    ]
    caplog.set_level(logging.INFO)
    Ingest(tmp_path).run({"sums.json": rows}, source={"plugin": "table", "table": table})
    assert "body 0.0%, answer 100.0%" in caplog.text and "warning" not in caplog.text


def test_splits_of_the_data_take_the_place_of_the_hash(tmp_path: Path) -> None:
    ingesting = Ingest(tmp_path)
    names = ("train", "train", "validation", "test")
    rows = [{**row, "split": names[at % 4]} for at, row in enumerate(questions(40))]
    ingesting.run({"ml_data.json": rows})
    ids = ingesting.ids()
    assert {split: len(of) for split, of in ids.items()} == {"train": 20, "dev": 10, "test": 10}
    assert ids["test"] == [row["id"] for row in rows[3::4]]
    assert '"split"' not in (ingesting.out / "train").read_text()  # the file says it


def test_data_that_is_all_held_out_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    rows = [{**row, "split": "test"} for row in questions(40)]
    with pytest.raises(MeteorError, match=r"no question for train.*`split: null`"):
        Ingest(tmp_path).run({"ml_data.json": rows})
