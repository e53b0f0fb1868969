"""What would tell the student what is expected is withheld, however it is written."""

from typing import Any

import pytest

from meteor.verification.telling import telling


@pytest.mark.parametrize(
    ("feedback", "check"),
    [
        ("It should be 1,234.", 1234),
        ("Richtig w\u00e4re 1.234.", 1234),
        ("Think of a half: 1/2.", 0.5),
        ("It is 50 %.", 0.5),
        ("It is .5", 0.5),
        ("Try 5e-1.", "0.5"),
        ("It is 0,5.", 0.5),
        ("It is \u22123.", -3),
        ("It is 8 million.", 8_000_000),
        ("Die Antwort ist B.", "B"),
        ("Choose (b).", "B"),
        ("It is New-York!", "New York"),
        ("It is **new  york**", "New York"),
        ("That is true.", True),
        ("Use `;` here", ";"),
        ("Expected: assert add(2, 3) == 5", "assert add(0, 0) == 0\nassert add(2, 3) == 5"),
        ("SELECT count(*) from lake;", {"query": "SELECT count( * ) FROM lake"}),
        ("it ends in 42", {"deep": [{"value": 42}]}),
    ],
)
def test_what_tells(feedback: str, check: Any) -> None:
    assert telling(feedback, check)


@pytest.mark.parametrize(
    ("feedback", "check"),
    [
        ("A river is no lake, I think.", "B"),
        ("This is a lake that I like.", "A"),
        ("I would look again.", "I"),
        ("Row 12 is not right.", 123),
        ("It is 1234.5.", 1234),
        ("Two of them are missing.", True),
        ("The house has no roof.", {"value": 3}),
        ("Newer Yorkers know.", "New York"),
    ],
)
def test_what_does_not(feedback: str, check: Any) -> None:
    assert not telling(feedback, check)
