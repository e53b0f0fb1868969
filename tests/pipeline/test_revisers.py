"""Learning to revise: what phase 1 taught, once more, beside the student's own wrong drafts."""

from pathlib import Path
from typing import Any

import pytest

from meteor.core.jsonl import read_records, write_records
from meteor.core.records import Distilled, Example
from meteor.core.yaml12 import parse_yaml
from meteor.models.history import read_history
from meteor.models.model_card import read_front
from meteor.pipeline import stage_names
from tests.conftest import ROOT, Project
from tests.pipeline import fakes
from tests.pipeline.rounds import PATHS, Round

REVISE = {
    "distilled": PATHS["distilled"],
    "checkpoint": "models/sft",
    "name": "v1",
    "out": "data/revisions/v1.jsonl",
    "summary": "metrics/rows/revise-v1.json",
}
RETEACH = {
    "revisions": REVISE["out"],
    **{key: PATHS[key] for key in ("distilled", "dev", "general", "start")},
    **{"name": "v1", "out": "models/v1", "losses": "metrics/training/v1.csv"},
    **{"metrics": "metrics/gates/v1.json", "summary": "metrics/rows/reteach-v1.json"},
}


@pytest.fixture
def taught(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    """Seven taught questions. The advisor accepts a second try, as the teacher's answers are."""
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    its = Round(project, tmp_path / "calls")
    rows = [
        Distilled(id=row.id, question=row, guideline=None, answer=f"{row.id} try 5. Taught.")
        for row in its.questions
    ]
    write_records(its.folder / PATHS["distilled"], rows)
    project.set({"revisers": {"v1": {"from": "sft"}}, "revise.drafts": 3})
    return its


def revisions(taught: Round) -> dict[str, Example]:
    done = fakes.stage(taught.project, "revise", **REVISE)
    assert done.returncode == 0, done.stderr
    return {row.id: row for row in read_records(taught.folder / REVISE["out"], Example)}


def rows_of(taught: Round, stage: dict[str, str]) -> dict[str, Any]:
    return fakes.read_json(taught.folder / stage["summary"])


def test_a_wrong_draft_and_its_advice_ask_for_the_teachers_answer(taught: Round) -> None:
    made = revisions(taught)
    assert list(made) == [f"q{number}#revision" for number in range(7)]
    row = made["q0#revision"]
    asked, draft, advice = row.prompt.messages
    assert "What is 0?" in asked.content
    assert draft.role == "assistant" and draft.content.startswith("q0 try 1.")
    assert "Mend q0 try 1, says fake." in advice.content
    assert row.answer == "q0 try 5. Taught."
    assert taught.asked() == [("sft", [f"q{number}" for number in range(7)])]


def test_every_taught_question_is_accounted_for(taught: Round) -> None:
    taught.project.set(
        {
            "advisor.fake.accepts_by_id": {"q1": 1, "q2": 0, "q5": 1},
            "advisor.fake.fails": ["q3 try 1", "q4 try 5"],
            "max_failed_fraction": 0.5,
        }
    )
    assert list(revisions(taught)) == ["q0#revision", "q6#revision"]
    told = rows_of(taught, REVISE)
    assert told["rows"] == {"in": 7, "out": 2, "rejected": 3, "failed": 2}
    assert told["rejected"] == {
        "no draft was wrong": 2,
        "the advisor does not accept the teacher's answer": 1,
    }
    assert [row["id"] for row in told["failed"]] == ["q3", "q4"]
    drafted = [ids for _, ids in taught.asked()]
    assert drafted[1:] == [["q1", "q5"], ["q1", "q5"]], "right ones are drafted again, and drawn"


def test_where_no_draft_is_wrong_there_is_nothing_to_learn(taught: Round) -> None:
    taught.project.set({"advisor.fake.accepts": 1})
    message = fakes.refused(fakes.stage(taught.project, "revise", **REVISE))
    assert "models/sft left no wrong draft to revise; draw more (revise.drafts)" in message


def test_it_trains_beside_the_plain_answers(taught: Round) -> None:
    revisions(taught)
    taught.project.set({"reteach.plain": 0.5})
    done = fakes.stage(taught.project, "reteach", **RETEACH)
    assert done.returncode == 0, done.stderr
    ((start, learned),) = taught.learned()
    plain = [name for name in learned if "#" not in name]
    assert start == "sft" and len(plain) == round(0.5 * 7) and len(learned) == 7 + len(plain)
    assert rows_of(taught, RETEACH)["rows"]["in"] == len(learned)
    story = read_front(taught.folder / "models/v1/README.md")["meteor"]
    assert (story[-1]["phase"], story[-1]["from"]) == ("learning to revise", "sft")
    assert set(read_history(taught.folder / "models/v1").taught) == {q.id for q in taught.questions}
    assert (taught.folder / "models/sft/model.safetensors").read_bytes() == b"sft"


def test_none_is_there_where_none_is_named() -> None:
    params = parse_yaml((ROOT / "params.yaml").read_text())
    kinds = {name.partition("@")[0] for name in stage_names(params, ROOT / "dvc.yaml")}
    assert "finetune" in kinds and not {"revise", "reteach"} & kinds
    params["revisers"] = {"v1": {"from": "sft"}}
    assert {"revise@v1", "reteach@v1"} <= set(stage_names(params, ROOT / "dvc.yaml"))
