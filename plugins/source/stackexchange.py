"""The public data dump of Stack Exchange: `Posts.xml`, plain, packed, or inside a `.7z`, `.zip` or
`.tar`.

The dump is read once, line by line, since each post stands on a line of its own. Questions that
are wanted, the best answer to each, and answers whose question has not come yet wait in a temporary
SQLite file (below TMPDIR), so memory stays flat for a dump of any size, in any order.
"""

import datetime
import json
import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Annotated, Literal
from xml.etree.ElementTree import ParseError

from pydantic import BeforeValidator, ValidationError

from meteor.core.errors import MeteorError
from meteor.core.hookspecs import hookimpl
from meteor.core.jsonl import explain
from meteor.core.records import Failed, Question, Rejected
from meteor.core.settings import Field, Settings
from meteor.sources.archives import archived
from meteor.sources.bounded import PACKED
from meteor.sources.posts import Marks, after_comment, attributes, check_frame
from meteor.sources.unpacking import LONGEST_LINE, lines

MEMBER = "Posts.xml"
TYPE = re.compile(rb' PostTypeId="(\d+)"')
PARENT = re.compile(rb' ParentId="(\d+)"')
TAG = re.compile(r"[^<>|]+")
QUESTION, ANSWER = b"1", b"2"
CATEGORIES = {
    "cv": ("computer-vision", "opencv", "image-processing", "object-detection", "yolo"),
    "nlp": ("nlp", "nltk", "spacy", "huggingface-transformers", "word2vec", "bert-language-model"),
    "dl": ("deep-learning", "neural-network", "pytorch", "keras", "tensorflow", "backpropagation"),
    "ml": ("machine-learning", "scikit-learn", "classification", "regression", "random-forest"),
}
LICENCES = (("2011-04-08", "CC BY-SA 2.5"), ("2018-05-02", "CC BY-SA 3.0"), ("", "CC BY-SA 4.0"))
"""By the last day; for dumps from before the attribute ContentLicense."""


def _quoted(day: object) -> object:
    """DVC cannot store the dates of YAML."""
    if isinstance(day, datetime.date):
        raise ValueError(f'put the date in quotes: "{day}"')
    return day


Day = Annotated[datetime.date, BeforeValidator(_quoted)]


class StackExchange(Settings):
    """Which questions of the dump are wanted."""

    site: str = Field("stackoverflow.com", description="where links for attribution point to")
    categories: dict[str, tuple[str, ...]] = Field(
        CATEGORIES,
        description="tags of each category; a question goes to the first that has one of its tags",
    )
    others: bool = Field(
        False, description="keep questions without such a tag too, without a category"
    )
    min_score: int = Field(0, description="least score of a question")
    since: Day | None = Field(None, description='asked on this day or later, as "2018-01-01"')
    until: Day | None = Field(None, description="asked on this day or earlier")
    answers: Literal["accepted", "best"] = Field(
        "best", description="the accepted one, or else (best) the one with the highest score"
    )
    min_answer_score: int | None = Field(
        None, description="least score of an answer; null: none, as of accepted ones"
    )
    answered: bool = Field(True, description="keep only questions that have such an answer")


@hookimpl
def plugin_params() -> type[Settings]:
    return StackExchange


@hookimpl
def source_load(path: Path, params: StackExchange) -> Iterator[Question | Failed]:
    files = [path] if path.is_file() else sorted(f for f in path.rglob("*") if is_dump(f))
    # A large site comes as one archive for each table.
    files = [file for file in files if "posts" in file.name.lower()] or files
    if not files:
        raise MeteorError(f"{path}: there is no {MEMBER}, packed or not, and no archive")
    for file in files:
        with (
            tempfile.TemporaryDirectory(prefix="meteor-") as folder,
            closing(sqlite3.connect(Path(folder) / "posts.sqlite")) as db,
        ):
            yield from Dump(file, params, db).questions()


def is_dump(file: Path) -> bool:
    """Whether a file of a folder may hold posts."""
    name, ending = file.name.lower(), file.suffix.lower()
    plain = name.removesuffix(ending) if ending in PACKED else name
    return plain == MEMBER.lower() or bool(archived(file))


class Dump:
    """One site's posts: `questions` reads them all, and joins."""

    def __init__(self, file: Path, params: StackExchange, db: sqlite3.Connection) -> None:
        self.file, self.params, self.db = file, params, db
        self.categories = {name: frozenset(of) for name, of in params.categories.items()}
        self.wanted, self.asked = Marks(), Marks()
        # What is lost with the process may be lost: no journal, no waiting for the disk.
        db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16000;"
            "CREATE TABLE questions (id INTEGER PRIMARY KEY, title, body, category, score, author,"
            " licence, accepted INTEGER);"
            "CREATE TABLE answers (question INTEGER, id INTEGER, body, score INTEGER, author,"
            " licence, accepted INTEGER, PRIMARY KEY (question)) WITHOUT ROWID;"
            "CREATE TABLE early (row TEXT);"
        )

    def questions(self) -> Iterator[Question | Failed]:
        """Every question of the dump: as a question, or why not."""
        yield from self._read()
        for (text,) in self.db.execute("SELECT row FROM early"):
            post = json.loads(text)
            if int(post["ParentId"]) not in self.wanted:
                continue
            where = post.get("Id", f"an answer to {post['ParentId']}")
            try:
                self._keep(post)
            except (ValueError, OverflowError) as error:
                yield Failed(id=where, error=f"not a readable row: {error}")
            except KeyError as error:
                yield Failed(id=where, error=f"the attribute {error.args[0]} is missing")
        for row in self.db.execute(
            "SELECT q.id, q.title, q.body, q.category, q.score, q.author, q.licence,"
            " a.id, a.body, a.author, a.licence FROM questions q LEFT JOIN answers a"
            " ON a.question = q.id ORDER BY q.id"
        ):
            yield self._joined(*row)

    def _read(self) -> Iterator[Failed]:
        """Keep what is wanted in the database; yield what is not wanted or cannot be read."""
        ended = in_comment = False
        name = self.file.name
        for number, line in enumerate(lines(self.file, MEMBER), start=1):
            where = f"{name}:{number}"
            if line is None:
                yield Failed(id=where, error=f"the line is longer than {LONGEST_LINE} bytes")
                continue
            line = line.strip()
            if in_comment or not line.startswith(b"<row "):
                in_comment, line = after_comment(line, in_comment)
                ended = ended or line.endswith(b"</posts>")
                check_frame(line, f"{self.file}:{number}")
                continue
            found = TYPE.search(line)
            if found and found.group(1) not in (QUESTION, ANSWER):
                continue
            if found and found.group(1) == ANSWER and not self._may_be_wanted(line):
                continue
            try:
                row = attributes(line)
                left_out = self._question(row) if row["PostTypeId"] == "1" else self._answer(row)
            except (ParseError, ValueError, OverflowError) as error:
                yield Failed(id=where, error=f"not a readable row: {error}")
            except KeyError as error:
                yield Failed(id=where, error=f"the attribute {error.args[0]} is missing")
            except sqlite3.IntegrityError:
                yield Rejected(id=row["Id"], error="the id stands twice")
            else:
                if left_out:
                    yield Rejected(id=row["Id"], error=left_out)
        if not ended:
            raise MeteorError(f"{self.file}: ends without </posts>: it is cut off, or no dump")

    def _may_be_wanted(self, line: bytes) -> bool:
        """Whether an answer's question is wanted, or has not come yet."""
        parent = PARENT.search(line)
        if parent is None:
            return False  # to a question that was deleted
        question = int(parent.group(1))
        return question in self.wanted or question not in self.asked

    def _question(self, row: Mapping[str, str]) -> str:
        """Keep a question; say why not."""
        self.asked.add(int(row["Id"]))
        tags = TAG.findall(row.get("Tags", ""))
        categories = self.categories.items()
        category = next((name for name, of in categories if not of.isdisjoint(tags)), "")
        day, score = datetime.date.fromisoformat(row["CreationDate"][:10]), int(row["Score"])
        if not category and not self.params.others:
            return "no tag of a category"
        if score < self.params.min_score:
            return f"score below {self.params.min_score}"
        if self.params.since and day < self.params.since:
            return f"asked before {self.params.since}"
        if self.params.until and day > self.params.until:
            return f"asked after {self.params.until}"
        accepted = int(row.get("AcceptedAnswerId", 0))
        if not accepted and self.params.answered and self._has_no(row):
            return "without an answer"
        self.wanted.add(int(row["Id"]))
        self.db.execute(
            "INSERT INTO questions VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(int(row["Id"]), row.get("Title", ""), row.get("Body", ""), category, score),
                *(self._author(row), licence(row), accepted),
            ),
        )
        return ""

    def _has_no(self, row: Mapping[str, str]) -> bool:
        """Whether a question without an accepted answer has no other that would do."""
        return self.params.answers == "accepted" or row.get("AnswerCount") == "0"

    def _answer(self, row: Mapping[str, str]) -> str:
        """Keep an answer; one that stands before its question waits until all is read."""
        if not row.get("Body", "").strip():
            return ""  # nothing that would answer
        least = self.params.min_answer_score
        if least is not None and int(row["Score"]) < least:
            return ""
        if int(row["ParentId"]) not in self.asked:
            self.db.execute("INSERT INTO early VALUES (?)", (json.dumps(dict(row)),))
        else:
            self._keep(row)
        return ""

    def _keep(self, row: Mapping[str, str]) -> None:
        """Keep an answer where it is better than the one before: accepted, or of a higher score."""
        parent, own = int(row["ParentId"]), int(row["Id"])
        asked = self.db.execute("SELECT accepted FROM questions WHERE id = ?", (parent,)).fetchone()
        accepted = bool(asked) and asked[0] == own
        if accepted or self.params.answers == "best":
            self.db.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " id = excluded.id, body = excluded.body, score = excluded.score,"
                " author = excluded.author, licence = excluded.licence,"
                " accepted = excluded.accepted"
                " WHERE (excluded.accepted, excluded.score) > (accepted, score)",
                (
                    *(parent, own, row.get("Body", ""), int(row["Score"])),
                    *(self._author(row), licence(row), accepted),
                ),
            )

    def _author(self, row: Mapping[str, str]) -> str:
        if "OwnerUserId" in row:
            return f"https://{self.params.site}/users/{row['OwnerUserId']}"
        return row.get("OwnerDisplayName", "anonymous")

    def _joined(
        self, own: int, title: str, body: str, category: str, score: int, author: str, by: str,
        answer_id: int | None, answer: str | None, answerer: str | None, answer_by: str | None,
    ) -> Question | Failed:  # fmt: skip
        if self.params.answered and not (answer or "").strip():
            return Rejected(id=str(own), error="without an answer")
        link = f"https://{self.params.site}/questions/{own}"
        try:
            return Question(
                id=str(own),
                title=title,
                body=body,
                category=category,
                answer=(answer or "").strip() or None,
                score=score,
                link=f"{link}#{answer_id}" if answer_id else link,
                author=together(author, answerer),
                licence=together(by, answer_by),
            )
        except ValidationError as error:
            return Failed(id=str(own), error=explain(error))


def licence(row: Mapping[str, str]) -> str:
    """The licence of a post, by its date where an old dump does not tell."""
    day = row["CreationDate"][:10]
    by_day = next(name for last, name in LICENCES if not last or day < last)
    return row.get("ContentLicense", by_day)


def together(question: str, answer: str | None) -> str:
    """What is said of a question and its answer, once where it is the same."""
    return question if answer in (None, question) else f"{question}, {answer}"
