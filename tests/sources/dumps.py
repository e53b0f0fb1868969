"""Dumps of Stack Exchange for tests: posts, rows, and what the plugin makes of them."""

from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

from meteor.core.records import Failed, Question
from plugins.source.stackexchange import StackExchange, source_load

HEAD = '\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n'
QUESTION = {
    "PostTypeId": 1,
    "CreationDate": "2019-03-01T10:00:00.000",
    "Score": 5,
    "Body": "<p>Why does <code>a &lt; b</code> fail?</p>",
    "OwnerUserId": 7,
    "Title": "Why?",
    "Tags": "|pytorch|numpy|",
    "AnswerCount": 1,
    "ContentLicense": "CC BY-SA 4.0",
}
ANSWER = {
    "PostTypeId": 2,
    "CreationDate": "2019-03-02T10:00:00.000",
    "Score": 1,
    "Body": "<p>Because.</p>",
    "OwnerDisplayName": "Ann & Bob",
    "ContentLicense": "CC BY-SA 4.0",
}


def question(number: int, **changes: Any) -> dict[str, Any]:
    return {"Id": number, **QUESTION, **changes}


def answer(number: int, to: int, **changes: Any) -> dict[str, Any]:
    return {"Id": number, "ParentId": to, **ANSWER, **changes}


def row(post: dict[str, Any]) -> str:
    shown = (f"{key}={quoteattr(str(value))}" for key, value in post.items() if value is not None)
    return f"  <row {' '.join(shown)} />\n"


def dump(*posts: dict[str, Any] | str) -> bytes:
    rows = (post if isinstance(post, str) else row(post) for post in posts)
    return (HEAD + "".join(rows) + "</posts>\n").encode()


def load(path: Path, content: bytes | None = None, **settings: Any) -> list[Question | Failed]:
    if content is not None:
        path = path / "Posts.xml"
        path.write_bytes(content)
    return list(source_load(path, StackExchange(**settings)))


def questions(rows: list[Question | Failed]) -> list[Question]:
    return [row for row in rows if isinstance(row, Question)]
