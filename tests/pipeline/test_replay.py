"""Phase 1's rows train again beside a turn's pairs, and beside its control's."""

from pathlib import Path

import pytest

from meteor.core.jsonl import write_records
from meteor.core.records import Distilled, Pair, Question
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.fake_plugins import SOURCES
from tests.pipeline.rounds import PATHS, Round
from tests.pipeline.test_gate import SELFTRAIN

SHUFFLE = {
    **{key: SELFTRAIN[key] for key in ("pairs", "passed", "distilled", "start", "losses")},
    **{"name": "random", "out": "models/random", "summary": "metrics/rows/shuffle-random.json"},
}


@pytest.fixture
def turn(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Round:
    """Four pairs, six taught answers."""
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    the_turn = Round(project, tmp_path / "calls")
    project.plugin("pairwise", "fake", SOURCES["pairwise"])
    project.set({"pairwise.plugin": "fake"})
    taught = [
        Distilled(
            id=f"k{n}", question=Question(id=f"k{n}", title="?"), guideline=None, answer="So."
        )
        for n in range(6)
    ]
    write_records(the_turn.folder / PATHS["distilled"], taught)
    prompt = {"id": "q", "messages": ({"role": "user", "content": "Why?"},)}
    flops = {"chosen_flops": 10.0, "rejected_flops": 1.0}
    row = {"prompt": prompt, "chosen": "Right.", "rejected": "Wrong.", **flops}
    pairs = [Pair.model_validate({"id": f"q{n}", **row}) for n in range(4)]
    write_records(the_turn.folder / SELFTRAIN["pairs"], pairs)
    fakes.pass_pairs(project, SELFTRAIN["pairs"], SELFTRAIN["passed"])
    return the_turn


@pytest.mark.parametrize("stage, settings", [("selftrain", SELFTRAIN), ("shuffle", SHUFFLE)])
@pytest.mark.parametrize("replay, again", [(0, 0), (0.5, 2), (1, 4), (9, 6)])
def test_taught_answers_train_beside_the_pairs(
    turn: Round, stage: str, settings: dict[str, str], replay: float, again: int
) -> None:
    turn.project.set({"selftrain.replay": replay})
    done = fakes.stage(turn.project, stage, **settings)
    assert done.returncode == 0, done.stderr
    (call,) = fakes.calls(turn.calls, "pairwise_train")
    replayed = [row for row in call["rows"] if row["id"].startswith("k")]
    assert len(call["rows"]) == 4 + again and len(replayed) == again
    assert all(row["chosen"] == row["rejected"] == "So." for row in replayed)
    rows = fakes.read_json(turn.folder / settings["summary"])["rows"]
    assert rows == {"in": 4 + again, "out": 4 + again, "rejected": 0, "failed": 0}
