"""Columns by name, path and template; lists of answers; conversations; values that are no texts."""

import datetime
import logging
import math
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Failed, Question
from meteor.sources.columns import MISSING, value_at
from meteor.sources.conversations import Asked, conversation
from meteor.sources.rows import Reader, Row, split_named
from meteor.sources.values import as_text, is_nothing
from plugins.source.table import Table

NESTED = {
    "a": {"b": [{"t": "x"}, {"t": "y"}]},
    "n": None,
    "a.c": 1,
    "e": "",
    " My Head ": 2,
    "o": {"Deep Er": 3},
}


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("a.b[0].t", "x"),
        ("a.b[-1].t", "y"),
        ("a.b.t", ["x", "y"]),
        ("a.c", 1),
        ("my_head", 2),
        ("o.deep_er", 3),
        ("n", None),
        ("a.b[7]", MISSING),
        ("n.b", MISSING),
        ("{a.b[0].t}-{a.c}", "x-1"),
        ("{a.b[0].t}\n\n{e}", "x"),
        ("Q: {e}", None),
        ("{{{a.c}}}", "{1}"),
        ("{zz}", MISSING),
    ],
)
def test_a_column_may_be_a_path_or_a_template(column: str, value: Any) -> None:
    assert value_at(NESTED, column) == value


def read(*rows: dict[str, Any], **settings: Any) -> list[Question | Failed]:
    table = Table(**settings)
    reader = Reader(table, table.defaults, answers=table.answers, answer_score=table.answer_score)
    found = list(reader.questions(Row(f"a:{at}", row) for at, row in enumerate(rows)))
    reader.check()
    return found


ANSWERS = [{"text": "low", "score": 1}, {"text": "high", "score": 5}, {"text": "mid", "score": 3}]


@pytest.mark.parametrize(
    ("answers", "settings", "expected"),
    [
        (ANSWERS, {}, ["high"]),
        (ANSWERS, {"answers": "first"}, ["low"]),
        (ANSWERS, {"answers": "all"}, ["low", "high", "mid"]),
        ([{**ANSWERS[0], "is_accepted": True}, ANSWERS[1]], {}, ["low"]),
        ([{"body": "a", "rank": 1}, {"body": "b", "rank": 2}], {"answer_score": "rank"}, ["b"]),
        (["a", "b"], {}, ["a"]),
        ({"text": ["a", "b"], "score": [1, 2]}, {}, ["b"]),
        ({"text": [], "answer_start": []}, {}, [None]),
        (7, {}, ["7"]),
        (True, {}, ["true"]),
        ("N/A", {}, [None]),
        (["nan", "b"], {}, ["b"]),
    ],
)
def test_an_answer_is_chosen_of_several(answers: Any, settings: Any, expected: Any) -> None:
    rows = read({"title": "Why?", "answers": answers}, **settings)
    assert [row.answer for row in rows if isinstance(row, Question)] == expected
    assert len({row.id for row in rows}) == len(expected)


SHAREGPT = {"u": "human", "a": "gpt", "s": "system", "t": "observation"}
SIDES = {"u": "user", "a": "assistant", "s": "system", "t": "tool"}


@pytest.mark.parametrize(
    ("turns", "question", "answer"),
    [
        (["uQ", "aA"], "Q", "A"),
        (["sBe brief.", "uQ", "aA"], "Q", "A"),
        (
            ["uP", "aO", "uQ", "aA"],
            "Q\n\nThe conversation before it:\n\nUser: P\n\nAssistant: O",
            "A",
        ),
        (["uQ", "aA", "uThanks"], "Q", "A"),
        (["uQ"], "Q", None),
        (["uQ", "uR", "aA"], "Q\n\nR", "A"),
        (["uQ", "aI look", "t{...}", "aA"], "Q", "A"),
        (["aHello", "uQ", "aA"], "Q\n\nThe conversation before it:\n\nAssistant: Hello", "A"),
    ],
)
def test_a_conversation_asks_its_last_question(
    turns: list[str], question: str, answer: str | None
) -> None:
    for role, content, names in (("role", "content", SIDES), ("from", "value", SHAREGPT)):
        chat = [{role: names[turn[0]], content: turn[1:]} for turn in turns]
        assert conversation(chat) == Asked(question, answer)


@pytest.mark.parametrize(
    "said",
    [
        [{"from": "human", "value": "Q"}, {"from": "function_call", "value": "{}"},
         {"from": "observation", "value": "1"}, {"from": "gpt", "value": "A"}],
        [{"role": "user", "content": "Q"}, {"role": "assistant", "content": None, "tool_calls": 0},
         {"role": "tool", "content": "1"}, {"role": "assistant", "content": "A"}],
        [{"role": "USER", "parts": [{"text": "Q"}]}, {"role": "model", "parts": [{"text": "A"}]}],
        [{"input": "Q", "output": "A"}],
        [{"human": "Q", "assistant": "A"}],
        '[{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]',
        "[{'from': 'human', 'value': 'Q'}, {'from': 'gpt', 'value': 'A'}]",
        "### Human: Q### Assistant: A",
        "\n\nHuman: Q\n\nAssistant: A",
        "<|im_start|>system\nBe.<|im_end|>\n<|im_start|>user\nQ<|im_end|>\n"
        "<|im_start|>assistant\nA<|im_end|>",
        "<|user|>\nQ</s>\n<|assistant|>\nA</s>",
    ],
)  # fmt: skip
def test_a_conversation_is_known_in_other_forms(said: Any) -> None:
    (row,) = read({"id": "1", "conversation": said})
    assert isinstance(row, Question) and (row.title, row.answer) == ("Q", "A")


def test_a_list_of_answers_may_be_written_in_a_cell() -> None:
    for text in ("['So.', 'Or so.']", '["So.", "Or so."]'):
        (row,) = read({"question": "Why?", "answers": text})
        assert isinstance(row, Question) and row.answer == "So."
        (row,) = read({"question": "Why?", "answer": text})
        assert isinstance(row, Question) and row.answer == text


@pytest.mark.parametrize("text", ["Human: are we", "[{x", "## Human error", "<|user|> alone"])
def test_a_text_that_begins_alike_is_no_conversation(text: str) -> None:
    (row,) = read({"title": text, "answer": "[{'a': 1}]"})
    assert isinstance(row, Question) and (row.title, row.answer) == (text, "[{'a': 1}]")


def test_pairs_of_examples_are_no_conversation() -> None:
    row = {"question": "Q", "tests": [{"input": "1", "output": "2"}], "answer": "A"}
    (found,) = read(row)
    assert isinstance(found, Question) and (found.title, found.answer) == ("Q", "A")


@pytest.mark.parametrize("score", ["4.5", 4.5, "0.87"])
def test_a_score_that_is_a_share_counts_no_votes(score: Any) -> None:
    (row,) = read({"title": "Why?", "score": score})
    assert isinstance(row, Question) and row.score is None
    (row,) = read({"title": "Why?", "score": "7.0"})
    assert isinstance(row, Question) and row.score == 7


def test_a_column_that_no_row_has_is_an_error_that_lists_what_there_is() -> None:
    row = {"title": "Why?", "text": "I ask."}
    for column in ("words", "text.inner", "{text}\n{words}", "[0]"):
        with pytest.raises(MeteorError, match=r"body: no row has .* the columns are: title, text"):
            read(row, body=column)
    assert len(read(row, {**row, "words": "x"}, body="words")) == 2


def test_the_columns_that_were_found_are_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    (found,) = read({" Instruction": "Do.", "INPUT": "this", "Output ": "Done."})
    assert isinstance(found, Question) and (found.title, found.answer) == ("Do.\n\nthis", "Done.")
    assert "answer: 'Output '" in caplog.text


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("validation", "dev"),
        ("val", "dev"),
        ("test_sft", "test"),
        ("test-00000-of-00001.parquet", "test"),
        ("latest", None),
        ("questions.csv", None),
    ],
)
def test_splits_have_their_usual_names(name: str, split: str | None) -> None:
    assert split_named(name) == split
    (row,) = read({"title": "Why?", "split": name})
    assert isinstance(row, Question) and row.split == split
    (row,) = read({"title": "Why?", "fold": name}, split="fold")
    assert isinstance(row, Failed) == (split is None)
    (row,) = read({"title": "Why?", "split": name}, split=None)
    assert isinstance(row, Question) and row.split is None


@pytest.mark.parametrize(
    "value", [None, "", "  ", math.nan, "nan", "N/A", "NULL", "<noinput>", "No input", [], "NA"]
)
def test_the_words_for_nothing_are_nothing(value: Any) -> None:
    assert is_nothing(value)
    (row,) = read({"title": "Why?", "body": value, "answer": value, "category": value})
    assert isinstance(row, Question) and (row.body, row.answer, row.category) == ("", None, "")


@pytest.mark.parametrize("value", [0, False, "0", "Na", "none of them", "an", {"a": 1}])
def test_other_words_are_something(value: Any) -> None:
    assert not is_nothing(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (42, "42"),
        (42.0, "42"),
        (3.5, "3.5"),
        (False, "false"),
        (["a", "b"], "a\n\nb"),
        (datetime.date(2020, 1, 2), "2020-01-02"),
        ("\ud83d bad \ud83d\ude00", "\ufffd bad \U0001f600"),
        ({"a": 1}, None),
        ({"$oid": "5f"}, "5f"),
        ({"contexts": ["a", "b"], "labels": ["X", "Y"]}, "a\n\nb"),
        ({"title": ["T"], "sentences": [["a.", "b."]]}, "T\n\na.\n\nb."),
        ({"tokens": ["who", "is"], "text": "who is"}, "who is"),
        (datetime.timedelta(hours=2), "2:00:00"),
    ],
)
def test_values_become_texts(value: Any, text: str | None) -> None:
    assert as_text(value) == text


def test_columns_may_come_and_go_from_row_to_row() -> None:
    whole = {"question": "Why?", "answer": "So.", "score": 3, "link": "https://a.org"}
    rows: list[dict[str, Any]] = [
        whole,
        {"question": "How?"},
        {**whole, "question": "Who?"},
        {"answer": "So."},
    ]
    *read_rows, broken = read(*rows)
    told = [(one.title, one.answer, one.score, one.link) for one in read_rows]  # type: ignore[union-attr]
    assert told == [
        ("Why?", "So.", 3, "https://a.org"),
        ("How?", None, None, None),
        ("Who?", "So.", 3, "https://a.org"),
    ]
    assert isinstance(broken, Failed)
    assert "question is missing: there are answer" in broken.error


def test_a_check_is_any_value_and_tags_give_the_first() -> None:
    rows = read(
        {"title": "A?", "check": {"rows": [1]}, "category": ["x", "y"]},
        {"title": "B?", "check": 0, "category": "<x><y>"},
        {"title": "C?", "gold": False, "category": "|x|y|"},
    )
    assert [row.check for row in rows if isinstance(row, Question)] == [{"rows": [1]}, 0, None]
    assert {row.category for row in rows if isinstance(row, Question)} == {"x"}
    (row,) = read({"title": "C?", "gold": [1]}, check="gold")
    assert isinstance(row, Question) and row.check == [1]
