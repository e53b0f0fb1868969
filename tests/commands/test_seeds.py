"""`meteor table --seeds` tells the spread between seeds beside that between questions."""

from typing import Any

import pytest

from meteor.commands.seeds import spread
from meteor.core.errors import MeteorError


def row(seed: int, score: float, rev: str = "x", **settings: Any) -> dict[str, Any]:
    """A row of `dvc.api.exp_show`."""
    figures = {"overall": score, "win_rate": 0.5, "win_low": 0.4, "win_high": 0.6}
    return {
        **{"Experiment": None, "rev": rev, "Created": rev, "training_seed": seed, "seed": 7},
        **{f"metrics/sft.json:{name}": value for name, value in figures.items()},
        **{"data/answers/sft.jsonl": rev, "sft.plugin": "trl", **settings},
    }


def test_the_spread_is_over_the_seeds_and_not_over_other_experiments() -> None:
    rows = [row(7, 7.0), row(7, 7.0), row(8, 7.5), row(9, 6.5), row(10, 1.0, **{"sft.plugin": "x"})]
    said = spread(rows)
    assert "Seeds of the trainings 7, 8, 9:" in said[0]
    assert said[3:] == [
        "model | overall | win rate, % | NLL | general NLL",
        "--- | ---: | ---: | ---: | ---:",
        "sft | 7.00 ± 0.50 | 50 ± 0.0 (5.1) | - | -",
    ]


def test_without_another_seed_it_says_how_to_get_one() -> None:
    with pytest.raises(MeteorError, match="training_seed=8,9"):
        spread([row(7, 7.0), row(7, 7.0), row(8, 1.0, **{"sft.plugin": "x"})])
