"""What models wrap numbers in, taken away: LaTeX, Markdown, HTML, and Unicode's many signs."""

import re
import unicodedata

SIGNS = str.maketrans(
    dict.fromkeys("\u2212\u2010\u2011\u2013\ufe63\uff0d", "-")
    | dict.fromkeys("\u00a0\u202f\u2009\u2007", " ")
    | dict.fromkeys("\u2019\u02bc", "'")
    | dict.fromkeys("\u00ba\u02da", "\u00b0")
    | dict.fromkeys("\u2715\u2a2f", "\u00d7")
    | dict.fromkeys("\u22c5\u2219", "\u00b7")
    | {"\u2044": "/", "\u2103": "\u00b0C", "\u2109": "\u00b0F", "\uff05": "%"}
    | {"\u066b": ".", "\uff0e": ".", "\u066c": ",", "\uff0c": ","}
    | dict.fromkeys("\u00ad\u200b\u2060\ufeff\u200e\u200f", "")
)
RAISED = str.maketrans(
    "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079\u207a\u207b", "0123456789+-"
)
BOXED = re.compile(r"\\boxed\s*\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
"""What LaTeX puts into a box: the answer, by custom."""

REWRITTEN: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"<sup>\s*([+-]?\d+)\s*</sup>", r"^\1"),
        (r"(?i)</?(?:b|i|u|em|strong|span|p|br|code|mark|sub|div|answer|final|result)\s?/?>", ""),
        (r"10\*\*(?=[+-]?\d)", "10^"),
        (r"\*\*|__|`", ""),
        (r"\\(?:left|right|displaystyle)(?![a-z])|\\!", ""),
        (r"\{,\}", ","),
        (r"\\[,;: ]|\\quad|(?<=\d)~(?=[A-Za-z\\])", " "),
        (r"(?<=\d)(?=\\[dtc]?frac)", " "),
        (r"\\[dtc]?frac\s*\{\s*([^{}]*?)\s*\}\s*\{\s*([^{}]*?)\s*\}", r"\1/\2"),
        (r"\\[dtc]?frac\s*(\d)\s*(\d)", r"\1/\2"),
        (r"\\(?:text\w*|math[a-z]+|mbox|operatorname)\s*\{([^{}]*)\}", r" \1 "),
        (r"\\times(?![a-z])", "\u00d7"),
        (r"\\cdot(?![a-z])", "\u00b7"),
        (r"\\pm(?![a-z])", "\u00b1"),
        (r"\\approx(?![a-z])", "\u2248"),
        (r"\\neq?(?![a-z])", "\u2260"),
        (r"\\pi(?![a-z])", "\u03c0"),
        (r"\\sqrt\s*", "\u221a"),
        (r"\\(?:degree|circ)(?![a-z])", "\u00b0"),
        (r"\^\s*\{?\s*\u00b0\s*\}?", "\u00b0"),
        (r"\u221a\s*[({]\s*", "\u221a"),
        (r"\\([%$#&_])", r"\1"),
        (r"\\[()\[\]]", " "),
        (r"(?i)\bper\s+cent\b", "percent"),
        (r"\b(USD|EUR|GBP|CHF|JPY|INR|CAD|AUD|CNY|Rs)(?=\d)", r"\1 "),
        (r"(?i)\b(?:minus|negative|moins|menos)\s+(?=[\d.$\u20ac\u00a3\u00a5\u20b9])", "-"),
        (r"(?<![\w)])-\s?(?:US)?[$\u20ac\u00a3\u00a5\u20b9\u20bd]\s?(?=[\d.])", "-"),
        (r"([=\u2248])\s*-\s+(?=[\d.])", r"\1 -"),
    )
)


def plain(text: str) -> str:
    r"""The text with its numbers as one would type them: `\frac{1}{2}` as 1/2, `10³` as 10^3. Of a
    text with boxes only what stands in them.
    """
    text = text.translate(SIGNS)
    text = boxed(text)
    text = re.sub(r"[\u2070\u00b9\u00b2\u00b3\u2074-\u2079\u207a\u207b]+", _raised, text)
    text = re.sub(r"(\d?)([\u00bc-\u00be\u2150-\u215e])", _fraction, text)
    for pattern, by in REWRITTEN:
        text = pattern.sub(by, text)
    return text


def boxed(text: str) -> str:
    """What stands in the boxes of a text; all of it where there is none, or one is not closed."""
    boxes = BOXED.findall(text)
    whole = boxes and len(boxes) == text.count("\\boxed")
    return "; ".join(dict.fromkeys(boxes)) if whole else text


def _raised(found: "re.Match[str]") -> str:
    return "^" + found[0].translate(RAISED)


def _fraction(found: "re.Match[str]") -> str:
    digit, sign = found.groups()
    written = unicodedata.normalize("NFKC", sign).replace("\u2044", "/")
    return f"{digit} {written}" if digit else written
