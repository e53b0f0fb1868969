"""Which files are tables, which splits they are of, and what is said of those that are none."""

import datetime
import decimal
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from meteor.core.errors import MeteorError
from meteor.core.records import Question
from plugins.source.table import Table, source_load

LINE = '{"question": "%s?", "answer": "So."}\n'


def read(path: Path, **settings: Any) -> list[Question]:
    return [row for row in source_load(path, Table(**settings)) if isinstance(row, Question)]


def zipped(path: Path, **files: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name.replace("_dot_", "."), content)
    return path


def test_a_zip_of_any_name_is_read_by_its_only_file(tmp_path: Path) -> None:
    file = zipped(tmp_path / "archive.zip", rows_dot_jsonl=LINE % "Why")
    assert [row.title for row in read(file)] == ["Why?"]
    file = zipped(tmp_path / "two.zip", a_dot_jsonl=LINE % "A", b_dot_jsonl=LINE % "B")
    with pytest.raises(MeteorError, match=r"two\.zip: .* holds a\.jsonl, b\.jsonl; unpack it"):
        read(file)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.parquet", "a.json"])
def test_a_pointer_of_git_lfs_is_no_data(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("version https://git-lfs.github.com/spec/v1\noid sha256:1\n")
    with pytest.raises(MeteorError, match="a pointer of Git LFS, not the data; run `git lfs pull`"):
        read(tmp_path)


SPLITS = {
    "squad_train.jsonl": "train",
    "squad-dev-v1.1.jsonl": "dev",
    "test/0000.jsonl": "test",
    "validation/part.jsonl": "dev",
    "data/train/a.jsonl": "train",
    "train/test.jsonl": "test",
    "latest.jsonl": None,
    "train_test.jsonl": None,
}


def test_files_and_folders_are_named_for_splits_in_any_place(tmp_path: Path) -> None:
    names = {f"d/{name}": split for name, split in SPLITS.items()}
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(LINE % name)
    (tmp_path / "d/dataset_infos.json").write_text('{"default": {"splits": []}}')
    assert {row.title.removesuffix("?"): row.split for row in read(tmp_path)} == names


def test_one_file_that_is_named_for_a_split_is_split_anew(tmp_path: Path) -> None:
    (tmp_path / "a_train.jsonl").write_text(LINE % "A")
    (tmp_path / "b.jsonl").write_text(LINE % "B")
    assert [row.split for row in read(tmp_path)] == [None, None]


def test_tables_below_others_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "a.jsonl").write_text(LINE % "A")
    (tmp_path / "more/b.jsonl").write_text(LINE % "B")
    assert len(read(tmp_path)) == 1
    assert "those of its folders are not read: more/b.jsonl" in caplog.text


def test_an_ending_may_be_in_capitals(tmp_path: Path) -> None:
    import gzip

    (tmp_path / "A.JSONL.GZ").write_bytes(gzip.compress((LINE % "Why").encode()))
    assert len(read(tmp_path)) == 1


@pytest.mark.parametrize("form", ["parquet", "feather", "file", "stream"])
def test_types_of_arrow_become_texts(tmp_path: Path, form: str) -> None:
    import pyarrow
    from pyarrow import feather, ipc, parquet

    texts = pyarrow.array(["Why?"]).dictionary_encode()
    table = pyarrow.table(
        {
            "question": texts,
            "answer": pyarrow.array([[{"text": "So.", "score": 2}, {"text": "No.", "score": 1}]]),
            "id": [decimal.Decimal("1.50")],
            "link": [datetime.datetime(2020, 1, 2)],
            "author": pyarrow.nulls(1),
            "licence": [b"CC\xff"],
            "category": pyarrow.array(["x"], pyarrow.large_string()),
        }
    )
    path = tmp_path / f"a.{form if form in ('parquet', 'feather') else 'arrow'}"
    if form == "parquet":
        parquet.write_table(table, path)
    elif form == "feather":
        feather.write_feather(table, path)
    else:
        new = ipc.new_file if form == "file" else ipc.new_stream
        with new(str(path), table.schema) as out:
            out.write_table(table)
    (row,) = read(path)
    assert json.loads(row.model_dump_json()) == {
        "id": "1.50",
        "title": "Why?",
        "body": "",
        "answer": "So.",
        "link": "2020-01-02T00:00:00",
        "licence": "CC\ufffd",
        "category": "x",
    }
