"""What a pair counts: all the same, or by the share of samples that agreed."""

from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Pair
from plugins.pairwise import trl as pairwise
from tests.training.preferring import PAIRS, means, train
from tests.training.test_pairwise_losses import expected

SHARES = (1.0, 0.25, 0.5, 0.75, 0.0)
SURE = [
    row.model_copy(update={"agreement": share}) for row, share in zip(PAIRS, SHARES, strict=True)
]


def test_weights_count_in_the_losses() -> None:
    import torch

    chosen, rejected = torch.tensor([-1.0, -2.0]), torch.tensor([-2.0, -1.0])
    weights = torch.tensor([0.5, 1.5])
    margin = pairwise.margin_loss(chosen, rejected, 0.5, 0.2, weights)
    assert float(margin) == pytest.approx((0.5 * 0.2 + 1.5 * 1.9) / 2)
    simpo = pairwise.simpo_loss(chosen, rejected, 1.0, 0.0, weights)
    each = [
        float(pairwise.simpo_loss(chosen[i : i + 1], rejected[i : i + 1], 1.0, 0.0)) for i in (0, 1)
    ]
    assert float(simpo) == pytest.approx((0.5 * each[0] + 1.5 * each[1]) / 2)


@pytest.mark.parametrize("loss", ["margin", "simpo", "sft"])
def test_a_pair_counts_by_its_agreement(tiny_checkpoint: Path, tmp_path: Path, loss: str) -> None:
    """The first step's loss is that of the start, by hand; the weights have a mean of 1."""
    report, _ = train(tiny_checkpoint, tmp_path, SURE, loss=loss, weight="agreement")
    each = [expected(loss, tiny_checkpoint, tiny_checkpoint, row) for row in SURE]
    by_hand = sum(share * value for share, value in zip(SHARES, each, strict=True)) / sum(SHARES)
    assert report.steps[0].loss == pytest.approx(by_hand, abs=5e-4)
    assert abs(by_hand - sum(each) / len(each)) > 2e-3, "would not tell the two apart"


def test_the_loss_of_the_chosen_answers_looks_at_no_rejected_one(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    others = [row.model_copy(update={"rejected": "Nobody will say."}) for row in PAIRS]
    one, first = train(tiny_checkpoint, tmp_path / "one", epochs=4, loss="sft")
    two, second = train(tiny_checkpoint, tmp_path / "two", others, epochs=4, loss="sft")
    assert [step.loss for step in one.steps] == [step.loss for step in two.steps]
    assert one.tokens == two.tokens
    before, after = (means(folder, PAIRS[0])[0] for folder in (tiny_checkpoint, first))
    assert after > before + 0.1
    assert (first / "model.safetensors").read_bytes() == (second / "model.safetensors").read_bytes()


@pytest.mark.parametrize("loss", ["sft", "margin"])
def test_two_equal_answers_are_one_to_learn(
    tiny_checkpoint: Path, tmp_path: Path, loss: str
) -> None:
    alike: list[Pair] = [row.model_copy(update={"rejected": row.chosen}) for row in PAIRS]
    report, after = train(tiny_checkpoint, tmp_path, alike, epochs=4, loss=loss, anchor=0.5)
    assert report.rows == len(PAIRS)
    assert means(after, PAIRS[0])[0] > means(tiny_checkpoint, PAIRS[0])[0]


def test_pairs_that_nobody_voted_on_have_no_weight(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(MeteorError, match="nobody voted for the pairs' chosen answers"):
        train(tiny_checkpoint, tmp_path, weight="agreement")


@pytest.mark.parametrize("loss", ["dpo", "ipo", "hinge"])
def test_the_losses_of_trl_take_no_weight(loss: str) -> None:
    with pytest.raises(ValueError, match=f"the loss {loss} takes none"):
        pairwise.Trl.model_validate({"loss": loss, "weight": "agreement"})


@pytest.mark.parametrize("loss", ["dpo", "simpo"])
def test_a_loss_that_learns_nothing_from_equal_answers_refuses_them(
    tiny_checkpoint: Path, tmp_path: Path, loss: str
) -> None:
    alike = [*PAIRS[1:], PAIRS[0].model_copy(update={"rejected": PAIRS[0].chosen})]
    with pytest.raises(MeteorError, match=f"{loss} learns nothing from two equal answers"):
        train(tiny_checkpoint, tmp_path, alike, loss=loss)
