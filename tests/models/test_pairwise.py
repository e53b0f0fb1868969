"""Learning from preferences: whose likelihood is compared, and which answer is preferred."""

import math
from pathlib import Path
from typing import Any

import pytest

from meteor import prompts
from meteor.core.errors import MeteorError
from meteor.core.records import Pair, Prompt, Question
from meteor.encoding import fit_prompt, load_tokenizer
from meteor.training import Report
from plugins.pairwise import trl as pairwise
from tests.models.trained import FP32, STILL, digest, job


def pair(number: int, chosen: str, rejected: str, body: str = "") -> Pair:
    question = Question(
        id=f"q{number}", title=f"What is concept {number}?", body=body or "It is new. " * number
    )
    return Pair(
        id=question.id,
        prompt=prompts.answer(question),
        chosen=chosen,
        rejected=rejected,
        chosen_flops=None,
        rejected_flops=None,
    )


PAIRS = [
    pair(0, "A thing that one learns.", "Nobody knows and nobody will ever know what it might be."),
    pair(1, "One learns a thing from many examples, a little from each of them.", "Never mind."),
    pair(2, "It is useful.", "What a question, what a question, what a question!"),
    pair(3, "A thing that is useful since it learns from examples.", "Why ask?"),
    pair(4, "Yes", "Maybe, or maybe not"),
]
LONGER_CHOSEN = [row for row in PAIRS if len(row.chosen) > len(row.rejected)]
SHORTER_CHOSEN = [row for row in PAIRS if len(row.chosen) < len(row.rejected)]


def train(
    start: Path,
    folder: Path,
    pairs: list[Pair] = PAIRS,
    epochs: float = 1,
    learning_rate: float = 2e-3,
    seed: int = 7,
    **params: Any,
) -> tuple[Report, Path]:
    """Train in this process, in fp32; the report, and the new checkpoint in `folder`."""
    told = job(start, folder, epochs, learning_rate, seed)
    report = pairwise.train(told, pairwise.Trl(**{**FP32, "batch_size": 5, **params}), pairs)
    assert report is not None
    return report, told.checkpoint


def by_hand(checkpoint: Path, asked: Prompt, answer: str) -> list[float]:
    """Log-likelihood of each token of an answer and of its end of turn."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    chat = f"<|im_start|>user\n{asked.messages[0].content}<|im_end|>\n<|im_start|>assistant\n"
    before = tokenizer(chat, add_special_tokens=False)["input_ids"]
    after = tokenizer(f"{answer}<|im_end|>", add_special_tokens=False)["input_ids"]
    with torch.inference_mode():
        likely = model(torch.tensor([before + after])).logits[0].log_softmax(-1)
    return [float(likely[len(before) + i - 1, token]) for i, token in enumerate(after)]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def means(checkpoint: Path, row: Pair) -> tuple[float, float]:
    return (
        mean(by_hand(checkpoint, row.prompt, row.chosen)),
        mean(by_hand(checkpoint, row.prompt, row.rejected)),
    )


def lead(checkpoint: Path, pairs: list[Pair]) -> float:
    """How much likelier the chosen answers are on average, nats a token."""
    both = [means(checkpoint, row) for row in pairs]
    return mean([chosen - rejected for chosen, rejected in both])


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
    }
    return by[loss]


@pytest.mark.parametrize("loss", ["margin", "simpo", "dpo", "ipo", "hinge"])
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


def test_dpo_begins_at_the_log_of_two_and_falls(tiny_checkpoint: Path, tmp_path: Path) -> None:
    """Where the policy is its own reference, both answers are as likely as before."""
    report, _ = train(tiny_checkpoint, tmp_path, epochs=8, loss="dpo")
    assert report.steps[0].loss == pytest.approx(math.log(2), abs=1e-4)
    assert report.steps[-1].loss < math.log(2) - 0.01


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
