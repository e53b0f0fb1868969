"""A domain in another language and with another form of answer: params and text files alone."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from meteor.core.jsonl import read_records
from meteor.core.records import Distilled, Guideline
from tests.conftest import ROOT, Project
from tests.pipeline import fakes

GERMAN: dict[str, Any] = {
    "domain.name": "Lernverfahren",
    "domain.categories": {"ml": "Maschinelles Lernen"},
    "domain.about": "examples/german/glossary.md",
    "domain.language": "German",
    "domain.prompts": "examples/german/prompts",
}


@pytest.fixture
def project(finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The pipeline of fakes with the German example put beside it."""
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    project = fakes.twin(finished, tmp_path / "project")
    shutil.copytree(ROOT / "examples/german", project.folder / "examples/german")
    project.set(GERMAN)
    return project


def asked(project: Project, hook: str) -> list[dict[str, Any]]:
    """The prompts of all calls of a hook."""
    calls = fakes.calls(project.folder.parent / "calls", hook)
    return [row for call in calls for row in call["rows"]]


def test_the_student_is_asked_in_the_users_words(project: Project) -> None:
    """In all three phases, and for the held-out answers."""
    code = project.run("git", "status", "--porcelain", "meteor", "stages", "plugins").stdout
    ran = project.repro("explore@t1", "answer@base")
    assert {"guideline", "iterate@r1", "pairs@t1", "explore@t1", "answer@base"} <= set(ran)
    assert project.run("git", "status", "--porcelain", "meteor", "stages", "plugins").stdout == code
    prompts = asked(project, "student_generate")
    texts = {turn["content"] for row in prompts for turn in row["messages"]}
    openings = [row["messages"][0]["content"] for row in prompts]
    assert openings and all("\n\nFrage: What is concept number" in text for text in openings)
    assert not [text for text in texts if "Title:" in text or "Explain the reasoning" in text]
    assert any('JSON-Objekt mit "kurz" und "warum"' in text for text in openings)
    assert any("Lernrate" in text and "Stichpunkte:" in text for text in openings)
    assert any(text.startswith("Rat einer Fachperson: ") for text in texts)


def test_without_guidelines_the_student_writes_none_and_no_question_is_lost(
    project: Project,
) -> None:
    project.set({"guideline.enabled": False})
    project.repro("unguided")
    assert not asked(project, "student_generate")
    paths = [project.folder / f"data/{name}/train.jsonl" for name in ("guidelines", "distilled")]
    rows = list(read_records(paths[0], Guideline))
    taught = list(read_records(paths[1], Distilled))
    assert rows and [row.text for row in rows] == [None] * len(rows)
    assert [row.id for row in taught] == [row.id for row in rows]
    assert {row.guideline for row in taught} == {None}
    for stage, count in (("guideline", len(rows)), ("distill", len(rows)), ("unguided", 0)):
        summary = json.loads((project.folder / f"metrics/rows/{stage}.json").read_text())
        assert summary["rows"] == {"in": count, "out": count, "rejected": 0, "failed": 0}


def test_a_faulty_template_ends_a_stage_before_any_work(project: Project) -> None:
    file = project.folder / "examples/german/prompts/judge-score.md"
    file.write_text(file.read_text().replace("answer | sealed", "answer"))
    done = project.run("dvc", "repro", "guideline", check=False)
    assert done.returncode != 0
    assert "judge-score.md:21: an answer under judgement is shown sealed" in done.stderr
    assert not (project.folder.parent / "calls").exists()
    checked = project.run("python", "-m", "meteor", "check", check=False)
    assert checked.returncode == 2 and "judge-score.md:21:" in checked.stderr


def test_the_settings_that_ship_hold_all_answers_to_one_schema(project: Project) -> None:
    """The advisor words what the verifier finds; without a check it has found nothing to say."""
    project.run("python", "-m", "meteor", "preset", "examples/german/settings.yaml")
    asking = ("python", "-m", "meteor", "prompts", "q003", "--kind", "advice")
    assert "no prompt: the verifier settles this" in project.run(*asking).stdout
    project.set({"source.check": None})
    refused = project.run("python", "-m", "meteor", "check", check=False)
    assert refused.returncode == 2 and "questions has a check" in refused.stderr
    project.set({"source.check": {}})
    project.run("python", "-m", "meteor", "check")
    project.repro("ingest")
    shown = project.run(*asking).stdout
    assert shown.startswith("=== advice: advisor gpt-4o, about ")
    assert "Ein Programm hat die Antwort geprüft" in shown and "Not valid JSON" in shown
    schema = json.loads((project.folder / "examples/german/schema.json").read_text())
    assert all(f'"{name}"' in shown for name in schema["required"]), "as the templates ask"


def test_prompts_are_shown_as_they_are_sent(project: Project) -> None:
    shown = project.run("python", "-m", "meteor", "prompts", "q003").stdout
    kinds = [line.split()[1].rstrip(":") for line in shown.splitlines() if line[:4] == "=== "]
    assert kinds == [
        *("guideline", "distillation", "unguided", "answer"),
        *("advice", "revision", "judge-score", "judge-preference"),
    ]
    assert "Frage: What is concept number 3?" in shown
    rows = read_records(project.folder / "data/guidelines/train.jsonl", Guideline)
    written = {row.id: str(row.text) for row in rows}
    assert written.get("q003", "[the student's guideline]") in shown
    one = project.run("python", "-m", "meteor", "prompts", "q003", "--kind", "answer").stdout
    assert one.startswith("=== answer: student fake") and one.count("=== ") == 1
    lost = project.run("python", "-m", "meteor", "prompts", "q999", check=False)
    assert lost.returncode == 1 and "no question has the id 'q999'" in lost.stderr
