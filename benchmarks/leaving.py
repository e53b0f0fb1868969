"""What it gains that rows which have ended leave their batch: `python -m benchmarks.leaving sft`.

In a project that has run: the checkpoint answers the held-out questions as `answer.decoding` says,
with rows that leave and with rows that stay, in one run. Prints seconds of processor, their ratio,
and how many texts are the same (in bf16 a text depends on what stands beside it).
"""

import sys
import time
from pathlib import Path

from meteor.core.jsonl import read_records
from meteor.core.params import load_params
from meteor.core.records import Completion, Question
from meteor.generation import leaving
from meteor.generation.decoding import GenerationSettings, generate
from meteor.prompts import wording

NEVER = 2.0
"""A share of the rows that cannot have ended, so that all wait for the longest."""


def main(name: str) -> None:
    """Print the table for the checkpoint `models/<name>`."""
    params, checkpoint = load_params(), Path("models") / name
    ask = wording.answer(params.domain)
    prompts = [ask(row) for row in read_records(Path("data/raw/test.jsonl"), Question)]
    settings = GenerationSettings.model_validate(params.student.chosen).on_this_machine()
    took: dict[str, float] = {}
    texts: dict[str, dict[str, str]] = {}
    for how, share in (("leave", leaving.SHARE), ("stay", NEVER)):
        leaving.SHARE = share
        begun = time.process_time()
        rows = generate(prompts, checkpoint, params.answer.decoding, settings, params.seed)
        texts[how] = {row.id: row.text for row in rows if isinstance(row, Completion)}
        took[how] = time.process_time() - begun
        print(f"rows that have ended {how}: {took[how]:.1f} s of processor", flush=True)
    same = sum(texts["leave"][row] == text for row, text in texts["stay"].items())
    ratio = took["stay"] / took["leave"]
    print(f"stay / leave: {ratio:.2f}; {same} of {len(prompts)} texts the same")


if __name__ == "__main__":
    main(sys.argv[1])
