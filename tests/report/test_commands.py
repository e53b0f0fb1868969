"""ask, trace, status and plots, as a user runs them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.chat.replies import Reply
from meteor.commands.ask import Talker, checkpoint_folder, first_turn
from meteor.commands.plots import offline_page
from meteor.commands.status import Line, spent, status
from meteor.core.domain import Domain
from meteor.core.errors import SettingsError
from meteor.core.jsonl import write_json, write_records
from meteor.core.params import load_params
from meteor.core.records import Draft
from meteor.core.settings import Decoding
from meteor.pipeline import stage_names
from meteor.planning.evaluation import compare, judge
from meteor.planning.plan import Plan, ask
from meteor.running.processes import process_name
from meteor.transport.ledger import Ledger
from tests.conftest import Project
from tests.report.runs import write_checkpoint, write_questions, write_training


def test_an_answer_comes_in_pieces_and_can_be_stopped(tiny_checkpoint: Path) -> None:
    talker = Talker("tiny", tiny_checkpoint, Decoding(max_new_tokens=64))
    whole = "".join(talker.answer("What is overfitting?"))
    assert whole and [turn["role"] for turn in talker.turns] == ["user", "assistant"]
    pieces = talker.answer("And more?")
    next(pieces)
    pieces.close()
    assert talker.stopped.is_set()
    assert len(talker.turns) == 4
    assert len(talker.turns[-1]["content"]) < len(whole)


def test_a_chat_that_outgrows_the_window_forgets_its_oldest_turns(tiny_checkpoint: Path) -> None:
    talker = Talker("tiny", tiny_checkpoint, Decoding(max_new_tokens=100))
    for _ in range(4):
        "".join(talker.answer("Tell me of everything that you know. " * 5))
    assert talker._inputs(400)["input_ids"].shape[1] <= 400
    assert len(talker.turns) == 8


def test_a_question_is_asked_as_the_held_out_ones_are() -> None:
    text = "What is a kernel?"
    assert first_turn([], text, True, Domain()) == text
    assert "Explain the reasoning." in first_turn([], text, False, Domain())


def test_an_unknown_checkpoint_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="no checkpoint 'r9' \\(base, sft"):
        checkpoint_folder("r9", load_params())


DRAFTS = ("a draft", "a better one")
EVALUATED = {"answers": "sft", "base": "base", "before": "base"}


def told(state: str, **changes: Any) -> dict[str, Any]:
    begun = datetime.now(UTC) - timedelta(seconds=20)
    return {
        "stage": "distill",
        "state": state,
        "process": "elsewhere/1/2.00",
        "run": "this",
        "started": begun.isoformat(timespec="seconds"),
        "updated": (begun + timedelta(seconds=10)).isoformat(timespec="seconds"),
        **{"what": "teacher_answer", "done": 5, "total": 20, "error": None},
        **changes,
    }


def test_status_tells_done_changed_running_stopped_failed_and_to_come(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    monkeypatch.chdir(project.folder)
    params = yaml.safe_load(Path("params.yaml").read_text())
    locked = {
        "base": {
            "cmd": "python -m stages.base --out x",
            "params": {"params.yaml": {"seed": 7, "selftrain": "RATE"}},
        },
        "ingest": {"cmd": "python -m stages.ingest", "params": {"params.yaml": {"seed": 8}}},
        "answer@base": {"cmd": "a", "outs": [{"path": "data/answers/base.jsonl", "md5": "1"}]},
        "judge@base": {"cmd": "j", "deps": [{"path": "data/answers/base.jsonl", "md5": "1"}]},
    }
    text = yaml.safe_dump({"schema": "2.0", "stages": locked})
    # As DVC writes a small number, which it reads from `1.0e-5` and from `1e-5`.
    schedule = "{schedule: {epochs: 2, learning_rate: 1e-05}, replay: 0}"
    Path("dvc.lock").write_text(text.replace("RATE", schedule))
    folder = Path(".meteor/stages")
    write_json(folder / "guideline.json", told("running", process=process_name(os.getpid())))
    write_json(folder / "distill.json", told("running"))
    write_json(folder / "finetune.json", told("failed", error="the loss is not finite"))
    found = {line.stage: line for line in status(Path("dvc.yaml"), Path("params.yaml"))}
    assert found["base"] == Line("base", "done")
    assert found["ingest"] == Line("ingest", "changed", "parameter seed")
    assert found["guideline"].state == "running"
    assert found["guideline"].note == "teacher_answer: 5/20, 0.50/s, 30 s left"
    assert found["distill"].state == "stopped"
    assert found["finetune"] == Line("finetune", "failed", "the loss is not finite")
    assert found["answer@sft"] == Line("answer@sft", "to come")
    for stage in ("answer@base", "judge@base"):
        assert found[stage] == Line(stage, "to come", "data/answers/base.jsonl is not here")
    assert set(stage_names(params)) == set(found)
    shown = project.run("python", "-m", "meteor", "status").stdout
    assert "1 done, 1 changed, 1 running, 1 stopped, 1 failed" in shown
    assert "cost: no run is recorded (no budget is set)" in shown


def test_a_cost_of_nothing_says_what_had_no_price(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("METEOR_LEDGER", str(tmp_path / "ledger.sqlite"))
    monkeypatch.setattr("meteor.commands.status.FOLDER", tmp_path)
    write_json(tmp_path / "run.json", {"run": "r"})
    origin = {"stage": "distill", "endpoint": "e", "model": "m"}
    with Ledger() as ledger:
        for run, key, cost in (
            ("r", "a", 0.5),
            ("r", "b", None),
            ("r", "c", None),
            ("s", "d", None),
        ):
            ledger.put(key, Reply("{}", "stop", 7, 3, cost=cost), run=run, **origin)
    shown = "cost: 0.5000 (no budget is set; 2 replies had no price: api.prices)"
    assert spent(load_params()) == shown


def test_trace_follows_a_question_to_the_weights_and_the_verdict(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    folder = Path("run")
    questions = write_questions(folder, 3)
    write_checkpoint(folder, "sft", questions, 6.0, texts={"q0001": "a spoken answer"})
    write_records(folder / "test.jsonl", questions)
    stages = {
        "finetune": {
            "cmd": "python -m stages.finetune --distilled d --start b --out s",
            "deps": [{"path": "d", "md5": "d" * 32}],
            "outs": [{"path": "s", "md5": "5" * 32}],
        },
        "distill": {"cmd": "python -m stages.distill --out d", "outs": [{"path": "d", "md5": "d"}]},
        **{
            f"{kind}@sft": {
                "cmd": f"python -m stages.{kind} {given} --out run/{room}/sft.jsonl",
                "outs": [{"path": f"run/{room}/sft.jsonl", "md5": room * 3}],
            }
            for kind, given, room in (
                ("answer", "--checkpoint s", "answers"),
                ("judge", "--answers run/answers/sft.jsonl", "judgements"),
                ("compare", "--answers run/answers/sft.jsonl", "preferences"),
            )
        },
    }
    Path("dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": stages}))
    shown = project.run("python", "-m", "meteor", "trace", "q0001").stdout
    for part in (
        "sft: s 555555555555",
        "s by finetune from\n    d d",
        "answer@sft: run/answers/sft.jsonl",
        "a spoken answer",
        "overall 5.33",
        "against base: accuracy 1",
    ):
        assert part in shown
    missing = project.run("python", "-m", "meteor", "trace", "nobody", check=False)
    assert missing.returncode == 1 and "'nobody'" in missing.stderr


def test_trace_finds_what_was_paid_for_advice_scores_and_comparisons(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("METEOR_LEDGER", str(project.folder / "ledger.sqlite"))
    project.set({"judge.plugin": "chat_api", "advisor.plugin": "chat_api"})
    questions = write_questions(Path("run"), 2)
    write_training(Path("run"), questions)
    stages = {"iterate@r1": {"cmd": "python -m stages.iterate --out run/iterative/r1.jsonl"}}
    for name in ("base", "sft"):
        write_checkpoint(Path("run"), name, questions, 6.0)
        for kind, given, room in (
            ("answer", f"--checkpoint {name}", "answers"),
            ("judge", f"--answers run/answers/{name}.jsonl", "judgements"),
            ("compare", f"--answers run/answers/{name}.jsonl", "preferences"),
        ):
            command = f"python -m stages.{kind} {given} --out run/{room}/{name}.jsonl"
            stages[f"{kind}@{name}"] = {"cmd": command}
    Path("dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": stages}))
    params = load_params()
    paths = {key: f"run/answers/{name}.jsonl" for key, name in EVALUATED.items()}
    drafts = [Draft(id="q0001", question=questions[1], text=t) for t in DRAFTS]
    plans = [
        *judge("judge@sft", paths, params),
        *compare("compare@sft", paths, params),
        *(ask(Plan("i", "advisor"), params, "advisor_advise", drafts=[d]) for d in drafts),
    ]
    with Ledger() as ledger:
        for plan in plans:
            assert plan.settings
            for request in plan.requests:
                reply = Reply("{}", "stop", 7, 3, cost=1.0)
                key = request.key(plan.settings.base_url)
                ledger.put(key, reply, stage="s", run="r", endpoint="e", model=request.model)
    shown = project.run("python", "-m", "meteor", "trace", "q0001", "--model", "sft").stdout
    advice, _, evaluation = shown.partition("answer@sft")
    verdict, _, comparison = evaluation.partition("against base")
    assert advice.count("7 + 3 tokens, cost") == 2
    assert verdict.count("7 + 3 tokens, cost") == 1
    assert comparison.count("7 + 3 tokens, cost") == 2
    assert "no entry" not in shown


def test_the_page_for_plots_loads_nothing() -> None:
    page = offline_page()
    assert "{plot_divs}" in page and "{scripts}" not in page
    assert "src=" not in page.split("<script>")[0]
    assert page.count("</script>") == 1
