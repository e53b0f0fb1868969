"""An experiment finds the plugins and what the user has paid for, here, in a copy, in a queue."""

import csv
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.pipeline import fakes
from tests.transport.server import ChatServer, serving

UNASKED = "teacher.chat_api.typical_tokens"
"""A setting for which DVC runs the stage again, and of which no request tells."""


def test_an_experiment_pays_for_what_is_new(
    finished: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger lies in the user's cache folder first, and then where METEOR_LEDGER says. All
    plugins but the teacher are files of the repository; the student writes down what it was asked.
    """
    calls, cache, moved = (tmp_path / name for name in ("calls", "cache", "moved"))
    monkeypatch.setenv("FAKE_CALLS", str(calls))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.delenv("METEOR_LEDGER", raising=False)
    project = fakes.twin(finished, tmp_path / "project")

    def experiment(name: str, change: str, *how: str) -> str:
        words = ("dvc", "exp", "run", *how, "--name", name, "--set-param", change)
        return project.run(*words, "distill").stdout

    with serving(ChatServer()) as server:
        teacher = {"base_url": server.url, "model": "strong", "typical_tokens": 1}
        project.set({"teacher.plugin": "chat_api", "teacher.chat_api": teacher})
        assert project.repro("distill") == ["distill"]
        paid = server.sent.total()
        assert paid == len(server.sent) > 0
        project.run("git", "add", "--all")
        project.run("git", "commit", "--quiet", "--message", "Pay the teacher")

        assert "Running stage 'distill'" in experiment("here", f"{UNASKED}=2")
        project.run("git", "checkout", "--quiet", ".")
        assert "Running stage 'distill'" in experiment("copied", f"{UNASKED}=3", "--temp")
        (cache / "meteor").rename(moved)
        monkeypatch.setenv("METEOR_LEDGER", str(moved / "ledger.sqlite"))
        experiment("queued", f"{UNASKED}=4", "--queue")
        project.run("dvc", "exp", "run", "--run-all")
        shown = project.run("dvc", "exp", "show", "--csv", "--hide-workspace").stdout
        table = list(csv.DictReader(shown.splitlines()))
        assert "Failed" not in {row["State"] for row in table}
        assert {row["Experiment"]: row[UNASKED] for row in table if row["Experiment"]} == {
            **{"here": "2", "copied": "3", "queued": "4"}
        }
        assert server.sent.total() == paid, "an experiment has paid again"

        assert not calls.exists()
        experiment("florid", "+student.fake.style=florid", "--temp")
        (guidelines,) = fakes.calls(calls, "student_generate")
        assert guidelines["checkpoint"] == "base"
        assert server.sent.total() == len(server.sent) == 2 * paid, "other guidelines, asked once"
