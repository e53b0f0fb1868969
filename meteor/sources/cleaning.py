"""Clean a question: Markdown, Unicode, whitespace, personal data, language and length."""

import html
import re
import unicodedata

from pydantic import ValidationError

from meteor.core.jsonl import explain
from meteor.core.params import Cleaning
from meteor.core.records import Failed, Question, Rejected
from meteor.sources import markup
from meteor.sources.masking import CODE, mask
from meteor.sources.tokens import TokenLimit

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ufeff\u200b\u2060\u00ad]")
BLANK_LINES = re.compile(r"\n{3,}")
ENTITY = re.compile(r"&(?:#\d+|#x[\da-fA-F]+|quot|amp|lt|gt|apos|nbsp);")
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
        written_in = kind(question.body or question.answer or "", settings)
        title = _title(question.title, written_in)
        body = text_of(question.body, settings)
        answer = text_of(question.answer, settings) if question.answer is not None else None
    except markup.Unreadable as error:
        return Rejected(id=question.id, error=str(error))
    if settings.mask:
        title, body, answer = mask(title), mask(body), mask(answer) if answer else answer
    if settings.language and not _is_in(settings.language, f"{title}\n{body}"):
        return Rejected(id=question.id, error=f"not in the language {settings.language!r}")
    if limit and any(map(limit.passed_by, (body, answer or ""))):
        return Rejected(id=question.id, error=f"longer than {limit.most} tokens")
    if not title:
        return Rejected(id=question.id, error="the title is empty after cleaning")
    try:
        return Question.model_validate(
            {**question.model_dump(), "title": title, "body": body, "answer": answer or None}
        )
    except ValidationError as error:
        return Failed(id=question.id, error=explain(error))


def unfit(texts: tuple[str, ...], settings: Cleaning) -> str:
    """Why texts need not be cleaned at all; empty where they are fit."""
    limit = settings.max_characters
    if limit is not None and max(map(len, texts)) > limit:
        return f"longer than {limit} characters"
    if any("\ufffd" in text for text in texts):
        return "characters are broken (U+FFFD)"
    return ""


def text_of(text: str, settings: Cleaning) -> str:
    """Clean Markdown of a raw text, HTML or Markdown. Raises markup.Unreadable."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    convert = markup.from_html if kind(text, settings) == "html" else markup.from_markdown
    text = convert(CONTROL.sub("", text))
    lines = (line.rstrip() for line in text.replace("\xa0", " ").split("\n"))
    return BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def kind(text: str, settings: Cleaning) -> markup.Markup:
    """What a text is written in."""
    return markup.markup_of(text) if settings.markup == "auto" else settings.markup


def _title(text: str, written_in: markup.Markup) -> str:
    """A title is plain text on one line; an API that gives HTML escapes it too."""
    if written_in == "html" and ENTITY.search(text):
        text = html.unescape(text)
    return " ".join(CONTROL.sub("", unicodedata.normalize("NFC", text)).split())


def _is_in(language: str, text: str) -> bool:
    """Whether the prose is in a language (ISO 639-1); too little prose tells nothing, and stays."""
    from py3langid.langid import classify

    prose = CODE.sub(" ", text)
    if len(prose.split()) < LEAST_WORDS_TO_TELL_A_LANGUAGE:
        return True
    return str(classify(prose)[0]) == language
