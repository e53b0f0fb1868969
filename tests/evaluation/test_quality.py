"""What guidelines do is measured on the answers; where they do nothing, nobody is asked."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pluggy
import pytest

from meteor.core import hookspecs
from meteor.core.hookspecs import hookimpl
from meteor.core.jsonl import write_records
from meteor.core.params import load_params
from meteor.core.records import Completion, Distilled, Example, Likelihood, Question
from meteor.core.roles import Plugin
from meteor.core.settings import Settings
from meteor.running.stage import Stage
from stages import quality as stage
from tests.evaluation.test_judges import Judge


class Student:
    """Finds every word two nats unlikely, and guided words one."""

    @hookimpl
    def student_score(self, examples: Sequence[Example]) -> Iterator[Likelihood]:
        for row in examples:
            words = len(row.answer.split())
            nats = words if "guided" in row.answer.split() else 2 * words
            yield Likelihood(id=row.id, nll=nats, tokens=words)


def plugin(fake: object) -> Plugin:
    manager = pluggy.PluginManager("meteor")
    manager.add_hookspecs(hookspecs)
    manager.register(fake)
    return Plugin("student", "fake", Settings(), manager.hook)


def measure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, judge: Judge, bare: list[str]
) -> dict[str, Any]:
    """The report on as many questions as there are unguided answers."""
    taught = [
        Distilled(
            id=f"q{n}",
            question=Question(id=f"q{n}", title="What?"),
            guideline="Be brief.",
            answer="A guided answer of six words.",
        )
        for n in range(4)
    ]
    write_records(tmp_path / "distilled", taught)
    write_records(
        tmp_path / "unguided",
        [
            Completion(
                id=f"q{n}", text=text, finish_reason="stop", prompt_tokens=1, completion_tokens=1
            )
            for n, text in enumerate(bare)
        ],
    )
    roles = {"judge": judge.plugin, "student": plugin(Student())}
    monkeypatch.setattr(Stage, "load", lambda self, role: roles[role])
    files = [tmp_path / name for name in ("distilled", "unguided", "base", "out", "rows")]
    stage.quality(Stage("quality", load_params()), *files)
    report: dict[str, Any] = json.loads(files[3].read_text())
    return report


def test_the_report_is_the_one_computed_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge(lambda pair: float("guided" in pair.first.split()))
    report = measure(tmp_path, monkeypatch, judge, ["Three bare words."] * 2)
    assert (report["applicable"], report["questions"]) == (True, 2)
    assert (report["guided_wins"], report["inconsistent"]) == (1.0, 0.0)
    guided, bare = report["answers"]
    assert (guided["nll"], guided["words"], guided["score"]) == (1.0, 6.0, 5.0)
    assert (bare["nll"], bare["words"], bare["score"]) == (2.0, 3.0, 5.0)
    assert len(judge.asked) == 4, "both orders"


def test_a_judge_that_fails_on_a_question_leaves_it_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge(lambda pair: None if pair.id.startswith("q1 ") else 1.0)
    settings = load_params()
    lenient = settings.model_copy(update={"max_failed_fraction": 0.5})
    monkeypatch.setattr("tests.evaluation.test_quality.load_params", lambda: lenient)
    report = measure(tmp_path, monkeypatch, judge, ["Three bare words."] * 3)
    assert (report["questions"], report["guided_wins"], report["inconsistent"]) == (2, 0.5, 1.0)
    rows = json.loads((tmp_path / "rows").read_text())["rows"]
    assert rows == {"in": 3, "out": 2, "rejected": 0, "failed": 1}


def test_a_teacher_that_reads_no_guideline_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = Judge(lambda pair: 1.0)
    report = measure(tmp_path, monkeypatch, judge, ["A guided answer of six words."] * 3)
    assert not report["applicable"] and judge.asked == []
    assert report["why"].startswith("not applicable: this teacher does not read guidelines")
