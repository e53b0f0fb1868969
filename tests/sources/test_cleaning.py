"""A raw text becomes clean Markdown that keeps its code and its formulas."""

from typing import Any

import pytest

from meteor.core.records import Failed, Question, Rejected
from meteor.core.sections import Cleaning
from meteor.sources.cleaning import clean, text_of
from meteor.sources.masking import mask


def cleaned(text: str, **settings: Any) -> str:
    return text_of(text, Cleaning(**settings))


HTML = {
    "code": (
        '<p>Run <code>a_b*c</code>:</p><pre class="lang-py prettyprint-override"><code>'
        "def f(x):\n    return x &lt; 2\n\n\n</code></pre><p>Done.</p>",
        "Run `a_b*c`:\n\n```py\ndef f(x):\n    return x < 2\n```\n\nDone.",
    ),
    "a fence in code": ("<pre><code>```\nx\n```</code></pre>", "````\n```\nx\n```\n````"),
    "formulas": (
        "<p>If $a_{i} * b_{j}$ and \\(x_1 \\le y\\):</p><p>$$a &amp;= b \\\\ c &amp;= d$$</p>",
        "If $a_{i} * b_{j}$ and \\(x_1 \\le y\\):\n\n$$a &= b \\\\ c &= d$$",
    ),
    "images": (
        '<p>See <img src="a.png" alt="the loss"> and <a href="b"><img src="b.png" '
        'alt="enter image description here"></a>.</p>',
        "See [image: the loss] and [image].",
    ),
    "words stay apart": (
        "<p>one<br>two <b>three</b> <i>four</i></p><ul><li>five</li><li>six</li></ul>",
        "one\ntwo **three** *four*\n\n- five\n- six",
    ),
    "links": (
        '<p>A <a href="https://a.b/c_d" title="hover" rel="nofollow">link</a>, '
        '<a href="https://a.b">https://a.b</a></p>',
        "A [link](https://a.b/c_d), <https://a.b>",
    ),
    "powers": ("<p>2<sup>n</sup>, H<sub>2</sub>O, e<sup>-x/2</sup></p>", "2^n, H_2O, e^(-x/2)"),
    "a table": (
        "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>",
        "| a | b |\n| --- | --- |\n| 1 | 2 |",
    ),
    "a frame": (
        '<table><tr><td><img src="a.png" alt="a plot"></td></tr><tr><td>A plot</td></tr></table>',
        "[image: a plot]\n\nA plot",
    ),
    "a quotation": ("<blockquote><p>He said</p></blockquote>", "> He said"),
    "entities": ("<p>&quot;caf&eacute;&quot; &lt;3&nbsp;x</p>", '"café" <3 x'),
    "broken tags": ("<p>One <b>two</p><p>three</i>", "One **two**\n\nthree"),
}


@pytest.mark.parametrize("what", HTML)
def test_html_becomes_markdown(what: str) -> None:
    text, expected = HTML[what]
    assert cleaned(text) == expected


MARKDOWN = {
    "a comparison": "Is a < b and c > d?",
    "HTML in code": "Use `<br>` or\n\n```html\n<p>x</p>\n```\n\nthen.",
    "a formula": "$$a <b> c$$ and \\frac{1}{2}",
    "an inner product": "The product $<b, x> = <i>$ and $a<b$, $c</b>$",
    "a generic type": "A List<String> of Map<K, V>",
}


@pytest.mark.parametrize("what", MARKDOWN)
def test_markdown_stays_as_it_is(what: str) -> None:
    assert cleaned(MARKDOWN[what]) == MARKDOWN[what]


def test_islands_of_html_in_markdown_are_made_markdown() -> None:
    text = "# Title\n\n<img src='a.png' alt='plot'/> x<br>y\n\n<table><tr><td>a</td></tr></table>\n"
    assert cleaned(text) == "# Title\n\n[image: plot] x\ny\n\na"


def test_unicode_and_whitespace_are_made_alike() -> None:
    text = "cafe\u0301\r\n\r\n\r\n\r\na\u00a0b \t\nzero\u200bwidth\x07 \ufeff"
    assert cleaned(text) == "café\n\na b\nzerowidth"


def test_the_markup_may_be_told() -> None:
    assert cleaned("a <b>b</b> c", markup="html") == "a **b** c"
    assert cleaned("<p>a</p> is a tag", markup="markdown") == "a\n\nis a tag"


LETTERS = "abcdefghijklmnopqrstuvwx"
PRIVATE = "RSA PRIVATE " + "KEY"
MASKED = {
    "Mail jane.doe+x@uni-mainz.de or a@b.com.": "Mail [e-mail address] or [e-mail address].",
    "Call +49 6131 123456 or (415) 555-2671.": "Call [phone number] or [phone number].",
    f"key=sk-proj-{LETTERS}1234 hf_{LETTERS}abcdefghij": "key=[secret key] [secret key]",
    # Made of parts, so that no scanner takes this file for a leak.
    "AKIA" + "ABCDEFGHIJKLMNOP": "[secret key]",
    f"-----BEGIN {PRIVATE}-----\nMII\n-----END {PRIVATE}-----": "[secret key]",
}
KEPT = [
    "y = x@w.to(device) and x@self.weight",
    "@torch.no_grad() git@github.com:foo/bar.git",
    "shape 224 224 3, 0.123-0.456, 2020-05-14 08:11, 1234567890",
    "`n = +1 415 555 2671` is code",
]


def test_personal_data_and_keys_are_masked() -> None:
    assert {text: mask(text) for text in MASKED} == MASKED


@pytest.mark.parametrize("text", KEPT)
def test_code_and_numbers_are_not_masked(text: str) -> None:
    assert mask(text) == text


def question(**changes: Any) -> Question:
    return Question(**{"id": "q", "title": "What?", "body": "I ask.", **changes})


def test_a_question_is_cleaned_whole_and_keeps_the_rest() -> None:
    raw = question(
        title="Is a &lt; b?", body="<p>x</p>", answer="<p>me@x.org</p>", score=3, link="l"
    )
    assert clean(raw, Cleaning()) == question(
        title="Is a < b?", body="x", answer="[e-mail address]", score=3, link="l"
    )
    done = clean(raw, Cleaning(mask=False))
    assert isinstance(done, Question) and done.answer == "me@x.org"


REJECTED = {
    "long": ({"answer": "x" * 51}, "longer than 50 characters"),
    "broken": ({"body": "caf\ufffd"}, "characters are broken (U+FFFD)"),
    "deep": ({"body": "<div>" * 9}, ""),
    "no title": ({"title": "\u200b\x07"}, "the title is empty after cleaning"),
    "French": (
        {"body": "Je ne sais pas pourquoi cela ne marche pas, merci"},
        "not in the language",
    ),
}


@pytest.mark.parametrize("what", REJECTED)
def test_what_is_not_wanted_is_rejected_with_its_reason(what: str) -> None:
    changes, reason = REJECTED[what]
    done = clean(question(**changes), Cleaning(max_characters=50, language="en"))
    assert isinstance(done, Rejected) == bool(reason)
    assert not reason or (isinstance(done, Failed) and reason in done.error)


def test_html_that_is_nested_without_end_is_rejected() -> None:
    for tag in ("<div>", "<b>", "<ul><li>", "<blockquote>"):
        done = clean(question(body="<p>" + tag * 2000 + "x"), Cleaning())
        assert isinstance(done, Rejected) and done.error == "the HTML is nested too deep"


def test_a_body_of_50_mb_is_rejected_unread() -> None:
    done = clean(question(body="<p>" * 17_000_000), Cleaning())
    assert isinstance(done, Rejected) and "longer than 30000" in done.error


def test_code_does_not_tell_the_language() -> None:
    body = "Why does this fail, when I call it with a list of words?\n\n```\n" + "le la les\n" * 50
    assert isinstance(clean(question(body=body + "```"), Cleaning(language="en")), Question)
