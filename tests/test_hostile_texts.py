"""Texts are data wherever they turn up: in ids and categories, in paths, tables and terminals."""

import csv
import json
from pathlib import Path

import pytest

from meteor.core.errors import SettingsError
from meteor.core.params import load_params
from meteor.core.records import Question
from meteor.core.shown import cell, label, one_line, shown
from meteor.core.tables import write_table
from meteor.report.charts import bars
from tests.conftest import Project

HOSTILE = [
    *("a\0b", "a\x1b[2Jb", "x\r\ny", "\u2028\u2029", "a\u202eb", "a\nb"),
    "i\x1b]52;c;eA==\x07",
]
PATHS = ["my data", 'it\'s "$(touch pwned)"; touch pwned `touch pwned`']


@pytest.mark.parametrize("text", HOSTILE)
def test_an_id_and_a_category_are_one_line_without_controls(text: str) -> None:
    question = Question(id=f"q {text}", title="What?", category=text, author=text)
    for value in (question.id, question.category, question.author):
        assert value is not None and value.isprintable() and len(value.splitlines()) <= 1
    again = Question.model_validate_json(question.model_dump_json())
    assert again == question


@pytest.mark.parametrize("text", [*HOSTILE, "</script><script>alert(1)</script>", "a" * 5000])
def test_a_chart_is_drawn_whatever_a_category_is_called(text: str) -> None:
    rows = [
        {"category": name, "count": 3, "split": "train", "order": 0} for name in (text, "plain")
    ]
    svg = bars(rows, "category", "count", "split", "questions", ["red"])
    assert svg.startswith("<svg") and "\x1b" not in svg and "<script" not in svg


def test_what_is_shown_steers_no_terminal() -> None:
    assert shown("a\x1b[2J\x9b1m\tb\nc") == "a\\x1b[2J\\x9b1m\tb\nc"
    assert one_line("a\n  b\x07") == "a b\\x07" and label("\ud83dx") == "\ufffdx"


def test_a_cell_is_no_formula(tmp_path: Path) -> None:
    for text in ("=1+1", "@SUM(1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1"):
        assert cell(text) == f"'{text}"
    assert [cell(text) for text in ("-2.5", "+7", "a=1", "")] == ["-2.5", "+7", "a=1", ""]
    write_table(tmp_path / "t.csv", ("category", "n"), [("=1+1", -1.5)])
    with (tmp_path / "t.csv").open(newline="") as file:
        assert list(csv.DictReader(file)) == [{"category": "'=1+1", "n": "-1.5"}]


def test_meteor_show_and_errors_show_controls(project: Project) -> None:
    file = project.folder / "rows.jsonl"
    row = {"id": "i\x1b]52;c;eA==\x07", "title": "\x1b[2J", "answer": "a\x1b[31mb", "x": "\x9b1m"}
    file.write_text(json.dumps(row))
    said = project.run("python", "-m", "meteor", "show", str(file)).stdout
    assert r"\x1b]52" in said and r"a\x1b[31mb" in said and r"\x9b1m" in said
    done = project.run("python", "-m", "meteor", "show", "no\x1b[2J", check=False)
    for text in (said, done.stdout + done.stderr):
        assert not set("\x1b\x07\x9b") & set(text)


def test_a_key_that_stands_twice_is_an_error(project: Project) -> None:
    file = project.folder / "params.yaml"
    file.write_text(file.read_text() + "\nseed: 8\n")
    with pytest.raises(SettingsError, match=r"the key 'seed' stands in line \d+ already"):
        load_params(file)
    file.write_text("a: {b: 1, c: &x {d: 1}, b: 2}\n")
    with pytest.raises(SettingsError, match="the key 'b' stands in line 1 already"):
        load_params(file)


def test_a_home_folder_is_written_in_full(project: Project) -> None:
    project.set({"source.path": "~/questions"})
    done = project.run("python", "-m", "meteor", "check", check=False)
    assert done.returncode == 2 and "source.path: write '~/questions' in full" in done.stderr


@pytest.mark.parametrize("name", PATHS)
def test_a_path_is_one_path_for_every_command(project: Project, name: str) -> None:
    project.questions(30)
    (project.folder / "data/sources").rename(project.folder / "data" / name)
    project.set({"source.path": f"data/{name}"})
    assert project.run("python", "-m", "meteor", "check").returncode == 0
    assert project.repro("ingest") == ["ingest"]
    assert (project.folder / "data/raw/train.jsonl").stat().st_size > 0
    (project.folder / "data" / name).rename(project.folder / "data/elsewhere")
    done = project.run("python", "-m", "meteor", "check", check=False)
    assert done.returncode == 2 and "source.path: there is no" in done.stderr
    assert not list(project.folder.rglob("*pwned"))
