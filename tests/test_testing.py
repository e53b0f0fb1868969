"""The conformance kit: what ships passes it, and what is wrong does not."""

import importlib
import json
import sqlite3
import sys
import types
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from meteor import testing
from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.judgements import ASPECTS, DIMENSIONS, Judgement, Scores
from meteor.core.params import load_params
from meteor.core.records import Failed
from meteor.core.roles import find_plugin
from meteor.core.settings import Settings
from meteor.running.conformance import check_imports
from meteor.running.context import Context
from meteor.running.observers import load_observer
from tests.chat.verdicts import scores, ticket_in
from tests.conftest import ROOT
from tests.transport.server import Body, ChatServer, serving


def starting(role: str) -> Any:
    return importlib.import_module(f"meteor.commands.templates.{role}")


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An endpoint that answers, advises and judges."""

    def write(body: Body) -> tuple[str, str]:
        asked = body["messages"][-1]["content"]
        if '"ticket"' not in asked:
            return f"An answer to {len(asked)} characters.", "stop"
        verdict = scores(ticket_in(body))
        if '"better"' in asked:
            part = {"reason": "It says more.", "better": "first"}
            verdict = {"ticket": ticket_in(body), **dict.fromkeys(ASPECTS, part)}
        if '"correct"' in asked:
            verdict = {"ticket": ticket_in(body), "correct": False, "advice": "Mend it, bitte."}
        return json.dumps(verdict), "stop"

    with serving(ChatServer(write=write)) as running:
        yield running.url


@pytest.mark.parametrize("plugin", ["chat_api", starting("teacher"), "accepted_answer"])
def test_teachers(plugin: Any, server: str) -> None:
    testing.check_teacher(plugin, **_endpoint(plugin, server))


def test_the_teacher_in_this_process(tiny_checkpoint: Path) -> None:
    decoding = {"strategy": "sample", "max_new_tokens": 8}
    testing.check_teacher("transformers", model=tiny_checkpoint, decoding=decoding, **EXACT)


@pytest.mark.parametrize("plugin", ["chat_api", starting("advisor"), "reference"])
def test_advisors(plugin: Any, server: str) -> None:
    testing.check_advisor(plugin, **_endpoint(plugin, server))


@pytest.mark.parametrize("plugin", ["chat_api", starting("judge"), "reference"])
def test_judges(plugin: Any, server: str) -> None:
    testing.check_judge(plugin, **_endpoint(plugin, server))


CODE = "def add(a, b):\n    return a + b"


@pytest.mark.parametrize(
    ("plugin", "right", "settings"),
    [
        ("none", [], {}),
        ("exact", [("Nile.", "nile"), ("the Nile", ["nile", "the nile"])], {}),
        ("choice", [("It is B.", "B")], {"labels": ["A", "B"]}),
        ("number", [("1,000 m", {"value": 1, "unit": "km"})], {}),
        ("number", [("$1/2$", "0.5")], {"math": True}),
        ("json", [('{"a": 1}', {"fields": {"a": 1}})], {}),
        ("pattern", [("a1", r"[a-z]\d")], {}),
        ("python", [(CODE, "assert add(1, 2) == 3")], {}),
        (starting("verifier"), [("it is there", ["it", "is"])], {}),
    ],
)
def test_verifiers(plugin: Any, right: list[tuple[str, Any]], settings: dict[str, Any]) -> None:
    testing.check_verifier(plugin, *right, **settings)


def test_verifiers_that_run_something(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "some.sqlite")) as connection:
        connection.execute("CREATE TABLE some (value)")
    testing.check_verifier("sql", ("SELECT 1", "SELECT 1"), database=tmp_path / "some.sqlite")
    script = """
import json, sys
for line in sys.stdin:
    row = json.loads(line)
    print(json.dumps({"id": row["id"], "passed": row["answer"] == row["check"]}))
"""
    program = [sys.executable, "-c", script]
    testing.check_verifier("command", ("right", "right"), program=program)


EXACT = {"dtype": "float32", "device": "cpu"}


def test_students(tiny_checkpoint: Path, server: str) -> None:
    testing.check_student("transformers", tiny_checkpoint, **EXACT)
    testing.check_student(starting("student"), tiny_checkpoint)
    testing.check_student("chat_api", tiny_checkpoint, base_url=server, model="student")


def test_sources(tmp_path: Path) -> None:
    testing.check_source("meteor_json", ROOT / "data/sources/machine_learning")
    (tmp_path / "ml.jsonl").write_text('{"id": 1, "title": "What is it?"}\nnot JSON\n')
    testing.check_source(starting("source"), tmp_path)


def test_bases(tiny_checkpoint: Path) -> None:
    testing.check_base(starting("base"), checkpoint=tiny_checkpoint)
    testing.check_base("hub", model=str(tiny_checkpoint), dtype="float32")


def test_trainers(tiny_checkpoint: Path) -> None:
    testing.check_sft(starting("sft"), tiny_checkpoint)
    testing.check_pairwise(starting("pairwise"), tiny_checkpoint, twice=False)


@pytest.mark.parametrize("role", ["sft", "pairwise"])
def test_the_trainers_that_ship(role: str, tiny_checkpoint: Path) -> None:
    """That they give the same bytes again is looked at with their other tests."""
    check = getattr(testing, f"check_{role}")
    check("trl", tiny_checkpoint, twice=False, batch_size=2, max_length=400)


def test_observers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METEOR_JOURNAL", str(tmp_path / "journal"))
    testing.check_observer("progress")
    testing.check_observer(starting("observer"))
    params = load_params()
    check_imports("dvclive", find_plugin("observer", "dvclive"))
    monkeypatch.chdir(tmp_path)
    dvclive = sys.modules["plugins.observer.dvclive"]
    testing.check_observer(dvclive, params)
    assert "finished" not in (tmp_path / "journal").read_text()
    told = [json.loads(line) for line in (tmp_path / "journal").read_text().splitlines()]
    assert told[0]["rows"] == {"in": 2, "out": 2}
    assert told[1]["error"] == "the data are ill"


def test_dvclive_writes_losses_and_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = find_plugin("observer", "dvclive")
    monkeypatch.chdir(tmp_path)
    context = Context("finetune", {"dvclive": load_observer("dvclive", module)})
    context.tell("stage_started", params=None)
    report = {"steps": [{"step": n, "loss": 3.0 - n} for n in (1, 2)]}
    context.tell("checkpoint_written", checkpoint=tmp_path, report=report)
    context.tell("stage_finished", seconds=1.5, summary={"steps": 2, "rows": {"in": 2}})
    losses = (tmp_path / "dvclive/finetune/plots/metrics/loss.tsv").read_text().splitlines()
    assert [line.split("\t")[-1] for line in losses] == ["loss", "2.0", "1.0"]
    numbers = json.loads((tmp_path / "dvclive/finetune/metrics.json").read_text())
    assert (numbers["seconds"], numbers["steps"]) == (1.5, 2)


def _endpoint(plugin: Any, server: str) -> dict[str, Any]:
    return {"base_url": server, "model": "strong"} if plugin == "chat_api" else {}


class Bare(Settings):
    """A setting without a word about it."""

    secret: int = 3


class Nothing(Settings):
    """Nothing to set."""


COUNT = [0]


def good(answers: Any, change: int = 0) -> Iterator[Judgement]:
    for answer in answers:
        yield Judgement(
            id=answer.id, scores=Scores(**dict.fromkeys(DIMENSIONS, 5.0 + change)), reasons={}
        )


def restless(answers: Any) -> Iterator[Judgement]:
    COUNT[0] += 1
    return good(answers, COUNT[0] % 3)


@pytest.mark.parametrize(
    ("settings", "score", "what"),
    [
        (Bare, good, "settings without a description: Bare.secret"),
        (Nothing, restless, "gave other results for the same seed"),
        (Nothing, lambda answers: [*good(answers)][:-1], "gave no answer for 1 rows"),
        (Nothing, lambda answers: [*good(answers or [])] or None, "returned nothing"),
        (Nothing, lambda answers: (Failed(id=a.id, error="no") for a in answers), "every row"),
        (Nothing, lambda answers: 1 / 0, "raised ZeroDivisionError"),
    ],
)
def test_what_does_not_hold_is_named(settings: Any, score: Any, what: str) -> None:
    module = types.ModuleType("types")
    vars(module)["plugin_params"] = hookimpl(lambda: settings)

    def judge_score(answers: Any) -> Any:
        return score(answers)

    vars(module)["judge_score"] = hookimpl(judge_score)
    with pytest.raises((AssertionError, MeteorError), match=what):
        testing.check_judge(module)


def test_a_heavy_import_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    text = Path(starting("judge").__file__).read_text()
    (tmp_path / "heavy_judge.py").write_text(
        text.replace('"""\n\nfrom', '"""\nimport torch\nfrom', 1)
    )
    importlib.invalidate_caches()
    with pytest.raises(AssertionError, match="heavy_judge: import torch inside the functions"):
        testing.check_judge(importlib.import_module("heavy_judge"))
