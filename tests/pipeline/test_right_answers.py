"""A domain whose answers a verifier runs: what it finds is measured, teaches, and is voted on. A
student that knows every other answer once it was taught stands for the models.
"""

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.test_end_to_end import lines, metrics, table

QUERIES = ("select a from t", "select b from t", "select c from t")
VOTE = {"strategy": "mbr", "agreement": "result", "samples": 3}


def database(file: Path, *values: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(file)) as made:
        made.execute("create table t (a, b, c)")
        made.execute("insert into t values (?, ?, ?)", values)
        made.commit()


@pytest.fixture(scope="module")
def done(
    begun: Project, tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path
) -> Project:
    """The project after one `dvc repro`: 12 questions are taught, the others found out about."""
    project = fakes.twin(begun, tmp_path_factory.mktemp("right_answers"))
    fakes.install(project, tiny_checkpoint, fakes.MODELS)
    folder = project.folder / "data/sources"
    database(folder / "databases/one.sqlite", 1, 2, 3)
    database(folder / "databases/two.sqlite", 2, 1, 3)
    rows = [
        {"id": f"q{n:02}", "question": f"Which number has place {n}?", "query": QUERIES[n % 3]}
        for n in range(40)
    ]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)))
    known = [{"id": row["id"], "answer": row["query"]} for row in rows]
    (project.folder / "known.jsonl").write_text("\n".join(map(json.dumps, known)))
    names = {"title": "question", "body": None, "answer": "query", "check": "query"}
    databases = "data/sources/databases"
    project.set(
        {
            "student.fake": {"knows": "known.jsonl", "untaught": ["base"]},
            "source": {
                "check": None,
                "plugin": "table",
                "path": "data/sources/questions.jsonl",
                "table": names,
            },
            "verifier": {
                "plugin": "sql",
                "path": databases,
                "sql": {
                    "database": f"{databases}/one.sqlite",
                    "further": [f"{databases}/two.sqlite"],
                },
            },
            "advisor": {"plugin": "verifier", "verifier": {}},
            "judge": {"plugin": "verifier", "verifier": {}},
            "duplicates": {"near": None, "held_out": None},
            "guideline.enabled": False,
            "distill.questions": 12,
            "revisers": {"v1": {"from": "sft"}},
            "iterate.questions": None,
            "iterate.set_aside": 0.4,
            "rounds": {"r1": {"from": "sft", "among": "untaught"}},
            "pairs.questions": None,
            "pairs.chosen": VOTE,
            "explore.strategies": {"vote": VOTE},
            "turns": {"t1": {"from": "r1", "against": "base", "among": "unasked"}},
            "evaluate": {"base": {"before": "base"}, "sft": {"before": "base"}},
        }
    )
    project.repro()
    return project


def test_every_checkpoint_has_its_share_of_right_answers(done: Project) -> None:
    assert metrics(done, "base")["correct"] == 0, "the base writes no SQL"
    row = metrics(done, "sft")
    verdicts = lines(done, "data/verdicts/sft.jsonl")
    right = sum(verdict["passed"] for verdict in verdicts)
    assert 0 < right < len(verdicts) == len(lines(done, "data/answers/sft.jsonl"))
    assert row["correct"] == round(right / len(verdicts), 3)
    assert row["correct_low"] < row["correct"] < row["correct_high"]
    assert row["p_before"] == row["p_base"] <= 1, "base is the phase before"
    compared = {
        (r["model"], r["against"]): r
        for r in table(done, "metrics/plots/correct.csv")
        if r["category"] == "all"
    }
    assert int(compared["sft", "base"]["gained"]) == right
    told = done.run("python", "-m", "meteor", "table").stdout
    assert "Right answers in %" in told
    phases = told.partition("What each phase took")[2]
    names = re.findall(r"^(\w+) +\| +(\w+) \| +([\d,]+) \| +([\d,]+) \|", phases, re.M)
    found = {name: (start, int(n.replace(",", ""))) for name, start, n, _ in names}
    assert {name: start for name, (start, _) in found.items()} == {
        **{"sft": "base", "v1": "sft", "r1": "sft", "t1": "r1"},
    }
    assert found["sft"][1] == 0 < found["r1"][1], "the accepted answers were written by no model"
    assert "What a point of accuracy cost" in (done.folder / "metrics/report.html").read_text()
    assert "right answers" in (done.folder / "metrics/report.html").read_text()


def test_what_is_right_was_accepted_and_nothing_taught_was_asked(done: Project) -> None:
    taught = {row["id"] for row in lines(done, "data/distilled/train.jsonl")}
    refined = lines(done, "data/iterative/r1.jsonl")
    assert len(taught) == 12 and not taught & {row["id"] for row in refined}
    accepted = [row for row in refined if row["accepted"]]
    assert accepted
    assert all(row["attempts"][-1]["text"] == row["question"]["check"] for row in accepted)


def test_the_judge_gives_no_scores_and_prefers_who_is_right(done: Project) -> None:
    assert lines(done, "data/judgements/sft.jsonl") == []
    assert metrics(done, "sft")["overall"] is None
    passed = {row["id"]: row["passed"] for row in lines(done, "data/verdicts/sft.jsonl")}
    for row in lines(done, "data/preferences/sft.jsonl"):
        share = {"overall": row["first"]["overall"], "coherence": row["first"]["coherence"]}
        assert share == {"overall": 1.0 if passed[row["id"]] else 0.5, "coherence": 0.5}


def test_wrong_drafts_become_what_the_teacher_answered(done: Project) -> None:
    taught = {row["id"]: row["answer"] for row in lines(done, "data/distilled/train.jsonl")}
    rows = lines(done, "data/revisions/v1.jsonl")
    told = json.loads((done.folder / "metrics/rows/revise-v1.json").read_text())["rows"]
    assert told["in"] == 12 == told["rejected"] + len(rows) and told["out"] == len(rows) > 0
    for row in rows:
        asked, draft, advice = row["prompt"]["messages"]
        assert row["answer"] == taught[row["id"].removesuffix("#revision")] != draft["content"]
        assert "Which number" in asked["content"] and "An expert advises:" in advice["content"]
    learned = json.loads((done.folder / "metrics/rows/reteach-v1.json").read_text())
    assert learned["rows"]["out"] == len(rows) + 12 and learned["trainings"]
    gate = json.loads((done.folder / "metrics/gates/v1.json").read_text())
    assert gate["by"] == "correct" and gate["dev_questions"] > 0


def test_the_turn_takes_what_nobody_was_taught_or_asked(done: Project) -> None:
    every = {row["id"] for row in lines(done, "data/raw/train.jsonl")}
    history = json.loads((done.folder / "models/r1/questions.json").read_text())
    left = every - {*history["taught"], *history["asked"]}
    assert len(left) == round(0.4 * (len(every) - 12))
    assert {row["id"] for row in lines(done, "data/pairs/t1.jsonl")} <= left
    rows = json.loads((done.folder / "metrics/rows/pairs-t1.json").read_text())["rows"]
    assert rows["in"] == len(left) == rows["out"] + rows["rejected"]


def test_more_than_there_are_is_refused_by_meteor_check(done: Project) -> None:
    params = (done.folder / "params.yaml").read_text()
    done.set({"iterate.set_aside": 0, "iterate.questions": 500})
    for command in ("check", "estimate"):
        refused = done.run("python", "-m", "meteor", command, check=False)
        assert refused.returncode == 2
        assert "none is left that is unasked; teach fewer (distill.questions)" in refused.stderr
    (done.folder / "params.yaml").write_text(params)


def test_pairs_say_how_many_samples_agreed(done: Project) -> None:
    pairs: list[dict[str, Any]] = lines(done, "data/pairs/t1.jsonl")
    assert pairs and all(0 <= pair["votes"] <= pair["samples"] == 4 for pair in pairs)


def test_an_edited_database_is_verified_again(done: Project) -> None:
    file = done.folder / "data/sources/databases/one.sqlite"
    file.unlink()
    database(file, 3, 2, 1)
    told = json.loads(done.run("dvc", "status", "--json").stdout)
    assert {name.split("@")[0] for name in told} == {"verifier", "vet", "verify"}


def test_the_gate_counts_right_answers_to_the_dev_questions(done: Project) -> None:
    dev = lines(done, "data/raw/dev.jsonl")
    for name in ("r1", "t1"):
        row = json.loads((done.folder / f"metrics/gates/{name}.json").read_text())
        assert row["by"] == "correct" and row["dev_questions"] == len(dev) > 0
        assert 0 <= row["dev_correct"] <= 1 and row["dev_nll"] > 0
