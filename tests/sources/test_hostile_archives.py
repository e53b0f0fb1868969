"""Hostile archives and packed tables: refused in one message, in little memory, nothing written."""

import json
import lzma
import resource
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import py7zr
import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Failed, Question
from plugins.source.meteor_json import MeteorJson
from plugins.source.meteor_json import source_load as load_json
from plugins.source.stackexchange import StackExchange
from plugins.source.stackexchange import source_load as load_dump
from plugins.source.table import Table
from plugins.source.table import source_load as load_table
from tests.sources.dumps import dump, question

POSTS = dump(question(1))
OUT = (
    *("../../evil/Posts.xml", "/tmp/evil/Posts.xml", "C:/evil/Posts.xml", "a/../../Posts.xml"),
    *("..\\..\\Posts.xml", "//server/evil/Posts.xml"),
)


def refused(path: Path, load: Any = load_table, settings: Any = None) -> str:
    """The message, where nothing is left beside what was there."""
    before = sorted(path.parent.rglob("*"))
    with pytest.raises(MeteorError) as caught:
        list(load(path, settings or Table()))
    assert sorted(path.parent.rglob("*")) == before
    return str(caught.value)


def of_dump(path: Path) -> str:
    return refused(path, load_dump, StackExchange(answered=False))


# --- names and kinds ------------------------------------------------------------------------------


def zipped(folder: Path, part: str | zipfile.ZipInfo, content: bytes = POSTS) -> Path:
    file = folder / "site.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(part, content)
    return file


def renamed_7z(folder: Path, name: str) -> Path:
    """A 7z with a name that its library does not write: put into the plain header, summed anew."""
    file = folder / "site.7z"
    written = ("x" * 300)[: len(name)]
    with py7zr.SevenZipFile(file, "w") as archive:
        archive.set_encoded_header_mode(False)
        archive.writestr(POSTS, written)
    content = bytearray(
        file.read_bytes().replace(written.encode("utf-16-le"), name.encode("utf-16-le"))
    )
    at, size = struct.unpack_from("<QQ", content, 12)
    struct.pack_into("<I", content, 28, zlib.crc32(content[32 + at : 32 + at + size]))
    struct.pack_into("<I", content, 8, zlib.crc32(content[12:32]))
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("name", OUT)
def test_a_zip_with_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    assert f"holds {name!r}, which leads out of it" in of_dump(zipped(tmp_path, name))


@pytest.mark.parametrize("name", OUT)
def test_a_7z_with_a_name_that_leads_out_is_refused(tmp_path: Path, name: str) -> None:
    message = of_dump(renamed_7z(tmp_path, name))
    assert "which leads out of it" in message or "cannot be unpacked" in message
    assert not Path("/tmp/evil").exists()


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFIFO])
def test_a_zip_with_a_link_or_a_device_is_refused(tmp_path: Path, kind: int) -> None:
    part = zipfile.ZipInfo("a.jsonl")
    part.create_system, part.external_attr = 3, (kind | 0o777) << 16
    message = refused(zipped(tmp_path, part, b"/etc/passwd").rename(tmp_path / "a.jsonl.zip"))
    assert "holds 'a.jsonl', which is a link or a device" in message


def test_a_7z_with_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Posts.xml").symlink_to("/etc/passwd")
    (tmp_path / "in").mkdir()
    with py7zr.SevenZipFile(tmp_path / "in" / "a.7z", "w") as archive:
        archive.write(tmp_path / "Posts.xml", "Posts.xml")
    assert "holds 'Posts.xml', which is a link" in of_dump(tmp_path / "in" / "a.7z")


def test_an_archive_of_many_files_is_refused_in_a_short_message(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as archive:
        for number in range(3000):
            archive.writestr(f"{'n' * 400}{number}/Posts.xml", b"")
    message = of_dump(tmp_path / "site.zip")
    assert "holds 3000 files" in message and len(message) < 1500


# --- bombs ----------------------------------------------------------------------------------------

BOMB = b"<posts>\n" + bytes(80 * 2**20)
TOO_MUCH = "unpacks to more than 100 times its size"


@pytest.mark.parametrize("end", [".csv.zip", ".jsonl.zip", ".json.xz"])
def test_a_table_that_unpacks_without_end_is_refused(tmp_path: Path, end: str) -> None:
    file = tmp_path / f"a{end}"
    if end.endswith(".xz"):
        file.write_bytes(lzma.compress(b'[{"title":"' + bytes(80 * 2**20), preset=0))
    else:
        zipped(tmp_path, "a", BOMB).rename(file)
    assert TOO_MUCH in refused(file)


def test_a_dump_in_a_zip_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    assert TOO_MUCH in of_dump(zipped(tmp_path, "Posts.xml", BOMB))


def workbook(file: Path, shared: bytes | None = None, far: str | None = None) -> Path:
    """A workbook of one row; with shared strings of one's own, or a cell that is far away."""
    import openpyxl

    book = openpyxl.Workbook()
    for row in (["title", "body"], ["What is it?", "I want to know."]):
        book.active.append(row)
    if far:
        book.active[far] = "x"
    book.save(file)
    if shared is not None:
        with zipfile.ZipFile(file) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
        override = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}"/></Types>'
        types = parts["[Content_Types].xml"].decode().replace("</Types>", override)
        parts |= {"[Content_Types].xml": types.encode(), "xl/sharedStrings.xml": shared}
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    return file


SST = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'


def test_a_workbook_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    many = SST + b"<si><t>aaaaaaa</t></si>" * (4 * 2**20) + b"</sst>"
    assert TOO_MUCH in refused(workbook(tmp_path / "a.xlsx", many))


def test_a_workbook_whose_entities_grow_is_refused(tmp_path: Path) -> None:
    grow = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    head = f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY e0 "ha ha ha">{grow}]>'
    message = refused(
        workbook(tmp_path / "a.xlsx", head.encode() + SST + b"<si><t>&e9;</t></si></sst>")
    )
    assert "not a workbook" in message


def test_a_workbook_with_a_cell_far_away_is_read(tmp_path: Path) -> None:
    (row,) = load_table(workbook(tmp_path / "a.xlsx", far="XFD2"), Table())
    assert isinstance(row, Question) and row.title == "What is it?"
    rows = list(load_table(workbook(tmp_path / "a.xlsx", far="XFD1048576"), Table()))
    assert [type(row) for row in rows] == [Question, Failed]


@pytest.mark.parametrize("how", ["one long text", "one text for many rows"])
def test_a_parquet_file_that_unpacks_without_end_is_refused(tmp_path: Path, how: str) -> None:
    import pyarrow
    from pyarrow import parquet

    if how == "one long text":
        table = pyarrow.table({"title": ["A?", "B?"], "body": ["x" * (70 * 2**20), "y"]})
    else:
        places = pyarrow.array([0] * 200_000, type=pyarrow.int32())
        values = pyarrow.array(["A? " * 10_000])
        table = pyarrow.table({"title": pyarrow.DictionaryArray.from_arrays(places, values)})
    parquet.write_table(
        table, tmp_path / "a.parquet", compression="zstd", use_dictionary=how != "one long text"
    )
    assert (tmp_path / "a.parquet").stat().st_size < 100_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert TOO_MUCH in refused(tmp_path / "a.parquet")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


def test_a_number_of_thousands_of_digits_is_refused(tmp_path: Path) -> None:
    row = '{"title": "A?", "question_content": "b", "score": ' + "1" * 5000 + "}"
    (tmp_path / "ml_data.json").write_text(f"[{row}]")
    assert "not valid JSON" in refused(tmp_path / "ml_data.json", load_json, MeteorJson())
    (tmp_path / "a.jsonl").write_text(row)
    (failed,) = load_table(tmp_path / "a.jsonl", Table())
    assert isinstance(failed, Failed) and "not valid JSON" in failed.error


# --- datasets -------------------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["state.json", "dataset_dict.json"])
def test_a_dataset_that_reads_outside_of_its_folder_is_refused(tmp_path: Path, which: str) -> None:
    from datasets import Dataset, DatasetDict

    rows = Dataset.from_dict({"title": ["A secret?"], "body": ["b"]})
    rows.save_to_disk(str(tmp_path / "outside"))
    DatasetDict({"train": rows}).save_to_disk(str(tmp_path / "in" / "data"))
    folder = tmp_path / "in" / "data"
    if which == "state.json":
        file = folder / "train" / which
        name = "../../../outside/data-00000-of-00001.arrow"
        said = {**json.loads(file.read_text()), "_data_files": [{"filename": name}]}
    else:
        file, name = folder / which, "../../outside"
        said = {"splits": [name]}
    file.write_text(json.dumps(said))
    assert f"names {name!r}, which leads out of the folder" in refused(folder)


@pytest.mark.parametrize("how", ["a script", "a tag of YAML"])
def test_no_code_of_a_dataset_runs(tmp_path: Path, how: str) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "in" / "evil").mkdir(parents=True)
    (tmp_path / "in" / "evil" / "evil.py").write_text(f"open({str(mark)!r}, 'w')")
    name = str(tmp_path / "in" / "evil")
    if how == "a tag of YAML":
        name = f"!!python/object/apply:os.mknod [{str(mark)!r}]"
    (tmp_path / "in" / "a.hub.yaml").write_text(f"dataset: {name}\n")
    message = refused(tmp_path / "in" / "a.hub.yaml")
    named = f'in "{tmp_path / "in" / "a.hub.yaml"}", line 1'
    assert "cannot be loaded" in message or ("not valid YAML: " in message and named in message)
    assert not mark.exists()
