"""Verifiers that read an answer: texts, labels, numbers, JSON, forms."""

import time
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import SettingsError
from tests.verification.asking import fenced, refused, verdict

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "size": {"enum": ["small", "canary-large"]}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("plugin", "answer", "check", "settings", "passed"),
    [
        ("exact", "  The  Nile. ", "the nile", {}, True),
        ("exact", "Nile", ["the nile", "nile"], {}, True),
        ("exact", "\uff2e\uff29\uff2c\uff25", "nile", {}, True),
        ("exact", "nile", "Nile", {"ignore_case": False}, False),
        ("exact", "x.y", "x y", {"ignore_punctuation": False}, False),
        ("exact", "The Nile or the Amazon", "the nile", {}, False),
        ("exact", "Words.\n\nNile", "nile", {"take": "last_line"}, True),
        ("exact", '{"a": {"b": "Nile"}}', "nile", {"take": "json", "json_field": "a.b"}, True),
        ("exact", fenced("Nile"), "nile", {"take": "fenced"}, True),
        ("exact", "~~~~\nNile\n```\n~~~~", "nile\n```", {"take": "fenced"}, True),
        ("exact", "```\nNile", "nile", {"take": "fenced"}, True),
        ("choice", "The answer is (B).", "B", {"labels": ["A", "B"]}, True),
        ("choice", "A or B", "B", {"labels": ["A", "B"]}, False),
        ("choice", "not spam", "not spam", {"labels": ["spam", "not spam"]}, True),
        ("choice", "It is not spam.", "spam", {"labels": ["spam", "not spam"]}, False),
        ("choice", "urgent", {"label": "urgent", "labels": ["urgent", "later"]}, {}, True),
        ("pattern", "AB-12", r"[A-Z]{2}-\d\d", {}, True),
        ("pattern", "AB-12 or so", r"[A-Z]{2}-\d\d", {}, False),
        ("pattern", "ab-12", True, {"pattern": r"[A-Z]{2}-\d\d", "ignore_case": True}, True),
        ("number", "42", 42, {}, True),
        ("number", "It is about 1,234.5 km.", 1234.5, {}, True),
        ("number", "1.234,5", 1234.5, {"decimal": ","}, True),
        ("number", "1 234", 1234, {}, True),
        ("number", "\u22125", -5, {}, True),
        ("number", "6.02e23", 6.02e23, {}, True),
        ("number", "1/4", 0.25, {}, True),
        ("number", "3 + 4 = 7", 7, {}, True),
        ("number", "First 3, then 4.\n#### 7", 7, {}, True),
        ("number", "7 or 8", 8, {}, False),
        ("number", "7 or 8", 8, {"among_several": "last"}, True),
        ("number", "100.4", {"value": 100, "tolerance": 0.01}, {}, True),
        ("number", "102", {"value": 100, "tolerance": 0.01}, {}, False),
        ("number", "1e999", 1, {}, False),
        ("number", "12.5 km", {"value": 12500, "unit": "m"}, {}, True),
        ("number", "36 km/h", {"value": 10, "unit": "m/s"}, {}, True),
        ("number", "212 °F", {"value": 100, "unit": "degC", "tolerance": 1e-3}, {}, True),
        ("number", "12.5 kg", {"value": 12.5, "unit": "m"}, {}, False),
        ("number", "12.5", {"value": 12.5, "unit": "m"}, {}, False),
        ("number", r"$\frac{\sqrt{8}}{2}$", r"\sqrt{2}", {"math": True}, True),
        ("number", r"so \boxed{x^2+2x+1}", "(x+1)^2", {"math": True}, True),
        ("number", "$3$", "4", {"math": True}, False),
        ("json", '{"name": "x"}', {"schema": SCHEMA}, {}, True),
        ("json", fenced('{"name": "x", "size": "small"}', "json"), {"schema": SCHEMA}, {}, True),
        ("json", '{"size": "small"}', {"schema": SCHEMA}, {}, False),
        ("json", '{"a": [{"b": 1.0}]}', {"fields": {"a.0.b": 1}}, {}, True),
        ("json", '{"a": true}', {"fields": {"a": 1}}, {}, False),
        ("json", '{"a": 1, "a": 2}', {"fields": {"a": 2}}, {}, False),
        ("json", '{"a": NaN}', {"fields": {}}, {}, False),
        ("json", "[" * 100_000, {"fields": {}}, {}, False),
    ],
)
def test_right_and_wrong(
    plugin: str, answer: str, check: Any, settings: dict[str, Any], passed: bool
) -> None:
    assert verdict(plugin, answer, check, **settings).passed is passed


@pytest.mark.parametrize(
    ("plugin", "answer", "check", "feedback"),
    [
        ("exact", "Nile", "Amazon", "That is not right."),
        ("choice", "perhaps", {"label": "A", "labels": ["A", "B"]}, "names none of the labels"),
        ("choice", "A, B", {"label": "A", "labels": ["A", "B"]}, "names 2 of the labels"),
        ("number", "nothing", 3, "There is no number where the answer is expected."),
        ("number", "5 or 6", 5, "There are 2 numbers where one is expected."),
        ("number", "5", {"value": 5, "unit": "m"}, "The unit is missing."),
        ("number", "5 kg", {"value": 5, "unit": "m"}, "The unit is not right."),
        ("json", "{", {"fields": {}}, "Not valid JSON: "),
        ("json", '{"name": 3}', {"schema": SCHEMA}, "At `name`: another type is expected."),
        ("json", '{"name": "x", "size": "big"}', {"schema": SCHEMA}, "At `size`: not one of the"),
        ("json", '{"a": {}}', {"fields": {"a.b": 7}}, "The field `a.b` is missing."),
        ("json", '{"a": 8}', {"fields": {"a": 7}}, "The field `a` is not right."),
    ],
)
def test_feedback_helps(plugin: str, answer: str, check: Any, feedback: str) -> None:
    said = verdict(plugin, answer, check)
    assert said.passed is False and feedback in said.feedback


@pytest.mark.parametrize(
    ("plugin", "same", "other"),
    [
        ("exact", ["The Nile.", "the  nile"], "the amazon"),
        ("number", ["x = 1,000.0", "1000"], "1001"),
        ("json", ['{"a": 1, "b": 2}', '{"b":2,"a":1}'], '{"a": 1}'),
    ],
)
def test_equal_results_are_equal_texts(plugin: str, same: list[str], other: str) -> None:
    first, second, third = (verdict(plugin, text, None) for text in (*same, other))
    assert first.passed is None and first.result == second.result != third.result


@pytest.mark.parametrize(
    ("plugin", "check", "error"),
    [
        ("exact", 3, "a text is expected"),
        ("choice", "C", "is not one of the labels"),
        ("pattern", "(", "not a regular expression"),
        ("number", "many", "is no number"),
        ("number", {"value": 3, "unit": "florbs"}, "is no unit"),
        ("number", {"vlaue": 3}, "unknown key 'vlaue'"),
        ("json", {"schema": {"type": "objekt"}}, "not a JSON Schema"),
        ("json", [1], "an object is expected"),
    ],
)
def test_a_check_that_makes_no_sense_is_the_datas_fault(
    plugin: str, check: Any, error: str
) -> None:
    settings = {"labels": ["A", "B"]} if plugin == "choice" else {}
    assert error in refused(plugin, check, "5", **settings)


def test_hostile_texts_take_no_time() -> None:
    started = time.monotonic()
    assert verdict("pattern", "a" * 50_000 + "!", "(a|aa)+", seconds=0.5).passed is False
    for text in ("1 " * 40_000, "1/" * 40_000, "1,111" * 10_000, "1" * 90_000, "> " * 40_000):
        assert verdict("number", text, 3, take="fenced").passed is False
    assert verdict("number", "5 " + "m^9" * 9999, {"value": 5, "unit": "m"}).passed is False
    assert verdict("number", "9^9^9^9^9^9", "3", math=True, seconds=2).passed is False
    assert verdict("exact", "x" * 200_000, "x").feedback.startswith("The answer is longer")
    assert time.monotonic() - started < 60


def test_the_schema_of_all_questions_is_a_file(tmp_path: Path) -> None:
    file = tmp_path / "schema.json"
    file.write_text('{"type": "array"}')
    assert verdict("json", "[1]", {}, schema_file=file).passed is True
    assert verdict("json", "{}", {}, schema_file=file).passed is False
    file.write_text('{"type": 7}')
    with pytest.raises(SettingsError, match="is no JSON Schema"):
        verdict("json", "[1]", {}, schema_file=file)


def test_a_schema_that_refers_elsewhere_fetches_nothing() -> None:
    check = {"schema": {"$ref": "http://127.0.0.1:9/schema.json"}}
    assert "refers to what is not in it" in refused("json", check, "[1]")
