"""The chain base, guideline, distill, finetune, answer, judge in this process, on a tiny family."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meteor.core.domain import PLAIN
from meteor.core.jsonl import read_records, write_records
from meteor.core.judgements import Judgement
from meteor.core.params import Params
from meteor.core.records import Answer, Distilled, Guideline, Question
from meteor.models.encoding import load_tokenizer
from meteor.prompts import wording
from meteor.running.stage import Stage
from plugins.sft import trl as sft
from stages.answer import answer
from stages.base import base
from stages.distill import distill
from stages.guideline import guideline
from stages.judge import judge
from tests.conftest import ROOT
from tests.sources.raw import SETTINGS
from tests.training.trained import FP32, job

TEXT = [file.read_text() for file in sorted((ROOT / "data/sources").glob("*.json"))]
"""What the tiny tokenizers learn."""
LEARNED = "A thing that one learns."
THOUGHT = "They ask what it is. It is new to me."
QUESTIONS = [
    Question(id=f"q{number}", title=f"What is concept {number}?", answer=LEARNED)
    for number in range(4)
]


@dataclass(frozen=True)
class Chain:
    """What the chain has left: its folder, and the records of its stages."""

    folder: Path
    guidelines: list[Guideline]
    answers: list[Answer]
    judgements: list[Judgement]
    rows: list[dict[str, Any]]

    @property
    def base(self) -> Path:
        """The base checkpoint."""
        return self.folder / "base"

    @property
    def tuned(self) -> Path:
        """The fine-tuned one."""
        return self.folder / "sft/checkpoint"

    @property
    def tokenizer(self) -> Any:
        """The fine-tuned checkpoint's."""
        return load_tokenizer(self.tuned)

    def learned(self) -> list[str]:
        """What was learned of each row, as text."""
        return [
            self.tokenizer.decode(
                [i for i, own in zip(row["input_ids"], row["completion_mask"], strict=True) if own]
            )
            for row in self.rows
        ]


def settings(checkpoint: Path, thoughts: str, **hub: Any) -> Params:
    """As shipped, with the family's checkpoint as base, and short texts."""
    short = {"decoding": {"strategy": "greedy", "max_new_tokens": 90}}
    return Params.model_validate(
        {
            **SETTINGS,
            "base": {
                "plugin": "hub",
                "local": str(checkpoint),
                "thoughts": thoughts,
                "hub": {"model": str(checkpoint), "dtype": "float32", **hub},
            },
            "student": {"plugin": "transformers", "transformers": {"device": "cpu"}},
            "guideline": {"decoding": {"strategy": "sample", "max_new_tokens": 16}},
            "answer": short,
        }
    )


def run(
    checkpoint: Path, folder: Path, thoughts: str = "off", thought: str | None = None, **hub: Any
) -> Chain:
    """Run all of it; `thought` is what the teacher thinks before each answer."""
    params = settings(checkpoint, thoughts, **hub)
    questions, guidelines = folder / "questions.jsonl", folder / "guidelines.jsonl"
    distilled = folder / "distilled.jsonl"
    write_records(questions, QUESTIONS)
    summary = folder / "summary.json"
    base(Stage("base", params), folder / "base")
    if thoughts == "off":
        guideline(
            Stage("guideline", params),
            questions,
            folder / "base",
            guidelines,
            summary,
        )
    else:  # what a random model begins to think never ends
        plan = "Say what it is."
        write_records(
            guidelines,
            [Guideline(id=question.id, text=plan, finish_reason="stop") for question in QUESTIONS],
        )
    distill(
        Stage("distill", params),
        questions,
        guidelines,
        distilled,
        summary,
    )
    rows = finetune(folder, list(read_records(distilled, Distilled)), thought)
    answers, judged = folder / "answers.jsonl", folder / "judgements.jsonl"
    tuned = folder / "sft/checkpoint"
    answer(Stage("answer@sft", params), questions, tuned, "sft", answers, summary)
    judge(Stage("judge@sft", params), answers, "sft", judged, summary)
    return Chain(
        folder,
        list(read_records(guidelines, Guideline)),
        list(read_records(answers, Answer)),
        list(read_records(judged, Judgement)),
        rows,
    )


def finetune(folder: Path, distilled: list[Distilled], thought: str | None) -> list[dict[str, Any]]:
    """Learn the distilled answers by heart; the rows as the trainer has had them."""
    examples = [wording.example(PLAIN)(row.question, row.answer, thought) for row in distilled]
    told = job(folder / "base", folder / "sft", epochs=120, learning_rate=5e-3)
    params = sft.Trl(**{**FP32, "batch_size": 4, "max_length": 512})
    sft.train(told, params, examples)
    return sft._rows(load_tokenizer(folder / "base"), examples, params)[0]
