"""Numbers as models write them: each is what it says; what is none, or several, is not right."""

from typing import Any

import pytest

from tests.verification.asking import refused, verdict

GERMAN = {"decimal": ","}
RIGHT: list[tuple[str, Any, dict[str, Any]]] = [
    ("The answer is **3.5 kg**.", 3.5, {}),
    (r"\boxed{42}", 42, {}),
    (r"So 6 times 7 is $\boxed{42}$.", 42, {}),
    (r"\[ \boxed{\frac{3}{4}} \]", 0.75, {}),
    (r"$\frac12$", 0.5, {}),
    (r"$-\dfrac{1}{2}$", -0.5, {}),
    ("The sum is:\n\n$$\n42\n$$", 42, {}),
    ("The sum is:\n\\[\n\\boxed{42}\n\\]", 42, {}),
    ("```\n42\n```", 42, {}),
    ("<answer>\n42\n</answer>", 42, {}),
    ("1. The answer is 5.", 5, {}),
    ("1,234,567.89", 1234567.89, {}),
    ("1.234.567,89", 1234567.89, {}),
    ("1'234.50", 1234.5, {}),
    ("1\u2019234", 1234, {}),
    ("12,34,567", 1234567, {}),
    ("1,00,000", 100000, {}),
    (r"$1{,}234$", 1234, {}),
    (r"$10\,000$", 10000, {}),
    ("1.234", 1234, GERMAN),
    ("1,234.5", 1234.5, GERMAN),
    ("0,75", 0.75, {}),
    ("12,5", 12.5, {}),
    ("0.125", 0.125, GERMAN),
    ("$29.00", 29, {}),
    ("-$5", -5, {}),
    ("\u2212\u20ac5.50", -5.5, {}),
    ("$-5", -5, {}),
    ("Rs.500", 500, {}),
    ("x = - 5", -5, {}),
    ("The answer is minus 5.", -5, {}),
    ("negative 5", -5, {}),
    ("- 5", 5, {}),  # an item of a list
    ("5 \u00d7 10^3", 5000, {}),
    ("5x10^3", 5000, {}),
    (r"$6.02 \times 10^{23}$", 6.02e23, {}),
    ("1.5 * 10^-3", 0.0015, {}),
    ("5\u00b710\u00b3", 5000, {}),
    ("10\u2076", 1e6, {}),
    ("10**6", 1e6, {}),
    ("1.2E-4", 0.00012, {}),
    ("8.3 million people", 8_300_000, {}),
    ("3 Mrd. Euro", 3e9, {}),
    ("5 thousand", 5000, {}),
    ("3 1/2", 3.5, {}),
    ("3\u00bd", 3.5, {}),
    ("\u00be", 0.75, {}),
    (r"3\frac{1}{2}", 3.5, {}),
    ("472/10,000", 0.0472, {}),
    ("50%", 0.5, {}),
    ("50 %", 50, {}),
    (r"$50\%$", 0.5, {}),
    ("12.5 percent", 0.125, {}),
    ("0.5 (50%)", 0.5, {}),
    ("1/2 (or 0.5)", 0.5, {}),
    ("EUR12.50", 12.5, {}),
    ("1 234,56 \u20ac", 1234.56, {}),
    ("50", "50%", {}),
    ("0.5", "50%", {}),
    ("5", "5", {}),
    ("1/3", "1/3", {}),
    ("0.3333333333", "1/3", {}),
    ("7.0000001", 7, {}),
    ("12345678", 12345678, {}),
    ("101", {"value": 100, "tolerance": 0.01}, {}),
    ("8,400,000", {"value": 8_300_000, "tolerance": 0.05}, {}),
    ("7", "#### 7", {}),
]
RIGHT_WITH_UNITS: list[tuple[str, float, str]] = [
    (r"$12.5\,\text{km}$", 12.5, "km"),
    (r"5\ \mathrm{m/s}", 5, "m/s"),
    ("**12.5** km", 12.5, "km"),
    ("It is 12.5 Km long.", 12.5, "km"),
    ("12.5 Kilometers", 12500, "m"),
    ("5 m^2", 5, "m^2"),
    ("5 m\u00b2", 5, "m^2"),
    ("5 m2", 5, "m^2"),
    ("5 square meters", 5, "m^2"),
    ("5 cubic metres", 5, "m^3"),
    ("60 miles per hour", 26.8224, "m/s"),
    ("9.81 m/s^2", 9.81, "m/s**2"),
    ("9.81 m\u00b7s\u207b\u00b2", 9.81, "m/s**2"),
    ("21.5 degrees Celsius", 21.5, "degC"),
    ("21.5\u00baC", 21.5, "degC"),
    ("70 \u2109", 70, "degF"),
    ("3 thousand km", 3000, "km"),
]
WRONG: list[tuple[str, Any, dict[str, Any]]] = [
    ("1,2,3", 1, {}),
    ("1.2.3", 1.2, {}),
    ("1.234.567", 1.234, {}),
    ("1,00,000", 1, {}),
    ("5 million", 5, {}),
    ("5x10^3", 5, {}),
    ("-$5", 5, {}),
    ("x = - 5", 5, {}),
    ("minus 5", 5, {}),
    ("2\u03c0", 2, {}),
    (r"$2\sqrt{3}$", 2, {}),
    (r"\sqrt{2}", 2, {}),
    ("2^10", 2, {}),
    ("2^10", 10, {}),
    ("3 1/2", 3, {}),
    ("4 10/3", 10, {}),
    ("\u00b15", 5, {}),
    ("It is not 5.", 5, {}),
    ("The answer isn't equal to 5", 5, {}),
    ("x \u2260 5", 5, {}),
    (r"\boxed{3} or \boxed{5}", 5, {}),
    ("5 or 50%", 5, {}),
    ("5 (6 with the dog)", 5, {}),
    ("5 + 5", 5, {}),
    ("between 5 and 10", 5, {}),
    ("0.5", 50, {}),
    ("0.5%", "50%", {}),
    ("5000%", 0.5, {}),
    ("12345679", 12345678, {}),
    ("12345678.5", 12345678, {}),
    ("9007199254740993", 9007199254740992, {}),
    ("102", {"value": 100, "tolerance": 0.01}, {}),
    ("101.005", {"value": 100, "tolerance": 0.01}, {}),
    ("1/4/2024", 0.25, {}),
    ("12:30", 12, {}),
]


@pytest.mark.parametrize(("answer", "check", "settings"), RIGHT)
def test_what_is_right_passes(answer: str, check: Any, settings: dict[str, Any]) -> None:
    said = verdict("number", answer, check, **settings)
    assert said.passed is True, said


@pytest.mark.parametrize(("answer", "value", "unit"), RIGHT_WITH_UNITS)
def test_what_is_right_with_its_unit_passes(answer: str, value: float, unit: str) -> None:
    check = {"value": value, "unit": unit}
    said = verdict("number", answer, check)
    assert said.passed is True, said
    assert verdict("number", answer.replace("5", "6"), check).passed is False or "5" not in answer


@pytest.mark.parametrize(("answer", "check", "settings"), WRONG)
def test_what_is_wrong_does_not_pass(answer: str, check: Any, settings: dict[str, Any]) -> None:
    said = verdict("number", answer, check, **settings)
    assert said.passed is False, said


@pytest.mark.parametrize(
    "same",
    [
        ["0.5", "1/2", "50%", "50 percent", ".5", r"\frac{1}{2}", "+0.50", "5e-1", "\u00bd"],
        ["0", "-0.0", "0.00", "0/7"],
        ["1234.5", "1,234.5", "1.234,5", "$1,234.50", "**1234.5**"],
        ["5000000", "5 million", "5e6", r"5 \times 10^6"],
        ["5 km", "5000 m", "5 kilometers.", "**5** km"],
        ["5", "5 apples", "5 in total", "5."],
    ],
)
def test_equal_numbers_have_equal_results(same: list[str]) -> None:
    results = {verdict("number", text, None).result for text in same}
    assert len(results) == 1 and None not in results


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5 km", "5 m"),
        ("0.5", "0.5%"),
        ("1234567890123", "1234567890124"),
        ("12345678901234567890", "12345678901234567891"),
        ("5", "-5"),
        ("5 kg", "5 m"),
    ],
)
def test_unequal_numbers_have_unequal_results(one: str, other: str) -> None:
    assert verdict("number", one, None).result != verdict("number", other, None).result


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ({"value": 5, "tolerance": -1}, "is no share"),
        ({"value": 5, "tolerance": 5}, "is no share"),
        ({"value": 5, "tolerance": "1%"}, "is no share"),
        ({"value": 10**400}, "a number is expected"),
        ("12.5 km", "write the number alone, or {value: …, unit: 'km'}"),
        ("7 or 8", "is no number"),
        ({"value": 5, "unit": 7}, "`unit` is a text"),
        ([], "a number is expected"),
    ],
)
@pytest.mark.parametrize("text", ["5", "", "no number"])
def test_a_check_that_makes_no_sense_fails_its_row_whatever_the_answer(
    check: Any, error: str, text: str
) -> None:
    assert error in refused("number", check, text)


MATH = {"math": True}


@pytest.mark.parametrize(
    ("answer", "check", "passed"),
    [
        (r"The answer is $\boxed{\frac{1}{2}}$.", "0.5", True),
        (r"\boxed{1331}", "1331", True),
        (r"\boxed{3} or \boxed{4}", "4", False),
        (r"\boxed{3}, so \boxed{3}", "3", True),
        ("$3$ or $4$", "4", False),
        ("3 or 4", "4", False),
        (r"\boxed{3} and then \boxed{", "3", False),
        ("3 1/2", "3", False),
        ("3 1/2", "7/2", True),
        ("$0.0000004$", "0.0000001", False),
        ("1,234", "1234", True),
    ],
)
def test_expressions(answer: str, check: str, passed: bool) -> None:
    said = verdict("number", answer, check, **MATH)
    assert said.passed is passed, said


def test_equal_expressions_have_equal_results() -> None:
    same = (r"\boxed{\frac{1}{2}}", "0.5", "1/2", "$0.50$")
    assert len({verdict("number", text, None, **MATH).result for text in same}) == 1
    squares = ("$(x+1)^2$", "$x^2+2x+1$", r"\boxed{1 + 2x + x^2}")
    assert len({verdict("number", text, None, **MATH).result for text in squares}) == 1
