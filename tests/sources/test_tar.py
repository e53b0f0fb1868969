"""Tar archives: the table or dump in them is read as from a zip, and what is hostile is refused."""

import io
import os
import tarfile
import tracemalloc
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Question
from meteor.sources import tarred as tars
from plugins.source.stackexchange import StackExchange
from plugins.source.stackexchange import source_load as load_dump
from plugins.source.table import Table, source_load
from tests.sources.dumps import dump, question
from tests.sources.shaping import tarred

LINE = b'{"question": "Why?", "answer": "So."}\n'
TEXT = os.urandom(10_000).hex().encode()
NAMES = ("a.tar", "a.tar.gz", "a.tgz", "a.tar.xz", "a.tar.bz2", "a.tar.zst", "A.TAR.GZ", "a.tzst")


def read(path: Path) -> list[str]:
    rows = source_load(path, Table())
    return [row.title for row in rows if isinstance(row, Question)]


def refused(path: Path) -> str:
    """The message, where nothing is left beside what was there."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(MeteorError) as caught:
        list(source_load(path, Table()))
    assert sorted(path.parent.rglob("*")) == before
    return str(caught.value)


def written(path: Path, *parts: tuple[tarfile.TarInfo, bytes], end: bytes | None = None) -> Path:
    """An archive of parts that a usual one does not have, packed where its name says so."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for part, content in parts:
            part.size = len(content)
            archive.addfile(part, io.BytesIO(content))
    content = out.getvalue() if end is None else out.getvalue()[: out.tell() - 10240] + end
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_the_only_table_of_a_tar_is_read(tmp_path: Path, name: str) -> None:
    aside = {"./README.md": b"# Rows", "data/LICENSE": b"CC0", "data/._rows.jsonl": b"\0\5"}
    archive = tarred(tmp_path / name.lower(), {**aside, "data/rows.jsonl": LINE * 2})
    assert read(archive.rename(tmp_path / name)) == ["Why?", "Why?"]
    assert read(tmp_path) == ["Why?", "Why?"]


def test_a_tar_of_two_tables_is_refused_by_their_names(tmp_path: Path) -> None:
    file = tarred(tmp_path / "a.tgz", {"a.jsonl": LINE, "b.jsonl": LINE, "README": b""})
    assert "it is packed and holds a.jsonl, b.jsonl; unpack it first" in refused(file)
    assert "holds a.parquet; unpack it" in refused(tarred(file, {"a.parquet": b"PAR1"}))


@pytest.mark.parametrize(
    "name", ["../../evil.jsonl", "/tmp/evil.jsonl", "C:/evil.jsonl", "a/../../b.jsonl"]
)
def test_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    message = refused(tarred(tmp_path / "a.tar.gz", {name: LINE}))
    assert f"holds {name!r}, which leads out of it" in message


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, b"2"])
def test_a_link_or_a_device_is_refused(tmp_path: Path, kind: bytes) -> None:
    part = tarfile.TarInfo("b.jsonl")
    part.type, part.linkname = kind, "/etc/passwd"
    file = written(tmp_path / "a.tar", (tarfile.TarInfo("a.jsonl"), LINE), (part, b""))
    message = refused(file)
    assert "holds 'b.jsonl', which is a link or a device" in message


@pytest.mark.parametrize("name", ["a.tgz", "a.tar.xz"])
def test_what_unpacks_without_end_is_refused(tmp_path: Path, name: str) -> None:
    file = tarred(tmp_path / name, {"a.jsonl": bytes(80 * 2**20)})
    assert "unpacks to more than 100 times its size" in refused(file)


def test_a_header_without_end_is_refused(tmp_path: Path) -> None:
    part = tarfile.TarInfo("././@LongLink")
    part.type = tarfile.GNUTYPE_LONGNAME
    file = written(tmp_path / "a.tar", (part, b"a" * 100_000), (tarfile.TarInfo("a"), LINE))
    message = refused(file)
    assert "cannot be unpacked (a header of 100000 bytes)" in message


def test_names_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tars, "MOST_NAMES", 100)
    names = {f"{number}/Posts.xml": b"" for number in range(20)}
    with pytest.raises(MeteorError, match="holds too many files"):
        list(load_dump(tarred(tmp_path / "a.tar", names), StackExchange()))


def test_what_is_cut_off_or_damaged_is_an_error(tmp_path: Path) -> None:
    file = tarred(tmp_path / "a.tar.gz", {"a.jsonl": LINE * 1000})
    file.write_bytes(file.read_bytes()[:-20])
    assert "a.tar.gz: cannot be unpacked" in refused(file)
    more = bytes(1024) + b"more"
    file = written(tmp_path / "b.tar", (tarfile.TarInfo("Posts.xml"), dump(question(1))), end=more)
    with pytest.raises(MeteorError, match="is damaged, or another archive stands behind it"):
        list(load_dump(file, StackExchange()))


def test_memory_stays_flat(tmp_path: Path) -> None:
    rows = b"".join(b'{"question": "Why?", "body": "%d %s"}\n' % (n, TEXT) for n in range(2000))
    file = tarred(tmp_path / "a.tar.gz", {"b/a.jsonl": rows})
    tracemalloc.start()
    assert sum(1 for _ in source_load(file, Table())) == 2000
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()
