"""What the judge `reference` sees and what it does not, on answers written for this.

For each question there is a right paraphrase, an answer that is near in its words and wrong, and
an answer to another question. The rates are those that docs/evaluation.md states.
"""

import json
import re
from functools import cache
from typing import Any

from meteor.core.judgements import Compared, Comparison
from meteor.core.params import load_params
from meteor.core.records import Question
from meteor.core.roles import load_role
from tests.conftest import ROOT

ROWS: list[dict[str, str]] = [
    json.loads(line) for line in (ROOT / "data/labelled/near.jsonl").read_text().splitlines()
]


@cache
def preferred() -> dict[str, float]:
    """How often the right answer is preferred overall, ties as half."""
    pairs = []
    for number, row in enumerate(ROWS):
        question = Question(
            id=str(number), title=row["question"], category="ml", answer=row["reference"]
        )
        others = {"wrong": row["wrong"], "off-topic": ROWS[number - len(ROWS) // 2]["right"]}
        pairs += [
            Comparison(id=f"{number} {name}", question=question, first=row["right"], second=text)
            for name, text in others.items()
        ]
    judge: Any = load_role("judge", load_params())
    wins = {
        pair.id: result.shares.overall
        for pair, result in judge.rows("judge_compare", pairs, Compared, pairs=pairs)
    }
    return {
        name: sum(share for key, share in wins.items() if key.endswith(name)) / len(ROWS)
        for name in ("wrong", "off-topic")
    }


def test_there_are_triples_enough() -> None:
    assert len(ROWS) >= 40
    assert len({row["question"] for row in ROWS}) == len(ROWS)


def test_a_right_answer_beats_one_to_another_question() -> None:
    assert preferred()["off-topic"] >= 0.95


def test_a_near_and_wrong_answer_beats_a_right_paraphrase() -> None:
    """The limit of every measure of similarity: if this ever fails, the docs are too modest."""
    assert preferred()["wrong"] <= 0.25


def test_the_docs_state_the_measured_rates() -> None:
    said = (ROOT / "docs/evaluation.md").read_text()
    found = re.search(r"off-topic one in ([\d.]+) % .* wrong one in ([\d.]+) %", said, re.DOTALL)
    assert found
    rates = preferred()
    assert [float(part) for part in found.groups()] == [
        round(100 * rates["off-topic"], 1),
        round(100 * rates["wrong"], 1),
    ]
