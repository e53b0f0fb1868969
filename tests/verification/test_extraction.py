"""What is taken from an answer, in the forms that models write."""

import pytest

from meteor.core.records import Failed
from tests.verification.asking import fenced, verdict, verdicts

ADD = "def add(a, b):\n    return a + b"
TEST = "assert add(2, 3) == 5"


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{ADD}```",
        f"```python\n{ADD}\n```\n\n```\n```",
        f"{fenced(ADD)}\n\nOnce more:\n\n{fenced(ADD, 'python')}",
        f"1. Here it is:\n\n   ```python\n   {ADD.replace(chr(10), chr(10) + '   ')}\n   ```\n",
        "```python\n    "
        + ADD.replace("\n", "\n    ")
        + "\n\n    def two():\n        return 2\n```",
        f"```py\n{ADD}\n\nif __name__ == '__main__':\n    print(add(int(input()), 1))\n```",
        f"~~~\n{ADD}\n~~~",
        fenced(ADD).replace("\n", "\r\n"),
    ],
)
def test_code_in_its_block(answer: str) -> None:
    said = verdict("python", answer, TEST)
    assert said.passed is True, said


@pytest.mark.parametrize(
    "answer", ['`{"a": 1}`', '```json {"a": 1}```', '```{"a": 1}```', '``{"a": 1}``.']
)
def test_code_within_a_line(answer: str) -> None:
    assert verdict("json", answer, {"fields": {"a": 1}}).passed is True


def test_blocks_that_differ_are_still_several() -> None:
    said = verdict("python", fenced(ADD) + fenced("x = 1"), TEST)
    assert (said.passed, said.feedback) == (False, "The answer has 2 fenced blocks; give one.")


@pytest.mark.parametrize(
    "answer", ["Nile\n```", "Nile\n---", "Nile\n$$", "**Nile**\n\n***\n", "Nile\n\\end{answer}"]
)
def test_the_last_line_says_something(answer: str) -> None:
    assert verdict("exact", f"I think:\n{answer}", "Nile", take="last_line").passed is True


def test_halves_of_characters_in_an_answer_take_no_other_along() -> None:
    """An escape that a cut leaves, and one in an exception's text."""
    said = verdicts("json", [('{"a": "\\ud83d"}', {"fields": {"a": "x"}}), ("{}", {})])
    assert [one.passed for one in said] == [False, True]  # type: ignore[union-attr]
    code = "def f():\n    raise ValueError('\\ud800')"
    said = verdicts("python", [(code, "assert f() == 1"), ("def f(): return 1", "assert f() == 1")])
    assert [one.passed for one in said] == [False, True]  # type: ignore[union-attr]


def test_a_long_result_is_kept_short_and_told_apart() -> None:
    one, other, same = (
        verdict("exact", "x " * 9000 + end, None).result or "" for end in ("y", "z", "y")
    )
    assert one == same != other and len(one) < 3000


@pytest.mark.parametrize("plugin", ["exact", "number", "json", "pattern", "sql", "python"])
def test_a_check_of_another_shape_fails_its_row_even_beside_an_empty_answer(
    plugin: str, lakes: str
) -> None:
    settings = {"database": lakes} if plugin == "sql" else {}
    for check in ([[1]], {"nonsense": 1}, False):
        (said,) = verdicts(plugin, [("", check)], **settings)
        assert isinstance(said, Failed) and said.error.startswith("the question's check: "), check
