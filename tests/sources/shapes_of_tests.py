"""Small files in the shapes of data sets with choices, contexts, tools, and of packed tables."""

import json
from pathlib import Path

from tests.sources.shaping import (
    CONTEXT,
    WORSE,
    A,
    Expected,
    Q,
    Shape,
    lines,
    parquet,
)

CHOICES = f"A. {WORSE}\nB. {A}"
CHOSEN = Expected(body=CHOICES, answer=f"B. {A}")
CALLED = [
    {"from": "human", "value": Q},
    {"from": "function_call", "value": '{"name": "look_up"}'},
    {"from": "observation", "value": '{"found": 1}'},
    {"from": "gpt", "value": A},
]


def feather(path: Path) -> None:
    import pyarrow
    from pyarrow import feather

    feather.write_feather(pyarrow.table({"question": [Q], "answer": [A]}), path)


def zstandard(path: Path) -> None:
    import pyarrow

    with pyarrow.CompressedOutputStream(str(path), "zstd") as out:
        out.write(lines({"question": Q, "answer": A}).encode())


TESTS: dict[str, Shape] = {
    "MMLU": Shape(
        "mmlu.parquet",
        parquet({"question": Q, "subject": "ml", "choices": [WORSE, A], "answer": 1}),
        Expected(body=CHOICES, answer=f"B. {A}", more={"category": "ml"}),
    ),
    "MMLU-Pro": Shape(
        "mmlu_pro.jsonl",
        lines({"question": Q, "options": [WORSE, A], "answer": "B", "answer_index": 1}),
        CHOSEN,
    ),
    "CommonsenseQA": Shape(
        "csqa.jsonl",
        lines(
            {"question": Q, "choices": {"label": ["A", "B"], "text": [WORSE, A]}, "answerKey": "B"}
        ),
        CHOSEN,
    ),
    "MedQA": Shape(
        "medqa.jsonl",
        lines({"question": Q, "answer": A, "options": {"A": WORSE, "B": A}, "answer_idx": "B"}),
        Expected(body=CHOICES, answer=f"B. {A}", more={"check": "B"}),
    ),
    "RACE": Shape(
        "race.jsonl",
        lines({"article": CONTEXT, "question": Q, "options": [WORSE, A], "answer": "B"}),
        Expected(body=f"{CONTEXT}\n\n{CHOICES}", answer=f"B. {A}"),
    ),
    "HotpotQA": Shape(
        "hotpot.jsonl",
        lines(
            {
                "id": "5",
                "question": Q,
                "answer": A,
                "context": {"title": ["Margins"], "sentences": [[CONTEXT, "It is wide."]]},
            }
        ),
        Expected(body=f"Margins\n\n{CONTEXT}\n\nIt is wide."),
    ),
    "SQuAD 2.0": Shape(
        "dev-v2.0.json",
        json.dumps(
            {
                "version": "v2.0",
                "data": [
                    {
                        "title": "Margins",
                        "paragraphs": [
                            {
                                "context": CONTEXT,
                                "qas": [
                                    {"id": "a", "question": Q, "answers": [], "is_impossible": True}
                                ],
                            }
                        ],
                    }
                ],
            }
        ),
        Expected(body=CONTEXT, answer=None),
    ),
    "BIRD": Shape(
        "dev.json",
        json.dumps([{"db_id": "zoo", "question": Q, "evidence": CONTEXT, "SQL": A}]),
        Expected(body=CONTEXT, more={"category": "zoo"}),
    ),
    "xP3": Shape("xp3.jsonl", lines({"inputs": Q, "targets": A})),
    "Capybara": Shape("capybara.jsonl", lines({"conversation": [{"input": Q, "output": A}]})),
    "Guanaco": Shape("guanaco.jsonl", lines({"text": f"### Human: {Q}### Assistant: {A}"})),
    "HH-RLHF": Shape(
        "hh.jsonl",
        lines(
            {
                "chosen": f"\n\nHuman: {Q}\n\nAssistant: {A}",
                "rejected": f"\n\nHuman: {Q}\n\nAssistant: {WORSE}",
            }
        ),
    ),
    "ShareGPT with tools": Shape("glaive.jsonl", lines({"conversations": CALLED, "tools": "[]"})),
    "Feather": Shape("rows.feather", feather),
    "Zstandard": Shape("rows.jsonl.zst", zstandard),
}
"""By the name that docs/data.md gives them."""
