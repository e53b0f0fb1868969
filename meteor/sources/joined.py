"""Rows that belong together in different places: a table of questions with one of answers, the
messages of a forum's or an assistant's trees. What waits, waits in a temporary SQLite file.
"""

import itertools
import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from meteor.core.records import Failed
from meteor.sources.columns import tidy
from meteor.sources.conversations import rank
from meteor.sources.rows import Row
from meteor.sources.tables import Format, of_file, tables
from meteor.sources.values import is_nothing

QUESTIONS, ANSWERS, TAGS = ("questions", "question"), ("answers", "answer"), ("tags", "tag")
PARENTS = ("parentid", "parent_id", "questionid", "question_id", "qid", "post_id")
TEXTS = ("body", "answer", "answer_body", "text", "content", "answer_text")
VOTES = ("score", "votes", "upvotes")
ACCEPTED = ("isaccepted", "is_accepted", "accepted")
MESSAGE = {"message_id", "parent_id", "text", "role"}


def questions_and_answers(path: Path, how: Format) -> Iterator[Row] | None:
    """The rows of `Questions.csv`, each with the list `answers` of its rows in `Answers.csv`, and
    `tags` where there is `Tags.csv`; None where a folder has no such pair of tables.
    """
    if not path.is_dir():
        return None
    stems = {file.name.split(".")[0].lower(): file for file in path.iterdir() if file.is_file()}
    asked, answered, tagged = (
        next((stems[name] for name in names if name in stems), None)
        for names in (QUESTIONS, ANSWERS, TAGS)
    )
    if asked is None or answered is None or asked not in tables(path):
        return None
    return _joined(asked, answered, tagged, how)


def _joined(asked: Path, answered: Path, tagged: Path | None, how: Format) -> Iterator[Row]:
    with _waiting() as db:
        for number, row in of_file(answered, how):
            answer = _answer(row) if isinstance(row, dict) else None
            if answer is None:
                error = getattr(row, "error", "an answer without its question or its text")
                where = f"{answered.name}:{number}"
                yield Row(where, Failed(id=where, error=error))
                continue
            db.execute("INSERT INTO parts VALUES (?, ?)", answer)
        for _, row in of_file(tagged, how) if tagged else ():
            cells = list(row.values()) if isinstance(row, dict) else []
            if len(cells) > 1 and not is_nothing(cells[1]):
                db.execute("INSERT INTO tags VALUES (?, ?)", (_key(cells[0]), str(cells[1])))
        db.execute("CREATE INDEX of_parts ON parts (parent)")
        db.execute("CREATE INDEX of_tags ON tags (parent)")
        for number, row in of_file(asked, how):
            yield Row(f"{asked.name}:{number}", _with_answers(db, row))


def _with_answers(db: sqlite3.Connection, row: Any) -> Any:
    """A question's row with its answers and tags."""
    if not isinstance(row, dict):
        return row
    fields = {tidy(key): value for key, value in row.items()}
    own = _key(fields.get("id", fields.get("question_id", fields.get("qid"))))
    best = _key(fields.get("acceptedanswerid", fields.get("accepted_answer_id")))
    found = db.execute("SELECT content FROM parts WHERE parent = ? ORDER BY rowid", (own,))
    answers = [json.loads(content) for (content,) in found]
    for answer in answers:
        answer["is_accepted"] = answer["is_accepted"] or (bool(best) and answer["id"] == best)
    tags = [tag for (tag,) in db.execute("SELECT tag FROM tags WHERE parent = ?", (own,))]
    return {**row, "answers": answers, **({"tags": tags} if tags else {})}


def _answer(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The id of an answer's question, and the answer."""
    fields = {tidy(key): value for key, value in row.items()}

    def first(names: tuple[str, ...]) -> Any:
        return next((fields[name] for name in names if name in fields), None)

    parent, text = _key(first(PARENTS)), first(TEXTS)
    if not parent or is_nothing(text):
        return None
    accepted = str(first(ACCEPTED)).lower() in ("true", "1")
    answer = {"id": _key(fields.get("id")), "text": str(text), "score": first(VOTES)}
    return parent, json.dumps({**answer, "is_accepted": accepted}, default=str)


def with_trees(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows as they are; where they are the messages of trees (OpenAssistant's flat form), one row
    a tree, with the `messages` along the best-ranked replies.
    """
    rows = iter(rows)
    first = list(itertools.islice(rows, 1))
    rows = itertools.chain(first, rows)
    is_tree = first and isinstance(first[0].content, dict) and first[0].content.keys() >= MESSAGE
    return _trees(rows) if is_tree else rows


def _trees(rows: Iterable[Row]) -> Iterator[Row]:
    roots: list[tuple[str, str, str | None]] = []
    with _waiting() as db:
        for row in rows:
            if not isinstance(row.content, dict):
                yield row
                continue
            key, parent = _key(row.content.get("message_id")), _key(row.content.get("parent_id"))
            if not parent:
                roots.append((key, row.where, row.split))
            text = json.dumps(row.content, default=str)
            db.execute("INSERT INTO parts VALUES (?, ?)", (parent or f"root {key}", text))
        db.execute("CREATE INDEX of_parts ON parts (parent)")
        for key, where, split in roots:
            messages = list(_branch(db, key))
            yield Row(where, {"id": key, **_about(messages), "messages": messages}, split)


def _branch(db: sqlite3.Connection, root: str) -> Iterator[dict[str, Any]]:
    key = f"root {root}"
    while True:
        found = db.execute("SELECT content FROM parts WHERE parent = ? ORDER BY rowid", (key,))
        message = min((json.loads(content) for (content,) in found), key=rank, default=None)
        if message is None:
            return
        yield message
        key = _key(message.get("message_id"))


def _about(messages: list[dict[str, Any]]) -> dict[str, Any]:
    """What holds for a whole tree."""
    first = messages[0] if messages else {}
    return {name: first[name] for name in ("lang", "split", "category") if name in first}


def _key(value: Any) -> str:
    """An id as it is compared: 5, 5.0 and "5" are one."""
    if is_nothing(value):
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


@contextmanager
def _waiting() -> Iterator[sqlite3.Connection]:
    with (
        tempfile.TemporaryDirectory(prefix="meteor-") as folder,
        closing(sqlite3.connect(Path(folder) / "parts.sqlite")) as db,
    ):
        db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;"
            "CREATE TABLE parts (parent TEXT, content TEXT);"
            "CREATE TABLE tags (parent TEXT, tag TEXT);"
        )
        yield db
