"""A dump of Stack Exchange becomes questions with their best answers, in flat memory."""

import datetime
import gzip
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import py7zr
import pytest
from pydantic import ValidationError

from meteor.core.errors import MeteorError
from meteor.core.records import Failed, Question, Rejected
from meteor.reading import unpacking
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


def test_a_question_is_joined_with_its_answer_and_keeps_whom_to_thank(tmp_path: Path) -> None:
    posts = dump(question(4, AcceptedAnswerId=6), answer(6, to=4, ContentLicense="CC BY-SA 3.0"))
    assert load(tmp_path, posts) == [
        Question(
            id="4",
            title="Why?",
            body="<p>Why does <code>a &lt; b</code> fail?</p>",
            category="dl",
            answer="<p>Because.</p>",
            score=5,
            link="https://stackoverflow.com/questions/4#6",
            author="https://stackoverflow.com/users/7, Ann & Bob",
            licence="CC BY-SA 4.0, CC BY-SA 3.0",
        )
    ]


@pytest.mark.parametrize(
    ("how", "chosen"),
    [("best", {"2": "8", "3": "6", "9": "1"}), ("accepted", {"3": "6", "9": "1"})],
)
def test_the_accepted_answer_wins_and_else_the_best_scored(
    tmp_path: Path, how: str, chosen: dict[str, str]
) -> None:
    """Also where an answer stands before its question, as after a merge."""
    rows = load(
        tmp_path,
        dump(
            answer(1, to=9, Score=1),
            question(2),
            question(3, AcceptedAnswerId=6),
            answer(5, to=3, Score=90),
            answer(6, to=3, Score=1),
            answer(7, to=2, Score=3),
            answer(8, to=2, Score=4),
            question(9, AcceptedAnswerId=1),
        ),
        answers=how,
    )
    links = {row.id: str(row.link).split("#")[1] for row in questions(rows)}
    assert links == chosen


@pytest.mark.parametrize(
    ("tags", "category"),
    [
        ("|pytorch|", "dl"),
        ("<pytorch>", "dl"),
        ("<nlp><pytorch>", "nlp"),
        ("|machine-learning|opencv|", "cv"),
        ("|scikit-learn|", "ml"),
        ("|gardening|", ""),
    ],
)
def test_tags_of_old_and_new_dumps_give_the_category(
    tmp_path: Path, tags: str, category: str
) -> None:
    rows = load(tmp_path, dump(question(1, Tags=tags), answer(2, to=1)), others=True)
    assert [row.category for row in questions(rows)] == [category]


def test_each_question_that_is_left_out_says_why(tmp_path: Path) -> None:
    rows = load(
        tmp_path,
        dump(
            question(1, Tags="|gardening|"),
            question(2, Score=1),
            question(3, CreationDate="2018-01-01T00:00:00.000"),
            question(4, CreationDate="2021-01-01T00:00:00.000"),
            question(5, AnswerCount=0),
            question(6),
            question(7),
            answer(8, to=7),
            {**question(9), "PostTypeId": 4},
        ),
        **{"min_score": 2, "since": "2019-01-01", "until": "2020-01-01"},
    )
    assert {row.id: row.error for row in rows if isinstance(row, Rejected)} == {
        "1": "no tag of a category",
        "2": "score below 2",
        "3": "asked before 2019-01-01",
        "4": "asked after 2020-01-01",
        "5": "without an answer",
        "6": "without an answer",
    }
    assert [row.id for row in questions(rows)] == ["7"] and len(rows) == 7


def test_a_date_that_dvc_cannot_store_is_refused() -> None:
    """In YAML without quotes it is a date, and `dvc repro` ends with an unexpected error."""
    with pytest.raises(ValidationError, match='put the date in quotes: "2018-01-01"'):
        StackExchange(since=datetime.date(2018, 1, 1))


def test_the_licence_of_an_old_dump_goes_by_the_date(tmp_path: Path) -> None:
    dates = {"2011-04-07": "2.5", "2011-04-08": "3.0", "2018-05-01": "3.0", "2018-05-02": "4.0"}
    for number, (date, version) in enumerate(dates.items()):
        post = question(number, CreationDate=f"{date}T00:00:00.000", ContentLicense=None)
        (row,) = questions(load(tmp_path, dump(post), answered=False))
        assert row.licence == f"CC BY-SA {version}"


@pytest.mark.parametrize("how", ["plain", "gz", "7z"])
def test_a_dump_may_be_packed(tmp_path: Path, how: str) -> None:
    posts = [question(n, Body=os.urandom(4000).hex()) for n in range(1, 80)]
    content = dump(*posts)
    if how == "plain":
        (tmp_path / "Posts.xml").write_bytes(content)
    elif how == "gz":
        (tmp_path / "Posts.xml.gz").write_bytes(gzip.compress(content))
    else:
        with py7zr.SevenZipFile(tmp_path / "site.7z", "w") as archive:
            archive.writestr(b"<users/>", "Users.xml")
            archive.writestr(content, "Posts.xml")
    found = questions(load(tmp_path, answered=False))
    assert [row.body for row in found] == [post["Body"] for post in posts]


LAUGHS = '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>\n<posts>\n</posts>\n'
FILES = {
    "an entity bomb": (LAUGHS.encode(), ":1: no post .* no DOCTYPE"),
    "an external entity": (
        b'<?xml version="1.0"?>\n<!DOCTYPE p [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n',
        ":2: no post",
    ),
    "cut off": (dump(question(1))[:-10], "ends without </posts>"),
    "empty": (b"", "ends without </posts>"),
    "another format": (b"PK\x03\x04 zip", ":1: no post"),
}


@pytest.mark.parametrize("what", FILES)
def test_a_file_that_is_no_dump_is_an_error(tmp_path: Path, what: str) -> None:
    content, wrong = FILES[what]
    with pytest.raises(MeteorError, match=wrong):
        load(tmp_path, content)


LONG = "x" * (unpacking.LONGEST_LINE + 10)
ROWS = {
    "an entity": ('  <row Id="2" PostTypeId="1" Body="&a;" />\n', "undefined entity"),
    "a null byte": ('  <row Id="2" PostTypeId="1" Body="\0" />\n', "not a readable row"),
    "a broken tag": ('  <row Id="2" PostTypeId="1" Body="\n', "not a readable row"),
    "a body of 16 MB": (row(question(2, Body=LONG)), "the line is longer than 16777216"),
    "no score": (row(question(2, Score=None)), "the attribute Score is missing"),
    "no date": (row(question(2, CreationDate="once")), "not a readable row"),
    "a huge id": (row(question(2**62)), "is no number of a post"),
    "no title": (row(question(2, Title=None)), "title: "),
}


@pytest.mark.parametrize("what", ROWS)
def test_a_bad_row_is_named_and_stops_no_other(tmp_path: Path, what: str) -> None:
    text, wrong = ROWS[what]
    rows = load(tmp_path, dump(question(1), text, question(3)), answered=False)
    (bad,) = (row for row in rows if isinstance(row, Failed))
    assert wrong in bad.error and bad.id in ("Posts.xml:4", "2")
    assert [row.id for row in questions(rows)] == ["1", "3"]


def test_broken_utf_8_is_marked(tmp_path: Path) -> None:
    content = dump(question(1, Title="caf\u00e9")).replace("\u00e9".encode(), b"\xe9")
    (found,) = questions(load(tmp_path, content, answered=False))
    assert found.title == "caf\ufffd"  # cleaning leaves such a question out


def zeros(size: int) -> bytes:
    return gzip.compress(b"\0" * size)


def test_a_packed_file_without_end_is_refused(tmp_path: Path) -> None:
    """100 MB of nothing in 100 kB: the limit is 100 times the size, and 64 MB at least."""
    (tmp_path / "Posts.xml.gz").write_bytes(zeros(100 * 2**20))
    with pytest.raises(MeteorError, match="unpacks to more than 100 times its size"):
        load(tmp_path)


def test_a_7z_without_end_is_refused(tmp_path: Path) -> None:
    with py7zr.SevenZipFile(tmp_path / "bomb.7z", "w") as archive:
        archive.writestr(b"<posts>\n" + b"\0" * (80 * 2**20), "Posts.xml")
    with pytest.raises(MeteorError, match="unpacks to more than 100 times its size"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "wrong"),
    [
        ("Posts.xml.gz", b"not packed", "cannot be unpacked"),
        ("Posts.xml.gz", gzip.compress(dump(question(1)))[:-20], "cannot be unpacked"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c broken", "cannot be unpacked"),
        ("readme.txt", b"hello", "there is no Posts.xml"),
    ],
)
def test_a_broken_package_is_an_error(
    tmp_path: Path, name: str, content: bytes, wrong: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MeteorError, match=wrong):
        load(tmp_path)


def test_a_7z_without_posts_names_what_it_has(tmp_path: Path) -> None:
    with py7zr.SevenZipFile(tmp_path / "site.7z", "w") as archive:
        archive.writestr(b"<users/>", "Users.xml")
    with pytest.raises(MeteorError, match=r"there is no Posts.xml inside, but Users.xml"):
        load(tmp_path)


MEASURE = """
import resource, sys
from pathlib import Path
from plugins.source.stackexchange import StackExchange, source_load

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak()
rows = sum(1 for _ in source_load(Path(sys.argv[1]), StackExchange(answered=False)))
print(rows, (peak() - before) // 1024)
"""


def test_memory_does_not_grow_with_the_dump(tmp_path: Path) -> None:
    """60 MB of posts that are all wanted take less than half of that."""
    body = "word " * 4000
    with (tmp_path / "Posts.xml").open("wb") as file:
        file.write(dump().removesuffix(b"</posts>\n"))
        for number in range(3000):
            file.write(row(question(number, Body=body)).encode())
        file.write(b"</posts>\n")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], capture_output=True, text=True, check=True
    )
    rows, megabytes = map(int, done.stdout.split())
    assert rows == 3000
    assert megabytes < 30
