"""The losses of the pairwise trainer: whose likelihood is compared, and what each formula says."""

import math
from pathlib import Path
from typing import Any

import pytest

from meteor.core.records import Pair
from plugins.pairwise import trl as pairwise
from tests.training.preferring import PAIRS, by_hand, mean, means, train


def batch() -> tuple[Any, Any, Any]:
    """Logits, ids and answer masks of two rows: one padded on the left, one on the right."""
    import torch

    logits = torch.randn(2, 6, 5, generator=torch.Generator().manual_seed(0))
    ids = torch.tensor([[0, 1, 2, 3, 4, 1], [2, 3, 1, 4, 0, 0]])
    mask = torch.tensor([[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 0, 0]])
    return logits, ids, mask


def test_answer_means_are_the_mean_log_likelihoods_of_the_answers() -> None:
    logits, ids, mask = batch()
    expected = []
    for row, places in enumerate([[3, 4, 5], [2, 3]]):
        likely = []
        for place in places:  # a token is told by the logits one place before it
            scores = [float(x) for x in logits[row, place - 1]]
            total = math.log(sum(math.exp(x) for x in scores))
            likely.append(scores[int(ids[row, place])] - total)
        expected.append(mean(likely))
    assert pairwise.answer_means(logits, ids, mask).tolist() == pytest.approx(expected, rel=1e-5)


def test_answer_means_do_not_look_at_prompt_and_padding() -> None:
    """Whatever stands there, the means are the same; on the answer each place counts."""
    logits, ids, mask = batch()
    before = pairwise.answer_means(logits, ids, mask)
    for row in range(2):
        for place in range(1, 6):
            other, tokens = logits.clone(), ids.clone()
            other[row, place - 1, 0] += 3.0
            tokens[row, place] = (tokens[row, place] + 1) % 5
            changed = [
                pairwise.answer_means(other, ids, mask),
                pairwise.answer_means(logits, tokens, mask),
            ]
            for after in changed:
                assert bool(after[row] == before[row]) is not bool(mask[row, place])
                assert bool(after[1 - row] == before[1 - row])


def test_answer_means_do_not_grow_with_length() -> None:
    """Longer is not better or worse in itself: twice the same tokens have the same mean."""
    import torch

    logits = torch.randn(5, generator=torch.Generator().manual_seed(0)).expand(2, 7, 5)
    ids = torch.full((2, 7), 3)
    mask = torch.tensor([[0, 1, 1, 1, 0, 0, 0], [0, 1, 1, 1, 1, 1, 1]])
    short, long = pairwise.answer_means(logits, ids, mask).tolist()
    assert short == pytest.approx(long, rel=1e-6)


@pytest.mark.parametrize(
    ("chosen", "rejected", "margin", "anchor", "loss"),
    [
        ([-1.0], [-2.0], 0.5, 0.0, 0.0),  # far enough ahead
        ([-1.0], [-1.2], 0.5, 0.0, 0.3),
        ([-2.0], [-1.0], 0.5, 0.0, 1.5),  # behind
        ([-2.0], [-2.0], 0.0, 0.0, 0.0),
        ([-1.0], [-2.0], 0.5, 0.2, 0.2),  # the anchor pulls on
        ([-2.0], [-1.0], 0.5, 0.2, 1.9),
        ([-1.0, -2.0], [-2.0, -1.0], 0.5, 0.0, 0.75),  # each pair for itself, then the mean
        ([-1.0, -2.0], [-2.0, -1.0], 0.5, 0.2, 1.05),
    ],
)
def test_the_margin_loss(
    chosen: list[float], rejected: list[float], margin: float, anchor: float, loss: float
) -> None:
    import torch

    value = pairwise.margin_loss(torch.tensor(chosen), torch.tensor(rejected), margin, anchor)
    assert float(value) == pytest.approx(loss)


@pytest.mark.parametrize(
    ("chosen", "rejected", "beta", "gamma", "loss"),
    [
        ([-1.0], [-1.0], 2.0, 0.0, math.log(2)),
        ([-1.0], [-2.0], 2.0, 1.0, math.log(1 + math.exp(-1))),
        ([-2.0], [-1.0], 2.5, 0.5, math.log(1 + math.exp(3))),
        ([-1.0, -2.0], [-2.0, -1.0], 1.0, 0.0, math.log(1 + math.exp(-1)) + 0.5),
    ],
)
def test_the_simpo_loss(
    chosen: list[float], rejected: list[float], beta: float, gamma: float, loss: float
) -> None:
    import torch

    value = pairwise.simpo_loss(torch.tensor(chosen), torch.tensor(rejected), beta, gamma)
    assert float(value) == pytest.approx(loss)


def expected(loss: str, now: Path, start: Path, row: Pair) -> float:
    """The loss of one pair by its formula, from the likelihoods of both checkpoints' answers."""
    gains, leads = [], means(now, row)
    for answer in (row.chosen, row.rejected):
        likely, before = by_hand(now, row.prompt, answer), by_hand(start, row.prompt, answer)
        gains.append((sum(likely) - sum(before), len(likely)))
    (chosen, chosen_tokens), (rejected, rejected_tokens) = gains
    by = {
        "dpo": math.log(1 + math.exp(-0.3 * (chosen - rejected))),
        "hinge": max(0.0, 1 - 0.3 * (chosen - rejected)),
        "ipo": (chosen / chosen_tokens - rejected / rejected_tokens - 1 / (2 * 0.3)) ** 2,
        "simpo": math.log(1 + math.exp(-(2 * (leads[0] - leads[1]) - 1))),
        "margin": max(0.0, 0.5 - (leads[0] - leads[1])) - 0.2 * leads[0],
        "sft": -leads[0],
    }
    return by[loss]


@pytest.mark.parametrize("loss", ["margin", "simpo", "dpo", "ipo", "hinge", "sft"])
def test_each_loss_is_what_its_formula_says(
    tiny_checkpoint: Path, tmp_path: Path, loss: str
) -> None:
    """Of the second step, where the model differs from the start; the first one alone writes the
    weights that it is made with.
    """
    params: dict[str, Any] = {"loss": loss, "beta": 0.3, "scheduler": "constant", "warmup": 0}
    _, now = train(tiny_checkpoint, tmp_path / "one", epochs=1, **params)
    report, _ = train(tiny_checkpoint, tmp_path / "two", epochs=2, **params)
    wanted = mean([expected(loss, now, tiny_checkpoint, row) for row in PAIRS])
    at_start = mean([expected(loss, tiny_checkpoint, tiny_checkpoint, row) for row in PAIRS])
    assert report.steps[0].loss == pytest.approx(at_start, abs=5e-4)
    assert report.steps[1].loss == pytest.approx(wanted, abs=5e-4)
    assert abs(wanted - at_start) > 2e-3, "would not tell the two apart"


def test_dpo_begins_at_the_log_of_two_and_falls(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Where the policy is its own reference, both answers are as likely as before."""
    report, _ = train(tiny_checkpoint, tmp_path, epochs=8, loss="dpo")
    assert report.steps[0].loss == pytest.approx(math.log(2), abs=1e-4)
    assert report.steps[-1].loss < math.log(2) - 0.01
