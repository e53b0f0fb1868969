"""Clean a question: Markdown, Unicode, whitespace, personal data, language and length."""

import html
import re
import unicodedata

from meteor.core.records import Failed, Question, Rejected
from meteor.core.sections import Cleaning
from meteor.sources import markdown, markup
from meteor.sources.masking import CODE, mask
from meteor.sources.tokens import TokenLimit

LINE_ENDS = ("\r\n", "\r", "\u2028", "\u2029")
HEADING = re.compile(r"^#{1,6} +|(?<=\S) +#+$")
ENTITY = re.compile(r"&(?:#\d+|#x[\da-fA-F]+|quot|amp|lt|gt|apos|nbsp);")
OF_TAGS = re.compile(r"\b(?:x?html5?|xml|svg|jsx|web ?pages?|markup)\b", re.IGNORECASE)
PARAGRAPH = re.compile(r"\s*<p\b", re.IGNORECASE)
"""How prose in HTML begins."""
BROKEN = "\ufffd"
MOST_BROKEN = 200
"""One character in so many may be broken; a text with more is left out."""
LEAST_WORDS_TO_TELL_A_LANGUAGE = 8


def clean(
    question: Question, settings: Cleaning, limit: TokenLimit | None = None
) -> Question | Failed:
    """The clean question, or why it is left out (Rejected) or cannot be read (Failed). A text with
    more tokens than `limit` is left out.
    """
    texts = (question.title, question.body, question.answer or "")
    if reason := unfit(texts, settings):
        return Rejected(id=question.id, error=reason)
    try:
        title, body = _asked(question, settings)
        answer = None if question.answer is None else _answered(question, settings)
    except markup.Unreadable as error:
        return Rejected(id=question.id, error=str(error))
    if settings.mask:
        title, body, answer = mask(title), mask(body), mask(answer) if answer else answer
    if settings.language and not _is_in(settings.language, f"{title}\n{body}"):
        return Rejected(id=question.id, error=f"not in the language {settings.language!r}")
    if limit and any(map(limit.passed_by, (f"{title}\n{body}", answer or ""))):
        return Rejected(id=question.id, error=f"longer than {limit.most} tokens")
    if not title:
        return Rejected(id=question.id, error="the title is empty after cleaning")
    return question.model_copy(update={"title": title, "body": body, "answer": answer or None})


def unfit(texts: tuple[str, ...], settings: Cleaning) -> str:
    """Why texts need not be cleaned at all; empty where they are fit."""
    limit = settings.max_characters
    if limit is not None and max(map(len, texts)) > limit:
        return f"longer than {limit} characters"
    if any(BROKEN in text and text.count(BROKEN) * MOST_BROKEN > len(text) for text in texts):
        return "characters are broken (U+FFFD)"
    return ""


def text_of(text: str, settings: Cleaning) -> str:
    """Clean Markdown of a raw text, HTML or Markdown. Raises markup.Unreadable."""
    text = _plain(text)
    if kind(text, settings) == "html":
        return markdown.from_converted(markup.from_html(text))
    return markdown.from_markdown(text)


def kind(text: str, settings: Cleaning) -> markup.Markup:
    """What a text is written in."""
    return markup.markup_of(text) if settings.markup == "auto" else settings.markup


def _answered(question: Question, settings: Cleaning) -> str:
    """The answer. Tags that a question in plain words asks for are code, and stay."""
    answer = question.answer or ""
    if "<" in answer and settings.markup == "auto" and _is_asked_for(question, answer):
        return _plain(answer).strip("\n").rstrip()
    return text_of(answer, settings)


def _is_asked_for(question: Question, answer: str) -> bool:
    """Whether a question asks for tags, and has none itself; an answer in HTML begins as prose."""
    if PARAGRAPH.match(answer) or not OF_TAGS.search(f"{question.title}\n{question.body}"):
        return False
    return markup.markup_of(question.body or question.title) == "markdown"


def _plain(text: str) -> str:
    """A text without control characters, its lines ended in one way, its letters in one form."""
    for end in LINE_ENDS:
        text = text.replace(end, "\n")
    return markdown.without_control(unicodedata.normalize("NFC", text))


def _asked(question: Question, settings: Cleaning) -> tuple[str, str]:
    """Title and body. A title of several lines is a whole question where there is no body, or
    where it has paragraphs or code: its first line is the title, the rest (further) body.
    """
    body = text_of(question.body, settings)
    whole = question.title.strip()
    is_html = kind(whole, settings) == "html" and markup.markup_of(whole) == "html"
    if "\n" in whole or "\r" in whole or is_html:
        text = text_of(whole, settings)
        lines = list(markdown.fenced_lines(text))
        if not body or "\n\n" in text or any(line.is_code for line in lines):
            title, rest = _headed(text, lines)
            return title, "\n\n".join(filter(None, (rest, body)))
    plain = "&" not in question.title
    written_in = "markdown" if plain else kind(question.body or question.answer or "", settings)
    return _title(question.title, written_in), body


def _headed(text: str, lines: list[markdown.Line]) -> tuple[str, str]:
    """The first line of a text as a title, and the rest; all of it where it begins with code."""
    if lines[0].is_code:
        first = next((line.text for line in lines if line.text and not line.is_code), text)
        return _title(first.strip("`~\n").partition("\n")[0], "markdown"), text
    first, _, rest = text.partition("\n")
    return _title(HEADING.sub("", first), "markdown"), rest.lstrip("\n")


def _title(text: str, written_in: markup.Markup) -> str:
    """A title is plain text on one line; an API that gives HTML escapes it too."""
    if "&" in text and (written_in == "html" or ENTITY.search(text)):
        text = html.unescape(text)
    return " ".join(markdown.without_control(unicodedata.normalize("NFC", text)).split())


def _is_in(language: str, text: str) -> bool:
    """Whether the prose is in a language (ISO 639-1); too little prose tells nothing, and stays."""
    from py3langid.langid import classify

    prose = CODE.sub(" ", text)
    if len(prose.split()) < LEAST_WORDS_TO_TELL_A_LANGUAGE:
        return True
    return str(classify(prose)[0]) == language
