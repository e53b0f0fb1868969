"""What README and docs say of gains is what the recorded answers come to."""

import pytest

from benchmarks.gains import CONTROLS, STEPS, gains, read, shares
from tests.conftest import ROOT

SETS = {"questions": 210, "held_back": 159}
README = (ROOT / "README.md").read_text(encoding="utf-8")
GAINS = (ROOT / "docs/gains.md").read_text(encoding="utf-8")


def told(name: str) -> dict[str, list[str]]:
    """The cells of each checkpoint: right answers by seed, and the share."""
    rows = (line.strip("| ").split(" | ") for line in shares(read(ROOT / f"docs/gains/{name}.csv")))
    return {checkpoint: cells for checkpoint, *cells in rows}


@pytest.mark.parametrize("name", SETS)
def test_every_question_is_marked_once(name: str) -> None:
    """A column a checkpoint and seed, each of all held-out questions."""
    marks = read(ROOT / f"docs/gains/{name}.csv")
    assert {len(seeds[seed]) for seeds in marks.values() for seed in seeds} == {SETS[name]}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("checkpoint", ["sft", "r1", "r2", "t1", "more", "flat", "gold"])
def test_docs_say_what_was_recorded(name: str, checkpoint: str) -> None:
    """In the docs' own spelling: `48 % (43 to 53)`."""
    by_seed, share = told(name)[checkpoint]
    spelt = share.replace("% (", " % (").replace("% to", " to").replace("%)", ")")
    assert f"| {by_seed} | {spelt} |" in GAINS


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("pairs", [STEPS, CONTROLS], ids=["steps", "controls"])
def test_docs_say_what_each_step_gains(name: str, pairs: tuple[tuple[str, str], ...]) -> None:
    """Points, their interval and p."""
    for line in gains(read(ROOT / f"docs/gains/{name}.csv"), pairs):
        _, points, p, *_ = line.strip("| ").split(" | ")
        spelt = points.replace("(+", "(").replace("to +", "to ")
        assert f"| {spelt} | {p} |" in GAINS


@pytest.mark.parametrize("checkpoint", ["sft", "r2", "t1", "more", "gold"])
def test_the_readme_says_what_was_recorded(checkpoint: str) -> None:
    """Both columns of its first table."""
    cells = [told(name)[checkpoint][1].replace("% to", " to") for name in SETS]
    assert f"| {cells[0]} | {cells[1]} |" in README
