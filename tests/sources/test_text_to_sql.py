"""The text-to-SQL samples: every gold query runs, answers, and is told from its neighbours."""

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.conftest import ROOT

DATABASES = ("database", "database_2", "database_3")
LITERAL = re.compile(r"'[^']*'|\b\d+(?:\.\d+)?\b")
SUPERLATIVE = re.compile(r"select (.+?) from (.+) order by (.+?)( desc)? limit (\d+)")
BOUND = re.compile(r"(?<= )(>=|<=|>|<)(?= \d)")
BEYOND = {">": ">=", ">=": ">", "<": "<=", "<=": "<"}


class Sample(NamedTuple):
    folder: Path
    questions: tuple[int, int]
    structures: int


SAMPLES = [
    Sample(ROOT / "data/sources/text_to_sql", (600, 700), 180),
    Sample(ROOT / "data/sources/text_to_sql_held_back", (350, 450), 130),
]


@pytest.fixture(params=SAMPLES, ids=lambda sample: sample.folder.name)
def sample(request: pytest.FixtureRequest) -> Sample:
    chosen: Sample = request.param
    return chosen


@pytest.fixture
def databases(sample: Sample) -> Iterator[list[sqlite3.Connection]]:
    files = [sample.folder / f"databases/{name}.sqlite" for name in DATABASES]
    opened = [sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True) for file in files]
    yield opened
    for database in opened:
        database.close()


@cache
def read(folder: Path) -> list[dict[str, str]]:
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def rows(database: sqlite3.Connection, query: str) -> list[tuple[Any, ...]]:
    return database.execute(query).fetchall()


def plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def test_every_query_has_an_answer_on_every_database(
    sample: Sample, databases: list[sqlite3.Connection]
) -> None:
    for question in read(sample.folder):
        for database in databases:
            values = [value for row in rows(database, question["query"]) for value in row]
            assert values and None not in values, question


def test_no_answer_is_the_same_on_all_databases(
    sample: Sample, databases: list[sqlite3.Connection]
) -> None:
    for question in read(sample.folder):
        answers = [sorted(rows(database, question["query"])) for database in databases]
        assert answers[0] != answers[1] or answers[0] != answers[2], question


def test_a_row_comes_once(sample: Sample, databases: list[sqlite3.Connection]) -> None:
    for question in read(sample.folder):
        for database in databases:
            found = rows(database, question["query"])
            assert len(set(found)) == len(found), question


def test_a_superlative_hangs_on_no_tie(sample: Sample, databases: list[sqlite3.Connection]) -> None:
    for question in read(sample.folder):
        if match := SUPERLATIVE.fullmatch(question["query"]):
            what, source, key, down, limit = match.groups()
            order = f"from {source} order by {key}{down or ''} limit {int(limit) + 1}"
            for database in databases:
                keys = [row[-1] for row in rows(database, f"select {what}, {key} {order}")]
                assert len(set(keys)) == len(keys), question


def test_a_comparison_that_misses_its_bound_shows(
    sample: Sample, databases: list[sqlite3.Connection]
) -> None:
    for question in read(sample.folder):
        query = question["query"]
        for match in BOUND.finditer(query):
            missed = f"{query[: match.start()]}{BEYOND[match[0]]}{query[match.end() :]}"
            assert any(sorted(rows(d, missed)) != sorted(rows(d, query)) for d in databases), missed


def test_the_databases_hold_what_the_sql_says(sample: Sample) -> None:
    for name in DATABASES:
        file = sample.folder / f"databases/{name}.sqlite"
        assert file.stat().st_size < 300_000
        with (
            closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as built,
            closing(sqlite3.connect(":memory:")) as said,
        ):
            said.executescript((sample.folder / f"{name}.sql").read_text(encoding="utf-8"))
            assert list(built.iterdump()) == list(said.iterdump())
            assert not rows(said, "pragma foreign_key_check")


def test_the_databases_share_their_schema(databases: list[sqlite3.Connection]) -> None:
    schemas = [rows(d, "select name, sql from sqlite_master order by name") for d in databases]
    assert schemas[0] == schemas[1] == schemas[2]


def test_a_question_comes_once(sample: Sample) -> None:
    questions = read(sample.folder)
    assert len({question["id"] for question in questions}) == len(questions)
    repeated = Counter(plain(question["question"]) for question in questions).most_common(1)
    assert repeated[0][1] == 1, repeated


def test_a_question_names_the_values_of_its_query(sample: Sample) -> None:
    for question in read(sample.folder):
        named = set(re.findall(r"'([^']*)'", question["query"])) - {"yes", "no"}
        assert all(value in question["question"] for value in named), question


def test_the_questions_are_many_and_various(sample: Sample) -> None:
    questions = read(sample.folder)
    assert sample.questions[0] <= len(questions) <= sample.questions[1]
    structures = Counter(LITERAL.sub("?", question["query"]) for question in questions)
    assert len(structures) >= sample.structures
    assert max(structures.values()) <= 6
    shares = Counter(question["category"] for question in questions)
    assert all(0.03 < share / len(questions) < 0.3 for share in shares.values()), shares


def test_the_queries_keep_one_style(sample: Sample) -> None:
    for question in read(sample.folder):
        bare = LITERAL.sub("?", question["query"])
        assert bare == bare.lower() and bare.startswith("select "), question
        assert bare == " ".join(bare.split()) and not bare.endswith(";"), question
        assert len(re.findall(r"\w+|[^\w\s]", question["query"])) <= 90, question
