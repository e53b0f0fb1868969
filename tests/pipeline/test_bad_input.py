"""Wrong data and wrong settings: one clear message, the right exit code, and nothing written."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.fake_plugins import SOURCES

INGEST = {
    "train": "data/raw/train.jsonl",
    "dev": "data/raw/dev.jsonl",
    "test": "data/raw/test.jsonl",
    "card": "data/raw/card.md",
    "lengths": "metrics/plots/lengths.csv",
    "summary": "metrics/rows/ingest.json",
}


def ingest_refuses(project: Project, code: int = 1) -> str:
    """Run ingest, which fails and leaves nothing behind; return its message."""
    message = fakes.refused(fakes.stage(project, "ingest", **INGEST), code)
    assert fakes.results(project).keys() <= {"data/sources/ml_data.json"}
    assert fakes.leftovers(project) == []
    return message


# --- the raw data ---------------------------------------------------------------------------------


def raw(project: Project, rows: list[Any]) -> None:
    (project.folder / "data/sources/ml_data.json").write_text(json.dumps(rows, indent=1))


def test_no_raw_data(project: Project) -> None:
    message = ingest_refuses(project)
    assert message == "data/sources: no such file or folder; set source.path in params.yaml"


def test_raw_data_without_a_json_file(project: Project) -> None:
    (project.folder / "data/sources").mkdir(parents=True)
    assert "data/sources: there is no JSON file; expected files like" in ingest_refuses(project)


def test_broken_json(project: Project) -> None:
    lines = json.dumps(project.questions(3), indent=1).splitlines()
    broken = next(number for number, line in enumerate(lines) if "concept number 1?" in line)
    lines[broken] = lines[broken].replace('"', "", 1)
    (project.folder / "data/sources/ml_data.json").write_text("\n".join(lines))
    expected = f"data/sources/ml_data.json:{broken + 1}: not valid JSON: "
    assert ingest_refuses(project).startswith(expected)


def test_raw_data_that_is_no_list(project: Project) -> None:
    project.questions(1)
    (project.folder / "data/sources/ml_data.json").write_text('{"title": "A question?"}')
    assert ingest_refuses(project) == (
        "data/sources/ml_data.json: a JSON array is expected, not a dict; "
        "`meteor look data/sources/ml_data.json` says which source reads another form"
    )


BAD_ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "a null title": ({"title": None}, "ml_data.json[1]: title is None, not a text"),
    "an empty body": ({"question_content": " "}, "ml_data.json[1]: question_content is ' '"),
    "an id that stands twice": ({"id": "q000"}, "q000: the id stands twice"),
}


@pytest.mark.parametrize("what", BAD_ROWS)
def test_a_bad_row_is_named_and_fails_the_stage(project: Project, what: str) -> None:
    change, expected = BAD_ROWS[what]
    rows = project.questions(16)
    raw(project, [rows[0], {**rows[1], **change}, *rows[2:]])
    message = ingest_refuses(project)
    assert "ingest: 1 of 16 rows failed, more than max_failed_fraction (0) allows" in message
    assert expected in message


def test_a_row_without_a_title_and_a_row_that_is_no_object(project: Project) -> None:
    rows = project.questions(16)
    del rows[2]["title"]
    raw(project, [*rows, "What is this?"])
    message = ingest_refuses(project)
    assert "ingest: 2 of 17 rows failed" in message
    assert "ml_data.json[2]: title is missing" in message
    assert "ml_data.json[16]: an object is expected, not a str" in message


def test_bad_rows_within_what_is_allowed_are_counted(project: Project) -> None:
    rows = project.questions(16)
    raw(project, [*rows, {**rows[3], "title": "Another one?"}, {"title": None}])
    project.set({"max_failed_fraction": 0.2})
    assert fakes.stage(project, "ingest", **INGEST).returncode == 0
    summary = json.loads((project.folder / INGEST["summary"]).read_text())
    assert summary["rows"] == {"in": 18, "out": 16, "rejected": 0, "failed": 2}
    assert [row["id"] for row in summary["failed"]] == ["ml_data.json[17]", "q003"]
    assert sum(summary["splits"].values()) == 16


def test_a_split_that_leaves_nothing_to_test(project: Project) -> None:
    project.questions(4)
    project.set({"split.test": 0.0})
    assert "the split leaves no question for test" in ingest_refuses(project)


# --- params.yaml ----------------------------------------------------------------------------------

SETTINGS: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown plugin": (
        {"judge.plugin": "gpt5"},
        "params.yaml: judge.plugin: there is no plugin 'gpt5' (there are: ",
    ),
    "a misspelt key": (
        {"iterate.max_iteration": 3},
        "params.yaml: iterate.max_iteration: unknown key (did you mean 'max_iterations'?)",
    ),
    "a misspelt key far down": (
        {"answer.decoding.max_new_token": 3},
        "params.yaml: answer.decoding.max_new_token: unknown key (did you mean 'max_new_tokens'?)",
    ),
    "a misspelt key of a plugin": (
        {"student.transformers.batchsize": 3},
        "params.yaml: student.transformers.batchsize: unknown key (did you mean 'batch_size'?)",
    ),
    "a misspelt section": (
        {"guidelines": {}},
        "params.yaml: guidelines: unknown key (did you mean 'guideline'?)",
    ),
    "a value out of range": (
        {"max_failed_fraction": 2},
        "params.yaml: max_failed_fraction: Input should be less than or equal to 1, got 2",
    ),
    "a value of another kind": (
        {"sft.trl.batch_size": "many"},
        "params.yaml: sft.trl.batch_size: Input should be a valid integer, "
        "unable to parse string as an integer, got 'many'",
    ),
    "a checkpoint that nothing makes": (
        {"evaluate.r9": {"before": "base"}},
        "params.yaml: evaluate: there is no checkpoint 'r9'",
    ),
}


@pytest.mark.parametrize("what", SETTINGS)
def test_a_wrong_setting_is_found_by_the_first_stage(project: Project, what: str) -> None:
    """Whatever stage the setting belongs to: before any work."""
    settings, expected = SETTINGS[what]
    project.questions(16)
    project.set(settings)
    assert ingest_refuses(project, code=2).startswith(expected)


def test_params_that_are_no_yaml(project: Project) -> None:
    (project.folder / "params.yaml").write_text("seed: [7\n")
    assert ingest_refuses(project, code=2).startswith("params.yaml: not valid YAML: ")


# --- files and checkpoints in between -------------------------------------------------------------

GUIDELINE = {
    "questions": "data/raw/train.jsonl",
    "checkpoint": "models/base",
    "out": "data/guidelines/train.jsonl",
    "summary": "metrics/rows/guideline.json",
}
GOOD = '{"id": "q1", "title": "What is one?"}'
BAD_LINES = {
    "half a line": ('{"id": "q2", "title": "What', "Invalid JSON: EOF while parsing a string"),
    "an empty line": ("", "Invalid JSON: EOF while parsing a value"),
    "no title": ('{"id": "q2"}', "title: Field required"),
    "an unknown field": (
        '{"id": "q2", "title": "What?", "colour": "red"}',
        "colour: Extra inputs are not permitted, got 'red'",
    ),
    "an id that stands twice": (GOOD, "the id 'q1' stands already in line 1"),
}


@pytest.mark.parametrize("what", BAD_LINES)
def test_a_broken_line_in_between_is_named(project: Project, what: str) -> None:
    line, expected = BAD_LINES[what]
    file = project.folder / GUIDELINE["questions"]
    file.parent.mkdir(parents=True)
    file.write_text(f"{GOOD}\n{line}\n{GOOD.replace('q1', 'q3')}\n")
    message = fakes.refused(fakes.stage(project, "guideline", **GUIDELINE))
    assert message.startswith(f"data/raw/train.jsonl:2: {expected}")
    assert fakes.results(project).keys() == {"data/raw/train.jsonl"}


def test_a_file_in_between_that_is_missing(project: Project) -> None:
    message = fakes.refused(fakes.stage(project, "guideline", **GUIDELINE))
    assert message == "data/raw/train.jsonl: cannot be read (No such file or directory)"
    assert fakes.results(project) == {}


def test_a_base_without_a_chat_template(project: Project, tiny_checkpoint: Path) -> None:
    plain = project.folder / "plain"
    shutil.copytree(tiny_checkpoint, plain, ignore=shutil.ignore_patterns("chat_template*"))
    project.plugin("base", "fake", SOURCES["base"])
    project.set({"base.plugin": "fake", "base.fake": {"tokenizer": "plain"}})
    message = fakes.refused(fakes.stage(project, "base", out="models/base"))
    assert "the tokenizer has no chat template" in message
    assert "choose an instruction-tuned model" in message
    assert fakes.results(project) == {}
    assert fakes.leftovers(project) == []
