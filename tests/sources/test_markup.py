"""HTML and Markdown of every kind that people paste: what is code stays code, what is text text."""

import json
from pathlib import Path

import pytest

from meteor.core.records import Question
from meteor.core.sections import Cleaning
from meteor.sources.cleaning import clean, text_of
from meteor.sources.markup import markup_of

CASES = [json.loads(line) for line in Path(__file__).with_name("markup.jsonl").open()]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_a_text_becomes_clean_markdown(case: dict[str, str]) -> None:
    assert text_of(case["text"], Cleaning()) == case["clean"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["what"])
def test_clean_markdown_stays_as_it_is(case: dict[str, str]) -> None:
    if case.get("again", True):
        assert text_of(case["clean"], Cleaning()) == case["clean"]


HTML = [
    "<p>a</p>",
    "<!-- x --><p>a</p>\n<pre>\n# a\n```\n</pre>",
    "<p>a",
]
MARKDOWN = [
    "a <b>b</b>",
    "<!-- x -->\n\n# A",
    "<details>\n\n```\na\n```\n\n</details>",
    "<p align=center>a</p>\n\nA long text that stands outside, and goes on and on.",
    "<div>\n\n# A\n\n</div>",
    "",
]


@pytest.mark.parametrize("text", HTML + MARKDOWN)
def test_html_is_what_is_html_throughout(text: str) -> None:
    assert markup_of(text) == ("html" if text in HTML else "markdown")


ONE_FIELD = {
    "a line": ("Why?", "", ("Why?", "")),
    "lines": ("Why?\nI ask.\n\n    code", "", ("Why?", "I ask.\n\n    code")),
    "code first": ("```py\nx = 1\n```\nWhy?", "", ("Why?", "```py\nx = 1\n```\nWhy?")),
    "code alone": ("```py\nx = 1\n```", "", ("py", "```py\nx = 1\n```")),
    "a heading": ("# Why? #\n\nI ask.", "", ("Why?", "I ask.")),
    "HTML": ("<p>Why?</p><pre>a\n  b</pre>", "", ("Why?", "```\na\n  b\n```")),
    "a wrapped title": ("Why\nso?", "I ask.", ("Why so?", "I ask.")),
    "a title with code": ("Why?\n```\na\n b\n```", "I ask.", ("Why?", "```\na\n b\n```\n\nI ask.")),
}


@pytest.mark.parametrize("what", ONE_FIELD)
def test_one_field_is_enough(what: str) -> None:
    title, body, expected = ONE_FIELD[what]
    done = clean(Question(id="q", title=title, body=body), Cleaning())
    assert isinstance(done, Question) and (done.title, done.body) == expected


FORM = '<div class="a">\n  <b>Hi</b>\n</div>'


@pytest.mark.parametrize(
    ("title", "body", "answer", "expected"),
    [
        ("Write a form in HTML.", "", FORM, FORM),
        ("Write a form.", "Use HTML 5.", f"{FORM}\n\n&lt;", f"{FORM}\n\n&lt;"),
        ("Write a form.", "", FORM, "**Hi**"),
        ("How do I embed HTML?", "", "<p>So <b>it</b> is.</p>", "So **it** is."),
        ("Why HTML?", "<p>I ask.</p>", "<ul><li>So.</li></ul>", "- So."),
    ],
)
def test_tags_that_a_question_asks_for_stay(
    title: str, body: str, answer: str, expected: str
) -> None:
    done = clean(Question(id="q", title=title, body=body, answer=answer), Cleaning())
    assert isinstance(done, Question) and done.answer == expected
