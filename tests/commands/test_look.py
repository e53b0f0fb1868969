"""`meteor look` shows a file as it would be read, and a block of params that reads it so."""

import json
import zipfile
from pathlib import Path

import pytest
import yaml

from meteor.core.records import Question
from meteor.core.roles import find_plugin, load_plugin
from tests.conftest import Project
from tests.sources.dumps import answer, dump, question
from tests.sources.shapes import SHAPES
from tests.sources.shaping import write


@pytest.mark.parametrize(
    "name",
    [
        *("Alpaca", "ShareGPT", "FAQ of a spreadsheet", "Excel", "StackSample", "ELI5", "Spider"),
        *(
            "Alpaca with history",
            "CoQA",
            "WikiSQL",
            "Tar",
            "MMLU as CSV",
            "A title above the header",
        ),
    ],
)
def test_the_block_reads_what_was_shown(name: str, tmp_path: Path, project: Project) -> None:
    path = write(SHAPES[name], tmp_path)
    said = project.run("python", "-m", "meteor", "look", str(path)).stdout
    block = yaml.safe_load(said.partition("put into params.yaml:\n")[2])["source"]
    settings = block[block["plugin"]]
    source = load_plugin(
        "source", block["plugin"], find_plugin("source", block["plugin"]), settings
    )
    first = next(source.stream("source_load", Question, path=Path(block["path"])))
    expected = SHAPES[name].expected
    assert isinstance(first, Question) and first.answer is not None
    assert expected.title in said
    for line in f"{expected.body}\n{expected.answer}".split():
        assert line in said


def test_it_says_what_would_not_be_read_and_why(tmp_path: Path, project: Project) -> None:
    rows = ['{"question": "Why?", "answer": "So.", "note": 1}', "{", '{"question": "\\ufffd"}']
    (tmp_path / "a.jsonl").write_text("\n".join(rows))
    said = project.run("python", "-m", "meteor", "look", str(tmp_path / "a.jsonl")).stdout
    assert "3 rows = 1 questions + 2 not read" in said
    assert "cannot be read: not valid JSON" in said and "(first: a.jsonl:2)" in said
    assert "left out: characters are broken (U+FFFD)" in said
    assert "note" in said and "-> answer" in said


def test_a_setting_may_be_tried(tmp_path: Path, project: Project) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"a": "Why?", "b": "So.", "c": "More."}))
    look = ("python", "-m", "meteor", "look", str(tmp_path / "a.jsonl"), "--set")
    said = project.run(*look, "title=a", "--set", r"body={b}\n\n{c}").stdout
    assert "Why?" in said and "    So.\n    \n    More." in said
    assert r'body: "{b}\n\n{c}"' in said
    wrong = project.run(*look, "titel=a", check=False)
    assert wrong.returncode == 2 and "did you mean 'title'" in wrong.stderr


def test_a_template_keeps_signs_of_every_language(tmp_path: Path, project: Project) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"Größe": "Wie groß?", "b": "7 €", "no": "Nein."}))
    look = ("python", "-m", "meteor", "look", str(tmp_path / "a.jsonl"), "--set")
    said = project.run(*look, r"title=Größe: {Größe}\n{b}", "--set", "answer=no").stdout
    assert "Größe: Wie groß?" in said and "    7 €" in said
    block = yaml.safe_load(said.partition("put into params.yaml:\n")[2])["source"]["table"]
    assert block["title"] == "Größe: {Größe}\n{b}"


def test_a_name_that_looks_like_a_number_stands_in_quotes(tmp_path: Path, project: Project) -> None:
    (project.folder / "2024").mkdir()
    (project.folder / "2024/a.jsonl").write_text(json.dumps({"question": "Why?", "answer": "So."}))
    said = project.run("python", "-m", "meteor", "look", "2024").stdout
    assert yaml.safe_load(said.partition("params.yaml:\n")[2])["source"]["path"] == "2024"


def test_columns_without_a_usual_name_are_asked_for(tmp_path: Path, project: Project) -> None:
    (tmp_path / "a.csv").write_text("Kysymys,Vastaus\nMiksi?,Siksi.\n")
    look = ("python", "-m", "meteor", "look", str(tmp_path / "a.csv"))
    said = project.run(*look).stdout
    assert "Kysymys" in said and "--set title=COLUMN" in said and "source:" not in said
    assert (
        "Siksi." in project.run(*look, "--set", "title=Kysymys", "--set", "answer=Vastaus").stdout
    )


def test_columns_without_names_are_given_some(tmp_path: Path, project: Project) -> None:
    (tmp_path / "a.tsv").write_text("A margin.\tIt keeps apart.\nA kernel.\tIt maps.\n")
    look = ("python", "-m", "meteor", "look", str(tmp_path / "a.tsv"))
    ran = project.run(*look)
    assert "column 2" in ran.stdout and "--set 'columns=[question, answer]'" in ran.stdout
    assert "the first row is no header" in ran.stderr
    said = project.run(*look, "--set", "columns=[question, answer]").stdout
    assert "2 rows = 2 questions + 0 not read" in said and "columns: [question, answer]" in said
    wrong = project.run(*look, "--set", "columns=5", check=False)
    assert wrong.returncode == 2 and "--set: columns" in wrong.stderr


def test_a_dump_is_known_as_one(tmp_path: Path, project: Project) -> None:
    (tmp_path / "Posts.xml").write_bytes(dump(question(1, Tags="|tea|"), answer(2, to=1)))
    said = project.run("python", "-m", "meteor", "look", str(tmp_path)).stdout
    assert "plugin: stackexchange" in said and "Why does `a < b` fail?" in said


def test_settings_that_are_tried_change_what_is_found(tmp_path: Path, project: Project) -> None:
    """The title of the article was read as the question's."""
    (tmp_path / "a.json").write_text(SHAPES["SQuAD, official file"].content)
    look = ("python", "-m", "meteor", "look", str(tmp_path / "a.json"))
    said = project.run(*look, "--set", "each=paragraphs.qas").stdout
    assert r'body: "{question}\n\n{context}"' in said and "answer: answers" in said
    assert f"--- 5  {SHAPES['SQuAD'].expected.title}" in said


def test_a_dump_in_a_zip_is_known_as_one(tmp_path: Path, project: Project) -> None:
    with zipfile.ZipFile(tmp_path / "tea.zip", "w") as archive:
        archive.writestr("Posts.xml", dump(question(1, Tags="|tea|"), answer(2, to=1)))
    said = project.run("python", "-m", "meteor", "look", str(tmp_path / "tea.zip")).stdout
    assert "plugin: stackexchange" in said and "Why does `a < b` fail?" in said
