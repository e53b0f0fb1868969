"""Checks of the wrong shape are refused before anything is paid, with ids and what to do."""

import json
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.jsonl import write_records
from meteor.core.params import load_params
from meteor.core.records import Question
from meteor.planning.foretold import check_questions
from meteor.verification.chosen import require_checks
from tests.conftest import Project


def questions(checks: list[Any], first: int = 0) -> list[Question]:
    return [
        Question(id=f"q{number}", title="What is it?", check=check)
        for number, check in enumerate(checks, first)
    ]


@pytest.fixture
def here(project: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project in which one stands, with ingested questions of which two checks are unusable."""
    monkeypatch.chdir(project.folder)
    project.set({"verifier": {"plugin": "number", "path": "plugins/verifier/__init__.py"}})
    folder = project.folder / "data/raw"
    folder.mkdir(parents=True)
    write_records(folder / "train.jsonl", questions([1, None, 2]))
    write_records(folder / "test.jsonl", questions([3, "many", "12 km", 4], 3))
    return project


def test_meteor_check_names_them_with_their_ids(here: Project) -> None:
    with pytest.raises(MeteorError) as told:
        check_questions(load_params())
    message = str(told.value)
    assert message.startswith(
        "2 of 6 checks cannot be used by the verifier 'number', as that of q4"
    )
    assert "'many' is no number" in message and message.endswith("ingest again: q4, q5")
    here.set({"max_failed_fraction": 0.5})
    check_questions(load_params())


def test_questions_of_another_source_are_not_held_against_the_verifier(here: Project) -> None:
    lock = {
        "deps": [{"path": "data/tables/lakes.jsonl"}],
        "params": {"params.yaml": {"source.plugin": "table"}},
    }
    (here.folder / "dvc.lock").write_text(json.dumps({"stages": {"ingest": lock}}))
    check_questions(load_params())
    here.set({"source.plugin": "table", "source.table": {"title": "title"}})
    check_questions(load_params())
    here.set({"source.path": "data/tables/lakes.jsonl"})
    with pytest.raises(MeteorError, match="2 of 6 checks"):
        check_questions(load_params())


def test_a_check_for_all_questions_is_looked_at_before_there_are_any(here: Project) -> None:
    for file in (here.folder / "data/raw").iterdir():
        file.unlink()
    check_questions(load_params())
    here.set({"source.check": {"vlaue": 3}})
    with pytest.raises(MeteorError, match=r"source\.check: .*unknown key 'vlaue'"):
        check_questions(load_params())


def test_a_round_ends_before_its_first_draft(here: Project) -> None:
    require_checks("advisor", questions([1, 2]))
    with pytest.raises(MeteorError, match="1 of 2 checks"):
        require_checks("advisor", questions([1, [2]]))


def test_what_runs_nothing_is_told_of_queries_and_tests_too(here: Project, lakes: Path) -> None:
    settings: dict[str, Any] = {"plugin": "sql", "sql": {"database": str(lakes)}}
    here.set({"verifier": {**settings, "path": str(lakes)}})
    require_checks("advisor", questions(["SELECT 1", {"query": "SELECT name FROM lake"}]))
    for check, error in (
        ("SELECT width FROM lake", "There is no column `width`"),
        ("SELECT name FROM lake WHERE 0", "gives no rows"),
        (json.dumps({"query": "SELECT 1"}), "Not valid SQL"),
    ):
        with pytest.raises(MeteorError, match=error):
            require_checks("advisor", questions(["SELECT 1", check]))
    here.set({"verifier": {"plugin": "python", "path": "plugins/verifier/__init__.py"}})
    with pytest.raises(MeteorError, match="there is no test in it"):
        require_checks("advisor", questions(["assert f() == 1", "f()"]))
