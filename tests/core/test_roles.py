"""What a plugin is asked and may answer; whatever is wrong, the error names role and plugin."""

from collections.abc import Iterator
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Advice, Completion, Draft, Failed
from tests.core.house import ARGUMENTS, HEAD, QUESTIONS, House


def test_a_plugin_takes_the_arguments_that_it_needs_and_its_own_settings(house: House) -> None:
    house.teacher(
        "yield from (done(q.id, f'{params.model} {seed}') for q in questions)",
        "questions, params, seed",
    )
    loaded = house.load(model="large")
    rows = list(loaded.rows("teacher_answer", QUESTIONS, Completion, **ARGUMENTS))
    assert [(row.id, result.id) for row, result in rows] == [("a", "a"), ("b", "b"), ("c", "c")]
    assert {result.text for _, result in rows if isinstance(result, Completion)} == {"large 7"}


@pytest.mark.parametrize("order", ["abc", "acb", "bac", "bca", "cab", "cba"])
def test_results_come_in_the_order_asked_whatever_finished_first(house: House, order: str) -> None:
    house.teacher(f"yield from (done(id, f'of {{id}}') for id in {order!r})")
    rows = [(row.id, result.id, getattr(result, "text", "")) for row, result in house.iterate()]
    assert rows == [("a", "a", "of a"), ("b", "b", "of b"), ("c", "c", "of c")]


def test_progress_sees_results_as_they_arrive(house: House) -> None:
    house.teacher("yield from map(done, 'cab')")
    seen: list[str] = []

    def watch(results: Iterator[Any]) -> Iterator[Any]:
        for result in results:
            seen.append(result.id)
            yield result

    rows = house.load().rows("teacher_answer", QUESTIONS, Completion, watch, **ARGUMENTS)
    assert next(rows)[0].id == "a"
    assert seen == ["c", "a"]
    assert [row.id for row, _ in rows] == ["b", "c"]
    assert seen == ["c", "a", "b"]


def test_a_failure_takes_no_other_row_along(house: House) -> None:
    """Faults 4 and 6: a failed call is neither dropped nor answered with the row before."""
    house.teacher("yield from [done('a'), Failed(id='b', error='429: slow down'), done('c')]")
    assert house.ask()[1] == Failed(id="b", error="429: slow down")
    assert [type(result) for result in house.ask()] == [Completion, Failed, Completion]


@pytest.mark.parametrize(
    ("body", "what"),
    [
        pytest.param("yield from map(done, 'abz')", "answered for 'z'", id="foreign id"),
        pytest.param("yield from map(done, 'abcz')", "answered for 'z'", id="foreign id, late"),
        pytest.param("yield Failed(id='z', error='no')", "answered for 'z'", id="foreign failure"),
        pytest.param("yield from map(done, 'aab')", "answered twice for 'a'", id="id twice"),
        pytest.param("yield from map(done, 'abca')", "answered twice for 'a'", id="id twice, late"),
        pytest.param("yield from map(done, 'a')", "no answer for 2 rows, first 'b'", id="missing"),
        pytest.param(
            "yield from map(done, 'bc')", "no answer for 1 rows, first 'a'", id="no first"
        ),
        pytest.param("yield from ()", "no answer for 3 rows, first 'a'", id="nothing at all"),
        pytest.param("yield Advice(id='a', correct=True)", "gave a Advice", id="wrong record"),
        pytest.param("yield 'an answer'", "gave a str where a Completion is due", id="text"),
        pytest.param(
            "yield done('b')\nyield None",
            "gave a NoneType where a Completion is due (after the row 'b')",
            id="None for a row",
        ),
        pytest.param("return None", "returned nothing", id="None for all"),
        pytest.param("return 5", "TypeError: 'int' object is not iterable", id="not a list"),
        pytest.param("raise OSError('no line')", "raised OSError: no line", id="an error at once"),
        pytest.param(
            "yield done('a')\nraise KeyError('choices')",
            "raised KeyError: 'choices' (after the row 'a')",
            id="an error in the middle",
        ),
        pytest.param("yield done('a', text=None)", "raised ValidationError", id="wrong field"),
    ],
)
def test_an_error_names_role_plugin_and_hook(house: House, body: str, what: str) -> None:
    house.teacher(body)
    with pytest.raises(MeteorError) as caught:
        house.ask()
    assert str(caught.value).startswith("teacher plugin 'fake': teacher_answer ")
    assert what in str(caught.value)
    assert caught.value.exit_code == 1


def test_what_was_answered_before_an_error_is_handed_on(house: House) -> None:
    house.teacher("yield done('b')\nyield done('a')\nraise OSError('no line')")
    rows = house.iterate()
    assert [next(rows)[0].id, next(rows)[0].id] == ["a", "b"]
    with pytest.raises(MeteorError, match="no line"):
        next(rows)


def test_a_clear_error_of_a_plugin_stays_as_it_is(house: House) -> None:
    house.teacher("yield done('a')\nraise MeteorError('the budget of 5 EUR is spent')")
    with pytest.raises(MeteorError, match=r"^the budget of 5 EUR is spent$"):
        house.ask()


def test_an_id_is_asked_about_once(house: House) -> None:
    house.teacher("yield from (done(q.id) for q in questions)")
    with pytest.raises(MeteorError, match=r"teacher plugin 'fake': .*asked about an id twice"):
        list(house.load().rows("teacher_answer", [*QUESTIONS, QUESTIONS[0]], Completion))


VERDICT = """
@hookimpl
def advisor_advise(drafts):
    for draft in drafts:
        yield Advice(id=draft.id, correct=draft.text, advice="")
"""


@pytest.mark.parametrize("verdict", ["Not Correct", "The answer is correct.", "Correct", ""])
def test_free_text_is_no_verdict(house: House, verdict: str) -> None:
    """Fault 6: a substring decided, so "Not Correct" was accepted."""
    house.write("advisor", "fake", HEAD + VERDICT)
    drafts = [Draft(id="a", question=QUESTIONS[0], text=verdict)]
    with pytest.raises(MeteorError, match=r"(?s)advisor plugin 'fake': advisor_advise .*correct"):
        list(house.load("advisor").rows("advisor_advise", drafts, Advice, drafts=drafts))
