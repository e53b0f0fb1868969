"""The stage ingest: questions in three splits, and what cannot become one is counted and named."""

import json
import logging
import sys
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.jsonl import read_records
from meteor.core.params import Params
from meteor.core.records import Question
from meteor.core.sections import Split
from meteor.running.stage import Stage
from meteor.sources.duplicates import CLASH
from stages.ingest import ingest, split_of
from tests.conftest import Project
from tests.sources.raw import ROW, SETTINGS

SPLITS = ("train", "dev", "test")
OUTS = (*SPLITS, "card", "lengths", "summary")


class Ingest:
    """The stage, on raw data in a folder of the test's own."""

    def __init__(self, folder: Path) -> None:
        self.sources, self.out = folder / "sources", folder / "out"

    def run(self, files: dict[str, Any], **changes: Any) -> None:
        """Write the raw data (text, or a value to write as JSON) and ingest it."""
        self.sources.mkdir(exist_ok=True)
        for name, content in files.items():
            text = content if isinstance(content, str) else json.dumps(content)
            (self.sources / name).write_text(text)
        outs = {name: self.out / name for name in OUTS}
        settings = {**SETTINGS, **changes}
        settings["source"] = {**settings["source"], "path": str(self.sources)}
        ingest(Stage("ingest", Params.model_validate(settings)), **outs)

    def ids(self) -> dict[str, list[str]]:
        """The ids in each split."""
        return {s: [row.id for row in read_records(self.out / s, Question)] for s in SPLITS}


def questions(count: int) -> list[dict[str, Any]]:
    words = ["loss", "kernel", "token", "tensor", "margin", "prior", "batch", "filter", "tree"]
    return [
        {
            "id": f"q{number:03}",
            "title": f"What is {words[number % 9]} number {number}?",
            "question_content": f"I read {number} pages about {words[number // 9 % 9]} {number}.",
        }
        for number in range(count)
    ]


def test_a_check_for_all_is_that_of_questions_without_one(tmp_path: Path) -> None:
    """One JSON Schema or one pattern for every answer: the data need not repeat it."""
    rows = questions(20)
    rows[3]["check"] = {"fields": {"a": 1}}
    work = Ingest(tmp_path)
    work.run({"ml_data.json": rows}, source={**SETTINGS["source"], "check": {}})
    found = {row.id: row.check for s in SPLITS for row in read_records(work.out / s, Question)}
    assert found == {row["id"]: row.get("check", {}) for row in rows}
    work.run({"ml_data.json": rows})
    found = {row.id: row.check for s in SPLITS for row in read_records(work.out / s, Question)}
    assert found == {row["id"]: row.get("check") for row in rows}


def test_new_rows_move_no_old_ones(tmp_path: Path) -> None:
    """The split of a question is a matter of its id alone, wherever it stands."""
    ingesting = Ingest(tmp_path)
    rows = questions(60)
    ingesting.run({"ml_data.json": rows})
    before = ingesting.ids()
    new = [{**row, "id": f"new-{row['id']}", "title": f"Why {row['title']}"} for row in rows]
    new = [{**row, "question_content": f"So {row['title']} tell me."} for row in new]
    ingesting.run({"ml_data.json": [*new, *rows], "cv_data.json": [{**ROW, "id": "new"}]})
    after = ingesting.ids()
    assert sum(map(len, before.values())) == 60 and sum(map(len, after.values())) == 121
    for split in SPLITS:
        assert before[split] == [name for name in after[split] if not name.startswith("new")] != []


def test_shares_of_the_split_are_as_set_and_a_salt_gives_another() -> None:
    split = Split(test=0.2, dev=0.1, salt="a")
    names = [f"q{number}" for number in range(4000)]
    placed = [split_of(name, split) for name in names]
    assert placed.count("test") / 4000 == pytest.approx(0.2, abs=0.02)
    assert placed.count("dev") / 4000 == pytest.approx(0.1, abs=0.02)
    other = split.model_copy(update={"salt": "b"})
    assert [split_of(name, other) for name in names] != placed
    assert {split_of(name, Split(test=0, dev=0)) for name in names} == {"train"}


def test_every_row_is_accounted_for(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ingesting = Ingest(tmp_path)
    caplog.set_level(logging.INFO)
    good = questions(40)
    twice = [{**good[0], "title": "Again?"}, {**good[1], "title": "And again?"}]
    bad = [{**ROW, "title": None}, {"title": "No body?"}, 5]
    ingesting.run({"ml_data.json": [*good, *twice, good[7], *bad]}, max_failed_fraction=0.2)
    assert "ingest: 46 rows in = 40 out + 1 rejected + 5 failed" in caplog.messages
    ids, summary = ingesting.ids(), json.loads((ingesting.out / "summary").read_text())
    assert summary["rows"] == {"in": 46, "out": 40, "rejected": 1, "failed": 5}
    failed = {row["id"]: row["error"] for row in summary["failed"]}
    assert failed["q000"] == failed["q001"] == CLASH
    assert summary["rejected"] == {"the id stands twice": 1}
    assert summary["examples"] == {"the id stands twice": ["q007"]}
    assert failed["ml_data.json[43]"] == "title is None, not a text"
    assert summary["splits"] == {split: len(ids[split]) for split in SPLITS}
    assert summary["categories"] == {"ml": summary["splits"]}
    assert sorted(name for split in SPLITS for name in ids[split]) == [row["id"] for row in good]


@pytest.mark.parametrize(
    ("files", "wrong"),
    [
        pytest.param({}, "/sources: there is no JSON file", id="empty folder"),
        pytest.param({"a.json": "[\n{,}]"}, "a.json:2: not valid JSON", id="broken JSON"),
        pytest.param({"a.json": questions(9), "b.json": {}}, "b.json: a JSON array", id="no array"),
        pytest.param({"a.json": []}, "leaves no question for train", id="no rows"),
        pytest.param({"a.json": questions(1)}, "leaves no question for", id="too few rows"),
        pytest.param(
            {"a.json": [*questions(9), {**ROW, "id": "q000"}]},
            "q000: the id stands twice, with another text",
            id="an id twice",
        ),
        pytest.param({"a.json": [*questions(9), 5]}, "1 of 10 rows failed", id="a bad row"),
    ],
)
def test_an_error_leaves_no_file(tmp_path: Path, files: dict[str, Any], wrong: str) -> None:
    ingesting = Ingest(tmp_path)
    with pytest.raises(MeteorError) as caught:
        ingesting.run(files)
    assert wrong in str(caught.value)
    assert caught.value.exit_code == 1
    assert list(ingesting.out.glob("*")) == []


def command(project: Project) -> tuple[int, str]:
    """Run the stage as its command; the exit code and what it said, which is no traceback."""
    project.set({"source.path": "data/sources"})
    outs = [part for name in OUTS for part in (f"--{name}", f"out/{name}")]
    done = project.run(sys.executable, "-m", "stages.ingest", *outs, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    assert (project.folder / "out").exists() == (done.returncode == 0)
    return done.returncode, done.stderr


def test_a_missing_folder_is_an_error(project: Project) -> None:
    """Fault 2: it gave an empty file and exit code 0."""
    code, said = command(project)
    assert code == 1
    assert "error: data/sources: no such file or folder" in said


def test_a_typo_in_a_setting_is_an_error_of_its_own_kind(project: Project) -> None:
    project.questions(30)
    project.set({"source.meteor_json.titel": "q"})
    code, said = command(project)
    assert code == 2
    assert "params.yaml: source.meteor_json.titel: unknown key (did you mean 'title'?)" in said


BROKEN = """
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Question
from meteor.core.settings import Settings

@hookimpl
def plugin_params():
    return Settings

@hookimpl
def source_load(path):
    yield Question(id="a", title="What?")
    {then}
"""


@pytest.mark.parametrize(
    ("then", "what"),
    [
        pytest.param("raise KeyError('title')", "KeyError: 'title'", id="an exception"),
        pytest.param("yield {'id': 'b'}", "dict", id="another kind of thing"),
        pytest.param("yield None", "NoneType", id="None"),
    ],
)
def test_a_broken_source_is_named(project: Project, then: str, what: str) -> None:
    project.questions(3)
    project.plugin("source", "broken", BROKEN.format(then=then))
    project.set({"source.plugin": "broken"})
    code, said = command(project)
    assert code == 1
    assert "source plugin 'broken': source_load" in said and what in said


def test_the_card_counts_what_is_in_the_data_and_what_was_left_out(tmp_path: Path) -> None:
    ingesting = Ingest(tmp_path)
    rows = [
        {**row, "answer": "word " * (60 if number % 2 else 3), "licence": "CC BY 4.0"}
        for number, row in enumerate(questions(40))
    ]
    rows[0]["question_content"] = "<p>Mail me@x.org</p>"
    rows[1]["link"] = "https://stackoverflow.com/questions/1"
    bad = [{**rows[5], "id": "again"}, {**ROW, "answer": "x" * 40_000}, 5]
    ingesting.run({"ml_data.json": [*rows, *bad]}, max_failed_fraction=0.2)
    card, counted = (ingesting.out / "card").read_text(), ingesting.ids()
    sizes = [len(counted[split]) for split in SPLITS]
    assert "43 rows in = 40 out + 2 rejected + 1 failed." in card
    assert f"| ml | {sizes[0]} | {sizes[1]} | {sizes[2]} | {sizes[2] / 40:.1%} |" in card
    for line in (
        "| meteor_json | 39 |",
        "| stackoverflow.com | 1 |",
        "| CC BY 4.0 | 40 |",
        "| could not be read | 1 |",
        "| longer than 30000 characters | 1 |",
        "| the text stands twice | 1 |",
        "| e-mail address | 1 |",
        "| 51-100 | 0 | 20 |",
    ):
        assert line in card, line
    lengths = (ingesting.out / "lengths").read_text().splitlines()
    assert lengths[0] == "words,part,count"
    assert sum(int(line.split(",")[2]) for line in lengths[1:]) == 80
