"""What tests of the pairwise trainer share: pairs, a training, and likelihoods by hand."""

from pathlib import Path
from typing import Any

from meteor.core.domain import Domain
from meteor.core.records import Pair, Prompt, Question
from meteor.prompts import wording
from meteor.training.process import Report
from plugins.pairwise import trl as pairwise
from tests.training.trained import FP32, job


def pair(number: int, chosen: str, rejected: str, body: str = "") -> Pair:
    question = Question(
        id=f"q{number}", title=f"What is concept {number}?", body=body or "It is new. " * number
    )
    return Pair(
        id=question.id,
        prompt=wording.answer(Domain())(question),
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
