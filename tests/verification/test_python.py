"""Code under unit tests: what is right passes, and what fails is said without what is expected."""

from typing import Any

import pytest

from tests.verification.asking import fenced, refused, verdict

ADD = "def add(a, b):\n    return a + b"
STACK = """
class Stack:
    def __init__(self):
        self.items = []
    def push(self, item):
        self.items.append(item)
        return self
    def pop(self):
        return self.items.pop()
    def __len__(self):
        return len(self.items)
    def __eq__(self, other):
        return self.items == other.items
    def __contains__(self, item):
        return item in self.items
"""
COUNT = "def count(n):\n    for i in range(n):\n        yield i"


@pytest.mark.parametrize(
    ("code", "check"),
    [
        (ADD, "assert add(2, 3) == 5"),
        (fenced(ADD, "python"), ["assert add(2, 3) == 5", "assert add('a', 'b') == 'ab'"]),
        (ADD, {"setup": "big = 10 ** 5000", "tests": ["assert add(big, 1) == big + 1"]}),
        (ADD, "def test_sum():\n    for n in range(50):\n        assert add(n, n) == 2 * n"),
        (ADD, "assert abs(add(0.1, 0.2) - 0.3) < 1e-9\nassert add([1], [2]) == [1, 2]"),
        (ADD, "try:\n    add(1, 'a')\n    assert False\nexcept TypeError:\n    pass"),
        ("def f(x): return {(1, 2): {x}}, b'a', 2j", "assert f(3) == ({(1, 2): {3}}, b'a', 2j)"),
        ("def f(xs):\n    xs.sort()\n    xs.append(9)", "x = [2, 1]\nf(x)\nassert x == [1, 2, 9]"),
        ("from collections import Counter as C", "assert C('aab') == {'a': 2, 'b': 1}"),
        (STACK, "s = Stack()\ns.push(1).push('b')\nassert len(s) == 2 and 1 in s"),
        (STACK, "s = Stack().push('b')\nassert s.pop() == 'b'\nassert not s"),
        (STACK, "assert Stack() == Stack()\nassert Stack().push(1) != Stack()"),
        (STACK, "s = Stack()\ns.items = [4]\nassert s.pop() == 4"),
        (COUNT, "assert list(count(3)) == [0, 1, 2]\nassert sum(x for x in count(4)) == 6"),
        ("LIMIT = 4", "assert LIMIT == 4"),
        ("def f(): print('noise', flush=True); return 1", "assert f() == 1"),
        ("def f(): return float('inf'), -0.0", "assert f()[0] > 1e300 and f()[1] == 0"),
    ],
)  # fmt: skip
def test_what_is_right_passes(code: str, check: Any) -> None:
    said = verdict("python", code, check)
    assert (said.passed, said.feedback) == (True, "")


@pytest.mark.parametrize(
    ("code", "feedback"),
    [
        ("def add(a, b): return a - b", "`add(20, 3)` gives 17, which is not right."),
        ("def add(a, b): return 'x' + b", '`add(20, 3)` raises TypeError: can only concatenate str '
                                          '(not "int") to str.'),
        ("def add(a, b): return", "`add(20, 3)` gives None, which is not right."),
        ("def plus(a, b): return a + b", "There is no `add` in the code."),
        ("def add(a, b) return a", "The code does not run: SyntaxError: expected ':' (line 1)."),
        ("x = 1\nx()", "The code does not run: TypeError: 'int' object is not callable (line 2)."),
        ("I am sure that it is 5.", "The code does not run: SyntaxError: invalid syntax (line 1)."),
    ],
)  # fmt: skip
def test_feedback_helps(code: str, feedback: str) -> None:
    said = verdict("python", code, "assert add(20, 3) == 23")
    assert (said.passed, said.feedback) == (False, feedback)


def test_all_tests_run_and_the_first_failure_is_told() -> None:
    check = ["assert add(1, 0) == 1", "assert add(1, 1) == 2", "assert add(5, 0) == 5"]
    said = verdict("python", "def add(a, b): return a", check)
    assert said.feedback == "`add(1, 1)` gives 1, which is not right. 2 of 3 tests pass."
    assert said.result == '["gives 1","gives 1","gives 5"]'


def test_the_result_is_what_the_calls_give_the_same_each_time() -> None:
    check = "assert f() == {'a', 'b', 'c'}\nassert g() is None"
    code = "def f(): return {'c', 'b', 'a'}\nclass C: pass\ndef g(): return C()"
    results = {verdict("python", code, check).result for _ in range(3)}
    assert len(results) == 1 and "<C>" in str(results)
    assert verdict("python", code, None).passed is None


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ("assert add(1,", "not Python"),
        ("assert 1 == 1", "ask nothing of the answer's code"),
        ("add", "there is no test in it"),
        ("import nothing_of_this_name\nassert add(1, 2) == 3", "No module named"),
        ("def test_a(fixture):\n    assert add(1, 2) == 3", "takes arguments"),
        ("class TestAdd:\n    def test_a(self):\n        assert add(1, 2) == 3", "is not run"),
        ("assert add(lambda: 1, 2) == 3", "cannot be handed"),
        (7, "tests are a text"),
        ({"test": "assert add(1, 2) == 3"}, "unknown key 'test'"),
    ],
)
def test_tests_that_are_none_are_the_datas_fault(check: Any, error: str) -> None:
    assert error in refused("python", check, ADD)
