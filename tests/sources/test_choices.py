"""Choices of a question, in whatever form they come, and the right one."""

from typing import Any

import pytest

from meteor.core.records import Question
from meteor.sources.choices import listed, right_one
from tests.sources.test_rows import read

LISTED = "A. Sun\nB. Mars"
FORMS: dict[str, Any] = {
    "texts": ["Sun", "Mars"],
    "by label": {"A": "Sun", "B": "Mars", "C": None},
    "two lists": {"text": ["Sun", "Mars"], "label": ["A", "B"]},
    "objects": [{"label": "A", "text": "Sun"}, {"label": "B", "text": "Mars"}],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("answer", ["B", 1, "1", 1.0, " B "])
def test_choices_are_listed_and_the_right_one_is_told(form: str, answer: Any) -> None:
    assert listed(FORMS[form]) == LISTED
    assert right_one(answer, FORMS[form]) == "B. Mars"
    for body in ("options", "{options}"):
        (row,) = read(
            {"q": "Which?", "options": FORMS[form], "answer": answer}, title="q", body=body
        )
        assert isinstance(row, Question) and (row.body, row.answer) == (LISTED, "B. Mars")


@pytest.mark.parametrize("answer", ["Mars", "C", 2, True, None, "x", ["B", "A"]])
def test_another_answer_is_no_choice(answer: Any) -> None:
    assert right_one(answer, FORMS["texts"]) is None


def test_numbered_choices_go_by_their_numbers() -> None:
    assert right_one("2", {"text": ["Sun", "Mars"], "label": ["1", "2"]}) == "2. Mars"
    assert listed([4, 5.5]) == "A. 4\nB. 5.5"


@pytest.mark.parametrize("value", ["Sun, Mars", None, {"temperature": 1}, [["a"], {"b": 1}], 5, []])
def test_what_holds_no_choices_lists_none(value: Any) -> None:
    assert listed(value) is None


def test_the_usual_columns_are_found() -> None:
    rows = read(
        {
            "question": "Which?",
            "choices": FORMS["two lists"],
            "answerKey": "B",
            "context": "Look up.",
        },
        {"question": "Which?", "choices": None, "answerKey": "It is.", "context": None},
    )
    assert [(row.title, row.answer) for row in rows if isinstance(row, Question)] == [
        (f"Which?\n\nLook up.\n\n{LISTED}", "B. Mars"),
        ("Which?", "It is."),
    ]
    stem = {"stem": "Which?", "choices": FORMS["objects"]}
    (row,) = read({"id": "M", "question": stem, "answerKey": "B"})
    assert isinstance(row, Question) and (row.title, row.answer) == (f"Which?\n\n{LISTED}", "B")


def test_an_answer_of_endless_digits_names_no_choice() -> None:
    assert right_one("9" * 5000, ["Mars", "Venus"]) is None
    assert right_one("1", ["Mars", "Venus"]) == "B. Venus"
