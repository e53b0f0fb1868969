"""The headline: what came out, and what it took in money, hours and computation."""

import re
from pathlib import Path

import pytest

from meteor.chat.replies import Reply
from meteor.core.jsonl import write_json
from meteor.pipeline import Lineage, Locked
from meteor.report.figures import evolution
from meteor.report.gathering import Run, gather
from meteor.report.headline import tiles
from meteor.report.page import render
from meteor.transport.ledger import Ledger
from tests.report.runs import paths, write_checkpoint, write_questions, write_training

NAMES = ("distill", "judge@base", "judge@sft", "score@base", "score@sft")
LINEAGE = Lineage({name: Locked(name, "python -m x") for name in NAMES})


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of two checkpoints, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    questions = write_questions(tmp_path, 20)
    write_checkpoint(tmp_path, "base", questions, 5.0)
    write_checkpoint(tmp_path, "sft", questions, 6.0)
    write_training(tmp_path, questions[:5])
    return gather(paths(tmp_path), ["base", "sft"], ["r1"], ())


def told(run: Run) -> dict[str, tuple[str, str]]:
    return {tile.label: (tile.value, tile.note) for tile in tiles(run, LINEAGE, [])}


def test_base_stands_against_the_last_checkpoint_with_its_interval(run: Run) -> None:
    found = told(run)
    share, note = found["sft wins against base"]
    assert share == "92%" and note.startswith("ties half; 95%: ")
    assert found["overall score"][0].count(" → ") == 1
    assert found["NLL of experts' answers"][0] == "2.500 → 2.400"


def test_a_control_is_neither_the_last_checkpoint_nor_on_the_line(run: Run, tmp_path: Path) -> None:
    write_checkpoint(tmp_path, "more", run.questions, 3.0)
    beside = gather(paths(tmp_path), ["base", "sft", "more"], ["r1"], {"more"})
    assert told(beside) == told(run)
    (scores,) = (found for found in evolution(beside) if found.title == "Overall score")
    assert len(scores.rows) == 3
    every = gather(paths(tmp_path), ["base", "sft", "more"], ["r1"], ())
    (joined,) = (found for found in evolution(every) if found.title == "Overall score")
    assert corners(scores.svg) == 2 and corners(joined.svg) == 3


def corners(svg: str) -> int:
    """How many points the line of a figure goes through."""
    lines: list[str] = re.findall(r'class="mark-line[^>]*><path d="([^"]*)"', svg)
    return lines[0].count("L") + lines[0].count("M")


def test_computation_and_time_of_trainings_are_those_of_the_summaries(run: Run) -> None:
    found = told(run)
    assert found["training FLOPs"][0] == "5 TFLOPs"
    assert found["training time"] == ("1.5 min", "the steps of 2 trainings")


def test_the_stages_took_what_they_last_took_here(run: Run) -> None:
    assert "time of the stages" not in told(run)
    for name, state, ended in (
        ("distill", "finished", "2026-01-01T01:00:00+00:00"),
        ("score", "finished", "2026-01-01T00:30:00+00:00"),
        ("judge@sft", "running", "2026-01-01T05:00:00+00:00"),
        ("of-another-dag", "finished", "2026-01-01T05:00:00+00:00"),
    ):
        begun = "2026-01-01T00:00:00+00:00"
        noted = {"state": state, "started": begun, "updated": ended}
        write_json(Path(".meteor/stages") / f"{name}.json", noted)
    Path(".meteor/stages/judge@base.json").write_text("{")
    value, note = told(run)["time of the stages"]
    assert value == "1.5 h" and note == "2 stages, as they last ran on this machine"


def test_what_was_paid_is_the_sum_of_this_runs_stages(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(run)["paid"][0] == "nothing"
    monkeypatch.setenv("METEOR_LEDGER", str(tmp_path / "ledger.sqlite"))
    write_json(Path(".meteor/stages/guideline.json"), {"state": "running"})
    with Ledger() as ledger:
        for key, stage, cost in (
            ("a", "distill", 1.5),
            ("b", "judge@sft", 0.25),
            ("c", "judge@sft", None),
            ("d", "guideline", 0.5),
            ("e", "judge@another", 9.0),
        ):
            reply = Reply("yes", "stop", 10, 5, cost=cost)
            ledger.put(key, reply, stage=stage, run="r", endpoint="e", model="m")
    page = render(run, LINEAGE)
    note = "4 calls, by the ledger of this machine; 1 without a price"
    assert f"<strong>2.25</strong><small>{note}</small>" in page
    assert "<td>guideline</td>" in page and "judge@another" not in page


def test_before_the_first_stage_there_is_no_headline(tmp_path: Path) -> None:
    assert tiles(gather(paths(tmp_path), ["base"], [], ()), Lineage({}), []) == []
