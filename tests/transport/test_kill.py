"""A stage on a bad day, killed five times: nothing is lost, and nothing is paid twice."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from meteor.core.domain import Domain
from meteor.core.records import Question
from meteor.prompts import wording
from meteor.report.accounts import export
from meteor.transport.ledger import Ledger
from tests.conftest import Project
from tests.transport.distilling import prepare, start
from tests.transport.server import Body, ChatServer, fraction, identity, refusals, serving

ROWS = 2000


def sometimes_cut(body: Body) -> tuple[str, str]:
    """2 % of the answers are cut off by the token limit, always the same ones."""
    number = identity({"messages": body["messages"]})
    cut = fraction(number, "cut") < 0.02
    return f"This is the answer {number[:12]}, whole.", "length" if cut else "stop"


def outcome(project: Project) -> tuple[bytes, dict[str, Any]]:
    out = (project.folder / "data/distilled/train.jsonl").read_bytes()
    return out, json.loads((project.folder / "summary.json").read_text())


def test_killed_five_times(make_project: Callable[[], Project], tmp_path: Path) -> None:
    ledger, undisturbed_ledger = tmp_path / "a.sqlite", tmp_path / "b.sqlite"
    with serving(ChatServer(sometimes_cut, refusals, latency=0.05)) as server:
        project = make_project()
        prepare(project, server, ROWS)
        for kill in range(1, 6):
            stage = start(project, ledger)
            while server.sent.total() < kill * 300:
                assert stage.poll() is None, stage.communicate()[1]
                time.sleep(0.003)
            stage.kill()
            stage.wait()
        stage = start(project, ledger)
        said = stage.communicate()[1]
        assert stage.returncode == 0, said
        killed, summary = outcome(project)
        assert [number for number, times in server.sent.items() if times > 1] == []
        keys = in_ledger(ledger)
        assert len(keys) == ROWS and len(server.sent) == ROWS

    with serving(ChatServer(sometimes_cut, refusals, latency=0.05)) as again:
        project = make_project()
        prepare(project, again, ROWS)
        project.set({"teacher.chat_api.base_url": again.url})
        stage = start(project, undisturbed_ledger)
        assert stage.communicate() and stage.returncode == 0
        undisturbed, undisturbed_summary = outcome(project)
    assert killed == undisturbed
    assert summary == undisturbed_summary
    rows = summary["rows"]
    assert rows["in"] == ROWS == rows["out"] + rows["failed"] and rows["failed"] > 0
    assert {row["error"] for row in summary["failed"]} == {
        "the answer is cut off by the token limit (max_tokens 1024)"
    }


def in_ledger(path: Path) -> set[str]:
    with Ledger(path) as ledger:
        return {str(row["key"]) for row in export(ledger)}


def test_prompts_of_the_test_are_those_of_the_stage() -> None:
    """The fault server tells requests apart by their prompts, so no two may be alike."""
    first, second = (
        wording.distillation(Domain())(Question(id=i, title=f"What is {i}?"), "Say it.")
        for i in "ab"
    )
    assert first.messages != second.messages
