"""What training costs the rest of the model is measured on texts that come with the project."""

import pytest

from meteor.core.general import GeneralText, general_examples
from meteor.core.jsonl import read_records
from meteor.core.records import Likelihood
from meteor.evaluation.forgetting import change
from tests.conftest import ROOT

SAMPLE = ROOT / "data/general/texts.jsonl"


def test_the_sample_has_many_subjects_and_forms_and_no_text_twice() -> None:
    rows = list(read_records(SAMPLE, GeneralText))
    assert len(rows) == 120
    assert len({row.form for row in rows}) > 35 and len({row.subject for row in rows}) > 80
    assert len({row.prompt for row in rows}) == len({row.text for row in rows}) == 120
    assert [example.answer for example in general_examples(SAMPLE)] == [row.text for row in rows]


def likely(*nll: float) -> list[Likelihood]:
    return [Likelihood(id=f"g{n}", nll=value, tokens=10) for n, value in enumerate(nll)]


def test_the_change_is_in_nats_a_token_over_the_texts_of_both() -> None:
    found = change(likely(22, 33, 44, 90), likely(20, 30, 40))
    assert found.value == pytest.approx(9 / 30)
    low, high = found.interval
    assert low is not None and high is not None and 0 < low < 0.3 < high
    assert change([], likely(20)).value is None
