"""JSON values held against schemas and fields: numbers as they are written, within their limits."""

from typing import Any

import pytest

from tests.verification.asking import refused, verdict, verdicts

CENTS = {"schema": {"properties": {"a": {"multipleOf": 0.01}}}}


@pytest.mark.parametrize(
    ("answer", "check", "passed"),
    [
        ('{"a": 4.02}', CENTS, True),
        ('{"a": 19.99}', CENTS, True),
        ('{"a": 1e300}', CENTS, True),
        ('{"a": 4.021}', CENTS, False),
        ('{"a": 1e999}', CENTS, False),
        ('{"a": 2024000124}', {"fields": {"a": 2024000123}}, False),
        ('{"a": 0.30000000000000004}', {"fields": {"a": 0.3}}, True),
        ('{"a": "119.0"}', {"fields": {"a": 119.0}}, False),
        ('{"a": [2, 1]}', {"fields": {"a": [1, 2]}}, False),
        ('{"a": {"c": 2, "b": 1}}', {"fields": {"a": {"b": 1, "c": 2}}}, True),
        ('{"a": 1,}', {}, False),
        ('{"a": 1 /* one */}', {}, False),
        ("It is {}.", {}, False),
        ('{"a": "2024-02-30"}', {"schema": {"properties": {"a": {"format": "date"}}}}, False),
        ('{"a": "2024-02-29"}', {"schema": {"properties": {"a": {"format": "date"}}}}, True),
    ],
)
def test_right_and_wrong(answer: str, check: Any, passed: bool) -> None:
    said = verdict("json", answer, check)
    assert said.passed is passed, said


def test_equal_values_have_equal_results() -> None:
    same = ['{"a": 1, "b": [0.5]}', '{"b": [0.50], "a": 1.0}', '{"b":[5e-1],"a":1e0}']
    assert len({verdict("json", text, None).result for text in same}) == 1
    assert verdict("json", '{"a": "1"}', None).result != verdict("json", '{"a": 1}', None).result
    assert verdict("json", "-0.0", None).result == verdict("json", "0", None).result


def test_a_pattern_that_takes_for_ever_is_ended_and_takes_no_other_along() -> None:
    check = {"schema": {"properties": {"a": {"pattern": "^(a+)+$"}}}}
    rows = [('{"a": "' + "a" * 40 + '!"}', check), ('{"a": "aaa"}', check)]
    slow, quick = verdicts("json", rows, seconds=1)
    assert slow.passed is False and "too long" in slow.feedback  # type: ignore[union-attr]
    assert quick.passed is True  # type: ignore[union-attr]


@pytest.mark.parametrize("depth", [500, 900, 990, 1000, 1200, 3000, 20_000])
def test_deep_values_are_not_right_or_right_and_nothing_else(depth: int) -> None:
    text = "[" * depth + "]" * depth
    said = verdict("json", text, {"schema": {"type": "array"}})
    assert said.passed is (said.feedback == "")


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ({"schema": {"pattern": "("}}, "not a JSON Schema"),
        ({"schema": {"properties": {"a": {"format": "uri-template"}}}}, "'uri-template'"),
        ({"schema": [1]}, "a JSON Schema is an object"),
        ({"fields": ["a"]}, "`fields` is an object"),
    ],
)
@pytest.mark.parametrize("text", ["{}", "", "no JSON"])
def test_a_check_that_makes_no_sense(check: Any, error: str, text: str) -> None:
    assert error in refused("json", check, text)


def test_a_format_of_ones_own_is_a_remark() -> None:
    check = {"schema": {"properties": {"a": {"format": "phone"}}}}
    assert verdict("json", '{"a": "x"}', check).passed is True
