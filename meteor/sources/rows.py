"""Rows of anybody's table become questions, by the names of its columns."""

import hashlib
import itertools
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.jsonl import explain
from meteor.core.records import Failed, Question
from meteor.sources.answers import Which, answers_of, chosen
from meteor.sources.choices import CHOICES, listed, right_one
from meteor.sources.columns import MISSING, holes, is_plain, tidy, value_at
from meteor.sources.conversations import conversation, is_conversation, spoken
from meteor.sources.fields import AUTO, Fields, fields_of, resolved
from meteor.sources.values import as_text, is_nothing, mended, read_back, shortened

log = logging.getLogger("meteor")
SAMPLE = 200
"""Rows that are looked at before the columns are chosen."""
FURTHER = "#answer-"
"""What the id of a question gets for its second answer, where all of a list are wanted."""
SPLITS: dict[str, Literal["train", "dev", "test"]] = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("dev", "development", "val", "valid", "validation", "eval"), "dev"),
    **dict.fromkeys(("test", "testing"), "test"),
}
TAG = re.compile(r"[^<>|]+")
SHARE = re.compile(r"\s*[-+]?\d*\.(?!0*\s*$)\d+\s*")
LABELS = ("link", "author", "licence")


class Row(NamedTuple):
    """A row as it was read, where it stands (for errors), and the split of its file."""

    where: str
    content: Any
    split: str | None = None


class Reader:
    """Reads rows by the columns of `fields`. `defaults` are values (category, licence, author,
    link) of rows that have none of their own.
    """

    def __init__(
        self,
        fields: Fields,
        defaults: Mapping[Any, str] | None = None,
        *,
        answers: Which = "best",
        answer_score: str | None = None,
        body_is_due: bool = False,
    ) -> None:
        self.fields, self.defaults = fields, defaults or {}
        self.answers, self.answer_score, self.body_is_due = answers, answer_score, body_is_due
        self.columns: dict[str, str | None] = {}
        self.options: str | None = None
        """The column with the choices of a question, where it has some."""
        self._keys: tuple[Any, ...] | None = None
        self._there: dict[str, Callable[[Mapping[str, Any]], Any]] = {}
        """How each field is read that a row of these keys may have."""
        self.seen: dict[str, None] = {}
        defined = {name: field.default for name, field in type(fields).model_fields.items()}
        self.due = {
            column: name
            for name, given in fields_of(fields).items()
            if given not in (None, AUTO, defined[name])
            for column in holes(str(given))
        }
        """Columns that a user named and no row has had yet."""

    def questions(self, rows: Iterable[Row]) -> Iterator[Question | Failed]:
        """The questions of the rows of one table, and what is wrong with those that are none."""
        rows = iter(rows)
        first = list(itertools.islice(rows, SAMPLE))
        self.columns = resolved(self.fields, (row.content for row in first))
        parts = [hole for name in ("title", "body") for hole in holes(self.columns[name] or "")]
        self.options = next((hole for hole in parts if tidy(hole) in CHOICES), None)
        self._keys = None
        told = ", ".join(f"{name}: {column!r}" for name, column in self._guessed(first).items())
        if told:
            log.info("columns found (first row: %s): %s", first[0].where, told)
        for row in itertools.chain(first, rows):
            yield from self.question(row)

    def check(self) -> None:
        """Raise MeteorError where a column that the user named was in no row."""
        if not self.due or not self.seen:
            return
        column, name = next(iter(self.due.items()))
        raise MeteorError(
            f"params.yaml: {name}: no row has {column!r}; the columns are: {', '.join(self.seen)}"
        )

    def question(self, row: Row) -> Iterator[Question | Failed]:
        """The question of a row, once for each answer that is wanted, or what is wrong with it."""
        content = row.content
        if isinstance(content, Failed):
            yield content
            return
        if not isinstance(content, dict):
            error = f"an object is expected, not a {type(content).__name__}"
            yield Failed(id=row.where, error=error)
            return
        self._note(content)
        try:
            yield from self._read(row, content)
        except Unfit as error:
            yield Failed(id=row.where, error=str(error))
        except ValidationError as error:
            yield Failed(id=row.where, error=explain(error))

    def _read(self, row: Row, content: Mapping[str, Any]) -> Iterator[Question]:
        title, body, said = self._asked(content)
        known = self._text(content, "id")
        identifier = fingerprint(title, body) if known is None else known
        rest = {**self.defaults, **self._rest(content, row.split)}
        texts = [said] if said is not None else self._answers(content)
        for nth, text in enumerate(texts or [None], start=1):
            further = f"{FURTHER}{nth}" if nth > 1 else ""
            yield Question(id=f"{identifier}{further}", title=title, body=body, answer=text, **rest)

    def _rest(self, content: Mapping[str, Any], of_the_file: str | None) -> dict[str, Any]:
        """What is known of a question beside its texts."""
        there = self._there
        rest = {name: self._text(content, name) for name in LABELS if name in there}
        if "category" in there:
            rest["category"] = self._category(content)
        if "score" in there:
            rest["score"] = self._score(content)
        if "check" in there:
            rest["check"] = self._check(content)
        if of_the_file or "split" in there:
            rest["split"] = self._split(content, of_the_file)
        return {name: value for name, value in rest.items() if value is not None}

    def _asked(self, content: Mapping[str, Any]) -> tuple[str, str, str | None]:
        """Title, body, and the answer of a conversation. Without a title the whole text is the
        title, of which cleaning takes the first line.
        """
        texts: list[str] = []
        said = None
        for name in ("title", "body"):
            column, value = self.columns[name], self._value(content, name)
            if isinstance(value, str):
                value = spoken(value)
            elif column is not None and column == self.options:
                value = listed(value) or value
            if isinstance(value, str) and (text := self._as_text(value)):
                texts.append(text)
                continue
            is_chat = self.columns["answer"] == column or is_conversation(value)
            if chat := conversation(value) if is_chat and not isinstance(value, str) else None:
                value = chat.question
                said = chat.answer if self.columns["answer"] == column else None
            alone = name == ("body" if self.columns["title"] is None else "title")
            is_due = alone or self.body_is_due
            text = None if isinstance(value, list) and name == "title" else self._as_text(value)
            if text is None and (is_due or not (value is MISSING or is_nothing(value))):
                state = f"{value!r}, not a text"
                if value is MISSING:
                    there = ", ".join(map(str, content))
                    state = "missing" + (f": there are {there}" if there else "")
                raise Unfit(f"{column or name} is {shortened(state)}")
            texts.append(text or "")
        title, body = texts
        return (title, body.strip(), said) if title else (body, "", said)

    def _as_text(self, value: Any) -> str | None:
        if value is MISSING or is_nothing(value):
            return None
        if isinstance(value, str):
            return mended(value)
        text = as_text(value)
        if text and isinstance(value, dict) and (choices := listed(value.get("choices"))):
            text = f"{text}\n\n{choices}"  # an object of the question's stem and its choices
        return text if text and text.strip() else None

    def _answers(self, content: Mapping[str, Any]) -> list[str]:
        value = self._get(content, "answer")
        if self.options and (right := right_one(value, value_at(content, self.options))):
            return [right]
        if isinstance(value, str):
            value = self._listed(value) or spoken(value)
        if isinstance(value, str):
            return [] if is_nothing(value) else [mended(value)]
        if is_conversation(value) and (chat := conversation(value)):
            return [chat.answer] if chat.answer else []
        found = answers_of(value, self.answer_score)
        if found is None:
            raise Unfit(f"{self.columns['answer']} is {shortened(repr(value))}, not an answer")
        return chosen([one for one in found if not is_nothing(one.text)], self.answers)

    def _listed(self, text: str) -> list[Any] | None:
        """The answers of a cell that has a list of them as a text."""
        name = tidy(self.columns["answer"] or "")
        if not text.startswith("[") or not name.endswith(("answers", "solutions")):
            return None
        value = read_back(text)
        return value if isinstance(value, list) else None

    def _get(self, content: Mapping[str, Any], name: str) -> Any:
        value = self._value(content, name)
        return None if value is MISSING else value

    def _value(self, content: Mapping[str, Any], name: str) -> Any:
        """The value of a field as it stands in the row; MISSING where there is none."""
        read = self._there.get(name)
        return MISSING if read is None else read(content)

    def _text(self, content: Mapping[str, Any], name: str) -> str | None:
        value = self._get(content, name)
        return None if is_nothing(value) else as_text(value)

    def _category(self, content: Mapping[str, Any]) -> str | None:
        """The category; of tags, in a list or as Stack Exchange writes them, the first."""
        value = self._get(content, "category")
        if isinstance(value, list):
            value = value[0] if value else None
        text = None if is_nothing(value) else as_text(value)
        if text and text[0] in "<|":
            text = next(iter(TAG.findall(text)), "")
        return text.strip() if text else None

    def _score(self, content: Mapping[str, Any]) -> Any:
        value = self._get(content, "score")
        if isinstance(value, int):
            return value
        if is_nothing(value):
            return None
        if isinstance(value, dict):  # Mongo's numbers
            value = as_text(value)
        if self.fields.score != AUTO:
            return value
        # A column that is only called so may hold a share, which are no votes.
        return None if SHARE.fullmatch(as_text(value) or "") else value

    def _check(self, content: Mapping[str, Any]) -> Any:
        value = self._get(content, "check")
        return None if isinstance(value, str) and not value.strip() else value

    def _split(self, content: Mapping[str, Any], of_the_file: str | None) -> str | None:
        """The split that came with the data: the row's own, or else its file's."""
        if self.columns["split"] is None:
            return None
        value = self._get(content, "split")
        if is_nothing(value):
            return of_the_file
        split = split_named(str(value))
        if split is None and self.fields.split != AUTO:
            raise Unfit(f"{self.columns['split']} is {value!r}, none of {', '.join(SPLITS)}")
        return split or of_the_file

    def _note(self, content: Mapping[str, Any]) -> None:
        """Take note of the columns that there are."""
        keys = tuple(content)
        if keys == self._keys and not self.due:
            return
        self._keys = keys
        self._there = {
            name: itemgetter(column) if is_plain(column) else partial(value_at, column=column)
            for name, column in self.columns.items()
            if column is not None and (column in keys or not is_plain(column))
        }
        self.seen.update(dict.fromkeys(map(str, keys)))
        for column in list(self.due):
            if value_at(content, column) is not MISSING:
                del self.due[column]

    def _guessed(self, rows: list[Row]) -> dict[str, str]:
        """What `auto` has become, where a row has such a column."""
        given = fields_of(self.fields)
        there = [row.content for row in rows if isinstance(row.content, dict)]
        return {
            name: column
            for name, column in self.columns.items()
            if column is not None and given[name] == AUTO
            if any(value_at(row, column) is not MISSING for row in there)
        }


class Unfit(Exception):
    """Why a row cannot become a question."""


def split_named(name: str) -> Literal["train", "dev", "test"] | None:
    """The split that a word names: `validation`, `test_sft`, `train-00000-of-00004`."""
    return SPLITS.get(re.split(r"[^a-z]", name.strip().lower())[0])


def fingerprint(title: str, body: str) -> str:
    """An id made of the text as it came: the same question keeps it wherever it stands."""
    return hashlib.sha256(f"{title}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
