"""What tests of judges and advisors by workers share: texts, and all that is said of them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.core.judgements import Compared, Comparison, Judgement
from meteor.core.params import Params
from meteor.core.records import Advice, Draft, Failed, Question, Record, plain_answer
from meteor.core.roles import load_role
from meteor.verification import similarity
from tests.conftest import ROOT

SHIPPED: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text())
TEXTS = [
    f"A model of {number} layers learns the noise. It was seen {number} times. Stop it earlier."
    for number in range(5)
]
ASKED = [
    Question(id=f"q{number}", title=f"What do {number} layers do?", answer=text or None)
    for number, text in enumerate([*TEXTS[1:], ""])
]


def said() -> list[str]:
    """All that judge and advisor say."""
    params = Params.model_validate(SHIPPED)
    judge, advisor = load_role("judge", params), load_role("advisor", params)
    answers = [plain_answer(asked, text) for asked, text in zip(ASKED, TEXTS, strict=True)]
    pairs = [
        Comparison(id=row.id, question=row.question, first=row.text, second=TEXTS[0])
        for row in answers
    ]
    drafts = [Draft(id=row.id, question=row.question, text=row.text) for row in answers]
    rows: list[tuple[Record, Record | Failed]] = [
        *judge.rows("judge_score", answers, Judgement, answers=answers),
        *judge.rows("judge_compare", pairs, Compared, pairs=pairs),
        *advisor.rows("advisor_advise", drafts, Advice, drafts=drafts),
    ]
    return sorted(row.model_dump_json() for _, row in rows)


def anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where nothing was embedded before."""
    monkeypatch.setattr(similarity, "KEPT", folder / "vectors.sqlite")
    return said()
