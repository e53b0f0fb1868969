"""Judge and advisor `reference` on a real Ray cluster: the bytes of the local run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.core.errors import SettingsError
from meteor.core.judgements import Compared, Comparison, Judgement
from meteor.core.params import Params
from meteor.core.records import Advice, Draft, Failed, Question, Record, plain_answer
from meteor.core.roles import load_role
from meteor.core.settings import Compute
from meteor.running.stage import Stage
from meteor.verification import similarity
from tests.compute.writers import on_ray
from tests.conftest import ROOT

pytest.importorskip("ray", reason="ray is not installed: requirements/test.lock has it")
pytestmark = pytest.mark.slow

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


def test_verdicts_are_those_of_the_local_run_by_workers_who_embed(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(similarity, "A_JOB", 3)
    local = _anew(tmp_path / "local", monkeypatch)
    assert len(local) == 15 and similarity._loaded.cache_info().currsize == 1
    places: Sequence[dict[str, Any]] = (
        {"workers": 1},
        {"workers": 2},
        {"workers": 2, "checkpoint": "object_store"},
    )
    for number, where in enumerate(places):
        similarity._loaded.cache_clear()
        with on_ray(**where):
            assert _anew(tmp_path / str(number), monkeypatch) == local
        assert similarity._loaded.cache_info().currsize == 0, "this process has loaded nothing"


def test_what_was_embedded_before_needs_no_worker(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = _anew(tmp_path / "local", monkeypatch)
    with on_ray(workers=7):  # there is no room for them
        assert said() == local


def _anew(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Where nothing was embedded before."""
    monkeypatch.setattr(similarity, "KEPT", folder / "vectors.sqlite")
    return said()


@pytest.mark.parametrize(
    ("role", "section"),
    [
        ("advisor", {"plugin": "reference", "reference": {}}),
        ("judge", {"plugin": "reference", "reference": {}}),
        (
            "judge",
            {"plugin": "jury", "jury": {"judges": {key: {"plugin": "reference"} for key in "ab"}}},
        ),
    ],
    ids=["advisor", "judge", "in a jury"],
)
def test_a_demand_that_cannot_be_met_is_refused_before_any_work(
    address: str, role: str, section: dict[str, Any]
) -> None:
    compute = Compute(engine="ray", workers=7)
    params = Params.model_validate({**SHIPPED, role: section})
    with pytest.raises(SettingsError, match="room for 6 of them"):
        Stage("a stage", params.model_copy(update={"compute": compute})).load(role)
