"""Files of a dump: packed, broken, hostile or huge."""

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import py7zr
import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Failed
from meteor.sources import unpacking
from tests.sources.dumps import dump, load, question, questions, row
from tests.sources.shaping import tarred


@pytest.mark.parametrize("how", ["plain", "gz", "7z", "zip", "tar", "tgz"])
def test_a_dump_may_be_packed(tmp_path: Path, how: str) -> None:
    posts = [question(n, Body=os.urandom(4000).hex()) for n in range(1, 80)]
    content = dump(*posts)
    if how == "plain":
        (tmp_path / "Posts.xml").write_bytes(content)
    elif how == "gz":
        (tmp_path / "Posts.xml.gz").write_bytes(gzip.compress(content))
    elif how == "zip":
        with zipfile.ZipFile(tmp_path / "site.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("Posts.xml", content)
    elif how.startswith("t"):
        parts = {"./site/Users.xml": b"<users/>", "./site/Posts.xml": content}
        tarred(tmp_path / f"site.{how}", parts)
    else:
        with py7zr.SevenZipFile(tmp_path / "site.7z", "w") as packed:
            packed.writestr(b"<users/>", "site/Users.xml")
            packed.writestr(content, "site/Posts.xml")
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
    "a null byte": ('  <row Id="2" PostTypeId="1" Body="\0" />\n', "the attribute CreationDate"),
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


def test_a_control_character_costs_that_character(tmp_path: Path) -> None:
    content = dump(question(1, Title="An @ and a | here"), question(2, Title="Two @"))
    content = content.replace(b"@", b"&#x1F;&#8;").replace(b"a |", b"a \x0b&#xD800;&#65;")
    found = questions(load(tmp_path, content, answered=False))
    assert [row.title for row in found] == ["An  and a A here", "Two"]


COMMENTS = ["<!-- a licence -->\n", "<!--\n  one\n  <row />\n-->\n", "<!-- a --><!-- b\n-->\n"]


@pytest.mark.parametrize("comment", COMMENTS)
def test_comments_are_no_posts(tmp_path: Path, comment: str) -> None:
    head, body = dump(comment, question(1), comment).split(b"<posts>\n")
    for content in (head + comment.encode() + b"<posts>\n" + body, head + b"<posts>\n" + body):
        assert [row.id for row in load(tmp_path, content, answered=False)] == ["1"]


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
