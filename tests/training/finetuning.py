"""What tests of the fine-tuning share: rows, a training in this process, and losses by hand."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from meteor.core.domain import Domain
from meteor.core.jsonl import write_records
from meteor.core.records import Example, Question
from meteor.prompts import wording
from meteor.training.process import Report
from plugins.sft import trl as sft
from tests.training.trained import FP32, job


def example(number: int, answer: str, body: str = "") -> Example:
    question = Question(
        id=f"q{number}", title=f"What is concept {number}?", body=body or "It is new. " * number
    )
    return Example(id=question.id, prompt=wording.answer(Domain())(question), answer=answer)


ANSWERS = [
    "A thing that one learns.",
    "It is useful.",
    "Yes, often it is so in deep learning.",
    "No",
]
EXAMPLES = [example(number, answer) for number, answer in enumerate(ANSWERS)]
ALIKE = [example(number, ANSWERS[0]) for number in range(4)]


def train(
    start: Path,
    folder: Path,
    examples: list[Example],
    epochs: float = 1,
    learning_rate: float = 5e-3,
    seed: int = 7,
    held_out: Sequence[Example] = (),
    **params: Any,
) -> tuple[Report, Path]:
    """Train in this process, in fp32; the report, and the new checkpoint in `folder`."""
    told = job(start, folder, epochs, learning_rate, seed)
    if held_out:
        told = told.model_copy(update={"held_out": folder / "held_out.jsonl"})
        write_records(folder / "held_out.jsonl", held_out)
    report = sft.train(told, sft.Trl(**{**FP32, "batch_size": 4, **params}), examples)
    assert report is not None
    return report, told.checkpoint


def by_hand(checkpoint: Path, row: Example) -> list[float]:
    """Negative log-likelihood of each token of the whole chat but the first; the answer's and
    its end of turn's come last.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32)
    chat = (
        f"<|im_start|>user\n{row.prompt.messages[0].content}<|im_end|>\n"
        f"<|im_start|>assistant\n{row.answer}<|im_end|>"
    )
    ids = torch.tensor(tokenizer(chat, add_special_tokens=False)["input_ids"])
    with torch.inference_mode():
        likely = model(ids[None]).logits[0, :-1].log_softmax(-1)
    return [-float(x) for x in likely.gather(1, ids[1:, None])[:, 0]]


def answer_losses(checkpoint: Path, row: Example) -> list[float]:
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained(checkpoint)(row.answer, add_special_tokens=False)
    return by_hand(checkpoint, row)[-len(ids["input_ids"]) - 1 :]


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def answer_loss(checkpoint: Path, examples: list[Example]) -> float:
    return mean([loss for row in examples for loss in answer_losses(checkpoint, row)])


def weights(checkpoint: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return dict(load_file(checkpoint / "model.safetensors"))
