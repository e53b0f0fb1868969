"""What a point of accuracy cost: the phases beside their controls, from what stages left behind."""

from pathlib import Path
from typing import Any

import pytest

from meteor.core.jsonl import write_json
from meteor.pipeline import Lineage, Locked
from meteor.report.accounts import Total
from meteor.report.phases import COLUMNS, phases, table

STARTS = {"sft": "base", "r1": "sft", "t1": "r1", "more": "sft"}
TRAINERS = {"sft": "finetune", "r1": "iterate@r1", "t1": "selftrain@t1", "more": "retrain@more"}
OTHERS = ("ingest", "guideline", "distill", "pairs@t1", "explore@t1", "vet@t1", "lessons@more")
WRITTEN = {
    "guideline": {"texts": 10, "tokens": 300, "flops": 3e12},
    "distill": {"texts": 10, "tokens": 500, "flops": None},
    "iterate-r1": {"texts": 40, "tokens": 800, "flops": 8e12},
    "pairs-t1": {"texts": 20, "tokens": 600, "flops": 6e12},
}
TRAINED = {"tokens": 1000, "epochs": 2.0, "flops": 1e12}
RIGHT = {"base": 0, "sft": 10, "r1": 30, "t1": 32, "more": 12}
"""Of forty questions, the first so many."""
KNOWN = {name: {f"q{n}": n < hits for n in range(40)} for name, hits in RIGHT.items()}


def lineage(**params: Any) -> Lineage:
    stages = [
        Locked(stage, f"x --start models/{STARTS[name]}", {}, {f"models/{name}": "1" * 32})
        for name, stage in reversed(TRAINERS.items())
    ]
    stages += [Locked(name, "x --out y", params=params) for name in OTHERS]
    return Lineage({stage.name: stage for stage in stages})


def rows() -> dict[str, dict[str, Any]]:
    trained = {stage.replace("@", "-"): {"trainings": [TRAINED]} for stage in TRAINERS.values()}
    for name, written in WRITTEN.items():
        trained[name] = {**trained.get(name, {}), "written": written}  # type: ignore[dict-item]
    return trained


def paid(stage: str, cost: float, unpriced: int = 0) -> Total:
    return Total("gpt", stage, "2026-01-01", 1, 1, 1, cost, unpriced)


def told(
    found: Lineage | None = None,
    summaries: dict[str, dict[str, Any]] | None = None,
    calls: tuple[Total, ...] = (),
    known: Any = KNOWN,
) -> dict[str, dict[str, Any]]:
    """The table, by checkpoint and column."""
    summaries = rows() if summaries is None else summaries
    head, *lines = table(found or lineage(), summaries, calls, known, {"sft": 0.75})
    return {line[0]: dict(zip(head, line, strict=True)) for line in lines}  # type: ignore[misc,arg-type]


def ended(*stages: str) -> None:
    """They ran on this machine, two minutes each."""
    begun, now = (f"2026-01-01T10:0{minute}:00+00:00" for minute in (0, 2))
    note = {"state": "finished", "started": begun, "updated": now}
    for stage in stages:
        write_json(Path(f".meteor/stages/{stage}.json"), note)


@pytest.fixture(autouse=True)
def somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_phases_stand_in_their_order_and_controls_below() -> None:
    found = {phase.checkpoint: phase for phase in phases(lineage())}
    assert list(found) == ["sft", "r1", "t1", "more"]
    assert found["sft"].stages == ("guideline", "distill", "finetune")
    assert found["t1"].stages == ("pairs@t1", "vet@t1", "selftrain@t1"), "exploring trains nobody"
    assert [name for name, phase in found.items() if phase.control] == ["more"]
    assert list(told()) == ["sft", "r1", "t1", "more (control)"]
    assert table(Lineage({}), {}, (), {}, {}) == []


def test_what_a_phase_took_is_what_its_stages_wrote_and_trained() -> None:
    ended("guideline", "iterate@r1", "pairs@t1")
    found = told(calls=(paid("distill", 2.0), paid("judge@sft", 9.0), paid("vet@t1", 0.5)))
    sft = found["sft"]
    assert (sft["tokens written"], sft["tokens trained"], sft["TFLOP"]) == (800, 2000, 4.0)
    assert (sft["paid"], found["r1"]["paid"], found["t1"]["paid"]) == (2.0, 0, 0.5)
    assert sft["over base, %"] == 75.0 and found["r1"]["over base, %"] is None
    assert found["more (control)"]["tokens written"] == 0
    assert sft["minutes"] is None and found["r1"]["minutes"] == 2.0


def test_a_point_costs_something_where_a_gain_is_shown() -> None:
    found = told(calls=(paid("iterate@r1", 5.0),))
    assert found["r1"]["points"] == pytest.approx(50) and found["r1"]["p"] < 0.001
    assert found["r1"]["TFLOP a point"] == pytest.approx(9 / 50)
    assert found["r1"]["paid a point"] == pytest.approx(0.1)
    for name in ("t1", "more (control)"):
        assert found[name]["points"] == pytest.approx(5) and found[name]["p"] == 0.5
        assert found[name]["TFLOP a point"] is None and found[name]["paid a point"] is None
    worse = told(known={**KNOWN, "r1": KNOWN["base"]})["r1"]
    assert (
        worse["points"] == pytest.approx(-25)
        and worse["p"] < 0.05
        and worse["TFLOP a point"] is None
    )


def test_without_a_verifier_there_are_no_points() -> None:
    assert list(told(known={})["sft"]) == [*COLUMNS[:5], *COLUMNS[6:8]]


def test_what_is_not_known_is_not_made_up() -> None:
    old = rows()
    del old["iterate-r1"]["written"]  # of a version that did not count
    assert (found := told(summaries=old))["r1"]["tokens written"] is None
    assert found["r1"]["TFLOP"] is None and found["sft"]["TFLOP"] == 4.0
    assert "tokens trained" not in told(summaries={})["sft"], "no summary is here"
    ended("guideline")
    assert told(calls=(paid("distill", 2.0),))["sft"]["paid"] == 2.0
    assert told(calls=(paid("distill", 2.0, unpriced=1),))["sft"]["paid"] is None
    switched_off = rows()
    del switched_off["guideline"]
    off = lineage(guideline={"enabled": False})
    assert told(off, switched_off)["sft"]["tokens written"] == 500
    assert told(summaries=switched_off)["sft"]["tokens written"] is None


def test_minutes_are_those_of_all_stages_of_a_phase() -> None:
    assert "minutes" not in told()["sft"], "no stage has ended on this machine"
    ended("guideline", "distill", "finetune", "pairs@t1")
    found = told()
    assert found["sft"]["minutes"] == 6.0 and found["sft"]["paid"] == 0
    assert found["t1"]["minutes"] is None, "vet and selftrain ended elsewhere"
    assert found["t1"]["paid"] is None, "and may have been paid there"
