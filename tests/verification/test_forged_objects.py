"""Objects that would judge themselves, and tests that would pass whatever the code does."""

import pytest

from tests.verification.asking import refused, verdict

NUMBER = "\nclass Cheat:\n    def __init__(self, *_): self.seen = None\n"
FORGED = {
    "a difference of nothing": (NUMBER + """
    def __sub__(self, other): return Cheat()
    def __abs__(self): return 0.0
""", "assert abs(f(2) - 5) < 1e-9"),
    "a difference that is false": (NUMBER + """
    def __sub__(self, other): return Cheat()
    def __bool__(self): return False
""", "assert not (f(2) - 5)"),
    "a difference that rounds to nothing": (NUMBER + """
    def __rsub__(self, other): return Cheat()
    def __round__(self, n): return 0
""", "assert round(5 - f(2), 6) == 0"),
    "a difference that turns out a number": (NUMBER + """
    def __sub__(self, other): return Cheat()
    def __float__(self): return 0.0
""", """
import math
assert math.isclose(f(2) - 5, 0)
"""),
    "a manager that swallows errors": (NUMBER + """
    def __enter__(self): return self
    def __exit__(self, *error): return True
""", """
with f(2) as x:
    assert x == 5
"""),
    "a list equal to everything": ("""
class Cheat(list):
    def __init__(self, *_): pass
    def __eq__(self, other): return True
""", "assert f(2) == [5]"),
    "a tuple equal to everything": ("""
class Cheat(tuple):
    def __new__(cls, *_): return super().__new__(cls, (1,))
    def __eq__(self, other): return True
""", "assert f(2) == (5,)"),
    "an own class of exceptions": ("""
class Cheat(Exception):
    pass
class AssertionError(Exception): pass
""", """
try:
    f(2)
    assert False, 'it has to raise'
except Cheat:
    pass
"""),
}  # fmt: skip


@pytest.mark.parametrize("how", FORGED)
def test_a_verdict_cannot_be_forged(how: str) -> None:
    code, tests = FORGED[how]
    said = verdict("python", code + "\ndef f(n): return Cheat(n)", tests, take="whole")
    assert said.passed is False and said.feedback, said


@pytest.mark.parametrize(
    ("tests", "error"),
    [
        ("assert (f(1) == 2, 'it is two')", "is always true"),
        ("class Checks:\n    def a(self):\n        assert f(1) == 2", "class Checks is not run"),
        ("async def test_a():\n    assert f(1) == 2", "nothing awaits it"),
        ("def test_a():\n    assert f(1) == 2\n    yield", "has a yield"),
        ("import asyncio\nassert asyncio.run(f(1)) == 2", "asyncio cannot reach the code"),
        ("from unittest import mock\nassert f(1) == 2", "unittest.mock cannot reach the code"),
        ("def check(candidate):\n    assert candidate(1) == 2\nf", "there is no test in it"),
        ("import pytest\ndef test_a():\n    assert f(1) == 2", "No module named 'pytest'"),
        ("x = 1\nfor _ in range(60):\n    x = [x]\nassert f(x) == 1", "nested deeper than 50"),
    ],
)  # fmt: skip
def test_tests_that_would_pass_whatever_the_code_does_are_refused(tests: str, error: str) -> None:
    assert error in refused("python", tests, "def f(n): return 0", take="whole")
