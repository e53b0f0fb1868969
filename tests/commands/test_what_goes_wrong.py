"""What a command says where something around it is not as it should be: one line that helps."""

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest

from meteor.__main__ import ANYWHERE, COMMANDS, main
from tests.conftest import ROOT

ARGUMENTS = {
    **{"look": ("a.csv",), "import-run": ("old",), "trace": ("q1",), "publish": ("t1", "me/mine")},
    **{"export": ("t1", "--gguf", "t1.gguf"), "benchmark": ("t1", "--tasks", "x")},
}
LOCK = "schema: '2.0'\nstages:\n  base:\n    cmd: python -m stages.base --out models/base\n"
Meteor = Callable[..., str]


@pytest.fixture
def meteor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Meteor:
    """What a command prints in a folder of its own, or the one line with which it ends."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("METEOR_LEDGER", str(tmp_path / "ledger.sqlite"))

    def run(*words: str, code: int = 0) -> str:
        monkeypatch.setattr("sys.argv", ["meteor", *words])
        ended = 0
        try:
            main()
        except SystemExit as left:
            ended = int(str(left.code))
        printed = capsys.readouterr()
        assert ended == code, printed
        if not code:
            return printed.out
        assert printed.err.startswith("error: ") and printed.err.count("\n") == 1, printed.err
        return printed.err.removeprefix("error: ").rstrip()

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with what a project's root holds; DVC does not know it."""
    for name in ("configs", "plugins", "prompts"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "dvc.lock").write_text(LOCK)
    return tmp_path


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - ANYWHERE))
def test_beside_the_root_it_says_where_the_root_is(
    command: str, meteor: Meteor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = (command, *ARGUMENTS.get(command, ()))
    outside = f"{tmp_path} has no params.yaml and no dvc.yaml: run this where they lie, in a "
    assert meteor(*words, code=2).startswith(outside)
    (tmp_path / "params.yaml").touch()
    (tmp_path / "data").mkdir()
    monkeypatch.chdir(tmp_path / "data")
    assert meteor(*words, code=2).endswith(f": run this in the project's root, {tmp_path}")


def test_records_are_shown_from_anywhere(meteor: Meteor, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"id": "q1", "title": "Why?"}\n')
    assert "q1 Why?" in meteor("show", "a.jsonl")


def in_the_shell(*words: str, **environment: str) -> "subprocess.Popen[bytes]":
    """The command as a process of its own, whose output is read."""
    path = os.pathsep.join(part or "." for part in sys.path)
    return subprocess.Popen(
        [sys.executable, "-m", "meteor", *words],
        env={**os.environ, "PYTHONPATH": path, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_ctrl_c_ends_it_with_a_word(tmp_path: Path) -> None:
    pipe = tmp_path / "rows.jsonl"
    os.mkfifo(pipe)
    running = in_the_shell("show", str(pipe))
    with pipe.open("w"):  # opens when the command reads
        running.send_signal(signal.SIGINT)
        assert running.communicate() == (b"", b"stopped\n")
    assert running.returncode == 130


def test_a_terminal_without_a_sign_shows_its_code(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": "q1", "note": "grün ∑"}))
    shown, _ = in_the_shell(
        "show", str(tmp_path / "a.jsonl"), PYTHONIOENCODING="latin-1"
    ).communicate()
    assert r"grün \u2211".encode("latin-1") in shown


def test_what_cannot_be_written_is_named(meteor: Meteor, project: Path) -> None:
    (project / "params.yaml.partial").mkdir()
    assert meteor("preset", "single-gpu-lora", code=1).startswith("params.yaml.partial: ")


def test_without_dvc_it_says_so(meteor: Meteor, project: Path) -> None:
    assert "DVC" in meteor("verify", code=1)
    assert "DVC" in meteor("estimate", code=1)


def test_a_question_may_stand_in_what_is_not_here(meteor: Meteor, project: Path) -> None:
    wrote = "    outs: [{path: data/raw/train.jsonl, md5: 0123}]\n"
    (project / "dvc.lock").write_text(LOCK + wrote)
    assert "`dvc pull` or `dvc repro` brings it" in meteor("trace", "q1", code=1)
    (project / "data/raw").mkdir(parents=True)
    (project / "data/raw/train.jsonl").touch()
    assert meteor("trace", "q1", code=1) == "no finished stage has the question 'q1'"


@pytest.mark.parametrize("command", ["preset", "status", "trace", "verify"])
def test_params_that_are_no_yaml_are_named(command: str, meteor: Meteor, project: Path) -> None:
    (project / "params.yaml").write_text("seed: [\n")
    words = ("laptop",) if command == "preset" else ARGUMENTS.get(command, ())
    said = meteor(command, *words, code=2)
    assert "params.yaml: not valid YAML: " in said
    assert 'params.yaml", line 2, column 1' in said


def test_a_pipeline_that_is_no_yaml_is_named(meteor: Meteor, project: Path) -> None:
    (project / "dvc.yaml").write_text("<<<<<<< HEAD\nstages: [\n")
    said = meteor("status", code=2)
    assert said.startswith("dvc.yaml: not valid YAML: ") and 'in "dvc.yaml", line ' in said


def test_the_version_is_told_anywhere(meteor: Meteor) -> None:
    told = meteor("--version")
    assert told.startswith(
        f"meteor {version('meteor-pipeline')}, Python {platform.python_version()}"
    )
    assert f"torch {version('torch')}" in told
    assert meteor("preset", code=2), "outside of a project"


def test_a_plugin_that_the_command_line_names_wrongly_is_no_fault_of_params(
    meteor: Meteor, project: Path
) -> None:
    said = meteor("plugins", "show", "source", "tabel", code=2)
    assert said.startswith("there is no source plugin 'tabel' (did you mean 'table'?); there are: ")
    assert "params.yaml" not in said
    said = meteor("plugins", "show", "judge", "oracle", code=2)
    assert said.startswith("there is no judge plugin 'oracle'; there are: chat_api, ")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("titel=name", "--set: titel: unknown key (did you mean 'title'?)"),
        ("delimiter=ab", "--set: delimiter: String should have at most 1 character, got 'ab'"),
        ("encoding=5", "--set: encoding: Input should be a valid string, got 5"),
    ],
)
def test_a_setting_that_the_command_line_gives_is_held_against_the_source(
    meteor: Meteor, project: Path, setting: str, said: str
) -> None:
    (project / "a.csv").write_text("name,body\na,b\n")
    assert meteor("look", "a.csv", "--set", setting, code=2) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "there is no preset 'mine.yaml' (there are: laptop, "),
        ("judge: [", "mine.yaml: not valid YAML: "),
        ("api: {prices: {x: {date: 2026-13-01}}}", "mine.yaml: not valid YAML: month "),
        ("", "mine.yaml: holds no sections"),
        ("- judge\n", "mine.yaml: holds no sections"),
        ("nothing: 1\n", "params.yaml: nothing: unknown key"),
    ],
)
def test_a_preset_that_is_none_is_refused(
    text: str | None, said: str, meteor: Meteor, project: Path
) -> None:
    if text is not None:
        (project / "mine.yaml").write_text(text)
    before = (project / "params.yaml").read_bytes()
    assert meteor("preset", "mine.yaml", code=2).startswith(said)
    assert (project / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [
        ("show", "a.jsonl", "--limit", "-1"),
        ("look", "a.jsonl", "--rows", "-1"),
        ("look", "a.jsonl", "--first", "-1"),
        ("ledger", "prune", "--days", "-30"),
        ("ledger", "prune", "--days", "nan"),
        ("ledger", "prune", "--megabytes", "-1"),
    ],
)
def test_less_than_nothing_is_refused(
    words: tuple[str, ...], meteor: Meteor, tmp_path: Path
) -> None:
    (tmp_path / "params.yaml").touch()
    assert "a number from 0 on" in meteor(*words, code=2)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_table_without_rows_is_named(name: str, meteor: Meteor, project: Path) -> None:
    (project / name).touch()
    assert meteor("look", name, code=1) == f"{name}: there is no row in it"


def test_raw_rows_are_shown_whose_question_is_a_text(meteor: Meteor, tmp_path: Path) -> None:
    rows = [
        {"id": 1, "question": "Why?", "answer": "So.", "score": "high"},
        {"id": 2, "question": "How?", "answer": "Thus.", "score": 7},
    ]
    (tmp_path / "a.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    said = meteor("show", "a.jsonl")
    assert "question: Why?" in said and "Thus." in said and "2 records" in said
    assert "question: How?" in meteor("show", "a.jsonl", "--id", "2")
    scored = meteor("show", "a.jsonl", "--min-score", "5")
    assert "Thus." in scored and "Why?" not in scored
