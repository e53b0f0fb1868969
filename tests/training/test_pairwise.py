"""Learning from preferences: which answers gain, at every batch size, and which pairs count."""

import math
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.models.encoding import fit_prompt, load_tokenizer
from tests.training.preferring import PAIRS, by_hand, lead, mean, means, pair, train
from tests.training.trained import STILL, digest

LONGER_CHOSEN = [row for row in PAIRS if len(row.chosen) > len(row.rejected)]
SHORTER_CHOSEN = [row for row in PAIRS if len(row.chosen) < len(row.rejected)]


def test_adapters_learn_to_prefer_too(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """With the start, which the adapters leave as it is, as the reference."""
    report, out = train(tiny_checkpoint, tmp_path, epochs=8, loss="dpo", method="lora")
    assert report.steps[0].loss == pytest.approx(math.log(2), abs=1e-4)
    assert lead(out, PAIRS) > lead(tiny_checkpoint, PAIRS) + 0.02
    assert not list(out.glob("adapter*"))


@pytest.mark.parametrize(
    ("batch_size", "accumulation", "sizes"),
    [(1, 1, [1] * 5), (2, 1, [2, 2, 1]), (3, 1, [3, 2]), (5, 1, [5]), (1, 5, [5]), (2, 2, [4, 1])],
)
def test_pairs_stay_together_in_shuffled_batches_of_any_size(
    tiny_checkpoint: Path, tmp_path: Path, batch_size: int, accumulation: int, sizes: list[int]
) -> None:
    """The losses of all batches add up to those of the right pairs, and to no other's: with this
    margin some pairs are far enough ahead and some are not.
    """
    both = [means(tiny_checkpoint, row) for row in PAIRS]
    leads = sorted(chosen - rejected for chosen, rejected in both)
    margin = (leads[1] + leads[2]) / 2
    assert margin > 0 and leads[2] - leads[1] > 0.02
    expected = [max(0.0, margin - (one - other)) - 0.3 * one for one, other in both]
    params: dict[str, Any] = {
        "batch_size": batch_size,
        "accumulation": accumulation,
        "margin": margin,
    }
    report, _ = train(tiny_checkpoint, tmp_path, learning_rate=STILL, anchor=0.3, **params)
    assert (report.rows, report.dropped) == (5, 0)
    total = sum(n * step.loss for n, step in zip(sizes, report.steps, strict=True))
    assert total / 5 == pytest.approx(mean(expected), abs=2e-4)
    assert all(math.isfinite(step.loss) and step.loss > 0 for step in report.steps)


@pytest.mark.parametrize("batch_size", [1, 2, 5])
@pytest.mark.parametrize("loss", ["margin", "dpo"])
def test_the_chosen_answers_gain_on_the_rejected_ones(
    tiny_checkpoint: Path, tmp_path: Path, loss: str, batch_size: int
) -> None:
    """At every batch size, where they are longer and where they are shorter."""
    _, out = train(tiny_checkpoint, tmp_path, epochs=6, batch_size=batch_size, loss=loss)
    for pairs in (LONGER_CHOSEN, SHORTER_CHOSEN):
        assert lead(out, pairs) > lead(tiny_checkpoint, pairs) + 0.02


@pytest.mark.parametrize("loss", ["margin", "dpo"])
def test_one_step_changes_the_weights(tiny_checkpoint: Path, tmp_path: Path, loss: str) -> None:
    """As many pairs as a batch, one epoch, the plugin's own warmup."""
    report, out = train(tiny_checkpoint, tmp_path, loss=loss)
    assert len(report.steps) == 1
    assert lead(out, PAIRS) > lead(tiny_checkpoint, PAIRS)


def test_the_lead_rises_and_the_loss_falls(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """As reported, and as it is: the first lead is that of the start."""
    report, _ = train(tiny_checkpoint, tmp_path, epochs=8)
    losses = [step.loss for step in report.steps]
    assert losses[-1] < losses[0] - 0.05
    assert report.extra["first_lead"] == pytest.approx(lead(tiny_checkpoint, PAIRS), abs=1e-3)
    assert report.extra["last_lead"] > report.extra["first_lead"] + 0.02


def test_the_anchor_keeps_the_chosen_answers_likely(tiny_checkpoint: Path, tmp_path: Path) -> None:
    def likelihood(checkpoint: Path) -> float:
        return mean([means(checkpoint, row)[0] for row in PAIRS])

    runs = [
        train(tiny_checkpoint, tmp_path / str(anchor), epochs=8, anchor=anchor)[1]
        for anchor in (0.0, 1.0)
    ]
    free, anchored = (likelihood(out) for out in runs)
    assert anchored > free
    assert anchored > likelihood(tiny_checkpoint)


@pytest.mark.parametrize("loss", ["margin", "dpo"])
def test_the_seed_decides_every_byte_and_the_start_is_left_alone(
    tiny_checkpoint: Path, tmp_path: Path, loss: str
) -> None:
    before = digest(tiny_checkpoint)
    runs = [("one", 7), ("same", 7), ("other", 8)]
    one, same, other = (
        digest(train(tiny_checkpoint, tmp_path / n, seed=s, loss=loss, batch_size=1, epochs=2)[1])
        for n, s in runs
    )
    assert one == same
    assert one["model.safetensors"] != other["model.safetensors"]
    assert digest(tiny_checkpoint) == before


def test_both_answers_follow_the_same_shortened_question(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    long = pair(9, PAIRS[1].chosen, PAIRS[1].rejected, body="I read about it. " * 200)
    count = len(by_hand(tiny_checkpoint, PAIRS[1].prompt, long.chosen))
    fitted = fit_prompt(load_tokenizer(tiny_checkpoint), long.prompt, 150 - count)
    assert fitted is not None
    expected = lead(tiny_checkpoint, [long.model_copy(update={"prompt": fitted})])
    report, _ = train(tiny_checkpoint, tmp_path, [long], max_length=150, learning_rate=STILL)
    assert report.extra["first_lead"] == pytest.approx(expected, abs=1e-4)


TOO_LONG = pair(9, "Yes", "It is a thing that one learns. " * 20)


def test_a_pair_that_is_too_long_fails_by_name_or_is_counted(
    tiny_checkpoint: Path, tmp_path: Path
) -> None:
    with pytest.raises(MeteorError, match=r"q9: .*pairwise\.trl\.max_length \(150\)"):
        train(tiny_checkpoint, tmp_path, [*PAIRS, TOO_LONG], max_length=150)
    params: dict[str, Any] = {"max_length": 150, "too_long": "drop"}
    report, _ = train(tiny_checkpoint, tmp_path, [*PAIRS, TOO_LONG], **params)
    assert (report.rows, report.dropped) == (5, 1)
    params["too_long"] = "cut"
    report, _ = train(tiny_checkpoint, tmp_path, [*PAIRS, TOO_LONG], **params)
    assert (report.rows, report.dropped, report.shortened) == (6, 0, 1)
    same = TOO_LONG.model_copy(update={"chosen": "It is a thing that one learns. " * 21})
    report, _ = train(tiny_checkpoint, tmp_path, [*PAIRS, same], **params)
    assert (report.rows, report.dropped, report.shortened) == (5, 1, 0)


def test_nothing_left_to_learn_from_is_an_error(tiny_checkpoint: Path, tmp_path: Path) -> None:
    with pytest.raises(MeteorError, match="max_length"):
        train(tiny_checkpoint, tmp_path, [TOO_LONG], max_length=150, too_long="drop")
