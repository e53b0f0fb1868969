"""Whole stages with a model at an endpoint: budget, estimate, secrets, and the command line."""

import json
import re
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from tests.conftest import Project, contents
from tests.transport.distilling import prepare, start
from tests.transport.server import Body, ChatServer, Outcome, echo, error, fraction, serving

KEY = "sk-recognisable-0123456789"
PRICES = {"strong": {"input": 100.0, "output": 1000.0, "date": "2026-01-01"}}


def ledger_of(project: Project) -> Path:
    return project.folder / "ledger" / "ledger.sqlite"


def run(project: Project) -> tuple[int, str]:
    stage = start(project, ledger_of(project))
    said = stage.communicate()[1]
    return stage.returncode, said


def test_a_budget_ends_the_stage_with_exit_code_1_and_keeps_all_that_was_paid(
    project: Project,
) -> None:
    with serving(ChatServer()) as server:
        prepare(project, server, 40)
        project.set({"api.prices": PRICES, "api.max_cost": {"stage": 0.6, "run": None}})
        project.set({"teacher.chat_api.max_tokens": 100})
        code, said = run(project)
        assert code == 1 and "the budget is spent" in said and "Traceback" not in said
        assert 5 < server.sent.total() < 40
        project.set({"api.max_cost.stage": 100})
        code, said = run(project)
        assert code == 0, said
        assert server.sent.total() == len(server.sent) == 40


def test_an_unknown_price_under_a_budget_is_a_wrong_setting(project: Project) -> None:
    with serving(ChatServer()) as server:
        prepare(project, server, 3)
        project.set({"api.max_cost": {"stage": 1.5, "run": None}})
        code, said = run(project)
        assert code == 2 and "api.prices" in said and server.arrived == []


def test_estimate_and_bill_agree(project: Project, tiny_checkpoint: Path) -> None:
    """Before the first call, with the model's own tokenizer; and later, as calls have shown."""
    tokenizer = Tokenizer.from_file(str(tiny_checkpoint / "tokenizer.json"))

    def cost(body: Body, text: str) -> tuple[int, int]:
        chat = "".join(
            f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n"
            for turn in body["messages"]
        )
        return len(tokenizer.encode(chat).ids), len(tokenizer.encode(text).ids)

    with serving(ChatServer(cost=cost)) as server:
        prepare(project, server, 60)
        project.set({"api.prices": PRICES})
        answer = len(tokenizer.encode(echo({"messages": []})[0]).ids)
        project.set(
            {
                "teacher.chat_api.tokenizer": str(tiny_checkpoint),
                "teacher.chat_api.typical_tokens": answer,
            }
        )
        first = estimated(project)
        assert first["calls"] == 60 and first["reused"] == 0
        later = project.run("python", "-m", "meteor", "estimate").stdout
        assert re.search(r"^unguided +strong +0 +8 .* answers assumed$", later, re.MULTILINE)
        assert server.arrived == [], "an estimate sends nothing"
        code, said = run(project)
        assert code == 0, said
        bill = billed(project)
        assert first["cost"] == pytest.approx(bill, rel=0.1)
        assert estimated(project) == {"reused": 60, "calls": 0, "cost": 0}

        project.set({"seed": 8, "teacher.chat_api.tokenizer": None})
        assert estimated(project)["cost"] == pytest.approx(bill, rel=0.1)
        reuse = project.run("python", "-m", "meteor", "ledger", "reuse").stdout
        assert "distill" in reuse and "0 calls in the ledger, 60 not" in reuse


def test_before_the_data_are_here_the_estimate_says_what_is_missing(project: Project) -> None:
    project.set({"teacher.plugin": "chat_api"})
    told = project.run("python", "-m", "meteor", "estimate").stdout
    assert "known once they are here: `dvc repro ingest`" in told
    assert "no stage asks an endpoint" in told


def estimated(project: Project) -> dict[str, float]:
    said = project.run("python", "-m", "meteor", "estimate").stdout
    found = re.search(r"^distill +strong +(\d+) +(\d+) +\d+ +\d+ +([\d.]+)", said, re.MULTILINE)
    assert found, said
    return {
        "reused": int(found.group(1)),
        "calls": int(found.group(2)),
        "cost": float(found.group(3)),
    }


def billed(project: Project) -> float:
    said = project.run("python", "-m", "meteor", "ledger").stdout
    assert re.search(r"^\d{4}-\d\d-\d\d distill +strong +60 ", said, re.MULTILINE), said
    rows = project.run("python", "-m", "meteor", "ledger", "export").stdout.splitlines()
    return sum(float(json.loads(row)["cost"]) for row in rows)


def test_a_key_is_found_nowhere_after_a_run(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not in the project, DVC's files, the ledger or what the run said."""

    def loud(number: str, attempt: int, body: Body) -> Outcome | None:
        """Some rows fail, and the error repeats the key."""
        draw = fraction(number)
        return Outcome(400, error(f"{KEY} may not ask that")) if draw < 0.2 else None

    monkeypatch.setenv("STRONG_KEY", KEY)
    with serving(ChatServer(fault=loud)) as server:
        prepare(project, server, 40)
        project.set({"teacher.chat_api.api_key_env": "STRONG_KEY", "max_failed_fraction": 0.5})
        done = project.run("dvc", "repro", "--verbose", "--single-item", "distill")
        assert server.keys_seen == {KEY}
        said = done.stdout + done.stderr
        refused = Outcome(401, error(f"Incorrect API key provided: {KEY}"))
        server.fault = lambda number, attempt, body: refused
        project.set({"seed": 8})
        done = project.run("dvc", "repro", "--single-item", "distill", check=False)
        assert done.returncode and "STRONG_KEY" in done.stdout + done.stderr
        said += done.stdout + done.stderr
    assert "***" in said and KEY not in said
    files = contents(project.folder)
    assert any("cache/files" in str(file) for file in files) and ledger_of(project) in files
    assert not [file for file, data in files.items() if KEY.encode() in data]


def test_settings_that_shape_no_answer_run_nothing_again(project: Project) -> None:
    with serving(ChatServer()) as server:
        prepare(project, server, 5)
        assert project.repro("--single-item", "distill") == ["distill"]
        project.set({"api.concurrency": 3, "api.prices": PRICES, "advisor.chat_api.model": "x"})
        assert project.repro("--single-item", "distill") == []
        project.set({"teacher.chat_api.temperature": 0.1})
        assert project.repro("--single-item", "distill") == ["distill"]
        assert server.sent.total() == 10
        project.set({"teacher.chat_api.temperature": 0.7})
        project.run("dvc", "repro", "--single-item", "--force", "distill")
        assert server.sent.total() == 10, "going back is free"


def test_pruning_wants_to_know_how_much(project: Project) -> None:
    done = project.run("python", "-m", "meteor", "ledger", "prune", check=False)
    assert done.returncode == 2 and "--days or --megabytes" in done.stderr
