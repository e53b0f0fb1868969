"""A run of the authors' scripts as records: what was kept, what was mended, what was left out."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from meteor.commands.authors.matching import Known
from meteor.commands.authors.reading import echoed, scores
from meteor.commands.authors.words import verdict
from meteor.core.errors import MeteorError
from meteor.core.judgements import Judgement
from meteor.core.records import Attempt, Distilled, Guideline, Question, Refinement
from meteor.core.sections import Cleaning
from meteor.core.texts import ends_whole
from meteor.sources.cleaning import text_of
from meteor.sources.markup import Unreadable
from meteor.sources.masking import mask
from meteor.sources.rows import fingerprint
from meteor.sources.unpacking import lines
from meteor.sources.values import mended

RAW = "_data.json"
LARGEST_ARRAY = 2**30
"""Bytes of a JSON file, which is read whole; the authors' have some millions."""
SPECIAL = re.compile(r"^\s*(?:<[^<>\s]{1,30}>\s*|\[[A-Z]{2,6}\]\s*)+(?=title:)", re.IGNORECASE)
"""Tokens before an echo, as a tokenizer writes them where it is not told to leave them out."""
Kind = Literal["guidelines", "distilled", "iterative", "evaluation", "test", "raw"]
FIELDS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("distilled", frozenset({"question_title", "question_content", "guideline", "answer"})),
    ("evaluation", frozenset({"question", "answers", "evaluation"})),
    ("iterative", frozenset({"question", "answer", "evaluation"})),
    ("guidelines", frozenset({"guideline"})),
    ("test", frozenset({"question_content"})),
)


@dataclass
class Unclear:
    """An answer of phase 2 whose evaluation does not tell whether it is correct."""

    question: Question
    answer: str
    evaluation: str


@dataclass
class Run:
    """The records of a run, by the question's id, in the order of the files."""

    cleaning: Cleaning
    questions: dict[str, Question] = field(default_factory=dict)
    guidelines: dict[str, Guideline] = field(default_factory=dict)
    distilled: dict[str, Distilled] = field(default_factory=dict)
    tests: dict[str, Question] = field(default_factory=dict)
    refinements: list[Refinement] = field(default_factory=list)
    unclear: list[Unclear] = field(default_factory=list)
    judgements: dict[str, list[Judgement]] = field(default_factory=dict)
    counts: dict[str, Counter[str]] = field(default_factory=dict)
    passed_over: list[str] = field(default_factory=list)
    """Files whose fields are those of no script."""
    candidates: dict[str, None] = field(default_factory=dict)
    """Questions of the raw files and the evaluation, which may be held out."""
    _known: Known = field(default_factory=Known)
    _seen: set[tuple[str, ...]] = field(default_factory=set)

    def read(self, folder: Path) -> None:
        """Read every file of a folder that is known by its name or its fields.

        Raises MeteorError where none is.
        """
        files = sorted(f for f in folder.rglob("*") if f.suffix in (".json", ".jsonl"))
        found = [(kind_of(file), file) for file in files]
        if not any(kind for kind, _ in found):
            raise MeteorError(f"{folder}: there is no file of the authors' scripts")
        self.passed_over = [str(file.relative_to(folder)) for kind, file in found if not kind]
        order = ("raw", *(kind for kind, _ in FIELDS))
        known = sorted((order.index(kind), file) for kind, file in found if kind)
        for place, file in known:
            count = self.counts.setdefault(str(file.relative_to(folder)), Counter())
            for row in rows_of(file):
                count["rows"] += 1
                count[self._take(order[place], row, file)] += 1

    def _take(self, kind: str, row: Any, file: Path) -> str:
        """Keep a row; say what became of it, in the words that the command prints."""
        if not isinstance(row, dict):
            return "dropped: not a readable object"
        try:
            return str(getattr(self, f"_take_{kind}")(row, file))
        except (KeyError, TypeError, ValueError, Unreadable) as error:
            return f"dropped: {type(error).__name__} in a field" + (
                f" {error}" if isinstance(error, KeyError) else ""
            )

    def _take_raw(self, row: dict[str, Any], file: Path) -> str:
        category = file.name.removesuffix(RAW)
        answer = row.get("answer")
        accepted = answer if isinstance(answer, str) and answer.strip() else None
        title, body = _text(row, "title"), _text(row, "question_content")
        question = self._question(title, body, category, accepted)
        self.candidates[question.id] = None
        return self._first("raw", question.id)

    def _take_guidelines(self, row: dict[str, Any], file: Path) -> str:
        parts = echoed(SPECIAL.sub("", _text(row, "guideline")))
        if parts is None:
            return "dropped: no question is to be found in it"
        title, body, guideline = parts
        if not guideline:
            return "dropped: only the prompt, no guideline"
        question = self._recovered(title, body)
        if question.id in self.guidelines:
            return "dropped: a duplicate"
        self.guidelines[question.id] = _guideline(question, guideline)
        return "mended: the echoed prompt taken off, its question recovered"

    def _take_distilled(self, row: dict[str, Any], file: Path) -> str:
        title, body = _text(row, "question_title"), _text(row, "question_content")
        guideline, answer = _text(row, "guideline"), _text(row, "answer")
        parts = echoed(SPECIAL.sub("", guideline))
        if parts:
            guideline = parts[2]
        question = self._recovered(title, body)
        if not guideline.strip() or not answer.strip():
            return "dropped: an empty guideline or answer"
        if question.id in self.distilled:
            return "dropped: a duplicate"
        self.guidelines[question.id] = _guideline(question, guideline)
        self.distilled[question.id] = Distilled(
            id=question.id, question=question, guideline=guideline, answer=answer
        )
        return "mended: the echoed prompt taken off" if parts else "kept"

    def _take_iterative(self, row: dict[str, Any], file: Path) -> str:
        question = self._asked(_text(row, "question"))
        answer, evaluation = _text(row, "answer"), _text(row, "evaluation")
        key = ("iterative", question.id, answer)
        if key in self._seen:
            return "dropped: a duplicate"
        self._seen.add(key)
        said = verdict(evaluation)
        if said == "unknown":
            self.unclear.append(Unclear(question, answer, evaluation))
            return "kept, marked unknown: the evaluation does not tell"
        attempt = Attempt(
            text=answer, finish_reason=_end(answer), correct=said == "correct", advice=evaluation
        )
        self.refinements.append(
            Refinement(
                id=question.id, question=question, attempts=(attempt,), accepted=attempt.correct,
                weights=0,
            )
        )  # fmt: skip
        return "kept, marked accepted" if attempt.correct else "kept, marked not accepted"

    def _take_evaluation(self, row: dict[str, Any], file: Path) -> str:
        question = self._asked(_text(row, "question"))
        models = list(row["answers"])
        self.candidates[question.id] = None
        if self._first("evaluation", question.id) != "kept":
            return "dropped: a duplicate"
        found = scores(row["evaluation"], models)
        for model, read in found.items():
            judgement = Judgement(id=question.id, scores=read)
            self.judgements.setdefault(model, []).append(judgement)
        if len(found) == len(models):
            return "kept"
        return "kept in part: not every model's scores can be told" if found else "kept: unknown"

    def _take_test(self, row: dict[str, Any], file: Path) -> str:
        body = _text(row, "question_content")
        title = mended(str(row.get("title") or row.get("question_title") or ""))
        question = self._recovered(title, body) if title else self._asked(body)
        if question.id in self.guidelines:
            return "dropped: the question was trained on"
        if question.id in self.tests:
            return "dropped: a duplicate"
        self.tests[question.id] = question
        return "kept"

    def _first(self, *key: str) -> str:
        if key in self._seen:
            return "dropped: a duplicate"
        self._seen.add(key)
        return "kept"

    def _question(
        self, title: str, body: str, category: str = "", answer: str | None = None
    ) -> Question:
        """The question of a text, the same one wherever it is found, cleaned as ingest does."""
        identifier = fingerprint(_flat(title), _flat(body))
        if identifier not in self.questions:
            new = Question(
                id=identifier,
                title=self._cleaned(title).replace("\n", " "),
                body=self._cleaned(body),
                category=category,
                answer=self._cleaned(answer) or None if answer else None,
            )
            self.questions[identifier] = new
            self._known.add(identifier, title, body)
        return self.questions[identifier]

    def _recovered(self, title: str, body: str) -> Question:
        """The question that is known already, as a tokenizer may have changed it, or a new one."""
        known = self._known.find(f"{title} {body}")
        return self.questions[known] if known else self._question(title, body)

    def _asked(self, text: str) -> Question:
        """The question that a text asks: one that is known, or a new one whose title is the first
        line.
        """
        known = self._known.find(text)
        if known:
            return self.questions[known]
        title, _, body = text.strip().partition("\n")
        return self._question(title, body)

    def _cleaned(self, text: str) -> str:
        clean = text_of(mended(text), self.cleaning)
        return mask(clean) if self.cleaning.mask else clean


def kind_of(file: Path) -> Kind | None:
    """What a file is, by its name or by the fields of its first row."""
    if file.name.endswith(RAW):
        return "raw"
    if file.suffix != ".jsonl":
        return None
    first = next((row for row in rows_of(file) if isinstance(row, dict)), {})
    keys = set(first)
    return next((kind for kind, fields in FIELDS if fields <= keys), None)


def rows_of(file: Path) -> Iterator[Any]:
    """The rows of a JSON array or of JSON Lines; None for one that cannot be read."""
    if file.suffix == ".json":
        if file.stat().st_size > LARGEST_ARRAY:
            raise MeteorError(f"{file}: is larger than {LARGEST_ARRAY} bytes; write JSON Lines")
        try:
            whole = json.loads(file.read_text(encoding="utf-8-sig"))
        except (OSError, ValueError, RecursionError) as error:
            raise MeteorError(f"{file}: not valid JSON: {error}") from None
        yield from whole if isinstance(whole, list) else [None]
        return
    for line in lines(file):
        if line == b"":
            continue
        try:
            yield json.loads(line) if line is not None else None
        except (ValueError, RecursionError):
            yield None


def _guideline(question: Question, text: str) -> Guideline:
    return Guideline(id=question.id, text=text, finish_reason=_end(text))


def _end(text: str) -> Literal["stop", "length"]:
    """How a text ended: the scripts do not tell, so by the look of its last line."""
    return "stop" if ends_whole(text) else "length"


def _text(row: dict[str, Any], name: str) -> str:
    if not isinstance(row[name], str):
        raise TypeError(name)
    return mended(row[name])


def _flat(text: str) -> str:
    return " ".join(text.split())
