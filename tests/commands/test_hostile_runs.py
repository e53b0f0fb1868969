"""A hostile folder for `meteor import-run`: refused in one message, or read for what it is; nothing
executed, nothing written outside of it.
"""

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from meteor.commands.import_run import file_names
from tests.conftest import Project
from tests.models.test_safety import Touch
from tests.sources.old_runs import ASKED, FIVE, TAIL, a_run, write

MODELS = (
    *("../../../x", "a/b", "a--b", "\x1b[2Jm\n\x07", "nul\0", ".", "..", "C:\\x"),
    *("m" * 5000, "m" * 4999, "ä" * 300, "\ud800", "-rf", "con"),
)


def imported(project: Project, folder: Path) -> tuple[int, str]:
    """Exit code and output."""
    done = project.run(sys.executable, "-m", "meteor", "import-run", str(folder), check=False)
    said = done.stdout + done.stderr
    assert "Traceback" not in said and not set("\x1b\x07\x9b") & set(said)
    return done.returncode, said


@pytest.fixture
def folder(project: Project) -> Path:
    """A run, in a folder of its own."""
    project.questions(2)
    (project.folder / "given").mkdir()
    a_run(project.folder / "given/run")
    return project.folder / "given/run"


def array_without_end(folder: Path, mark: Path) -> None:
    with (folder / "big_data.json").open("wb") as file:
        file.truncate(200 * 2**30)


def pickled(folder: Path, mark: Path) -> None:
    (folder / "x_data.json").write_bytes(pickle.dumps(Touch(mark)))


def nested(folder: Path, mark: Path) -> None:
    (folder / "x_data.json").write_text("[" * 200_000)


def in_the_way(folder: Path, mark: Path) -> None:
    (folder / "records").write_text("a file")


def no_file(folder: Path, mark: Path) -> None:
    (folder / "x.jsonl").mkdir()


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (array_without_end, "big_data.json: is larger than 1073741824 bytes"),
        (pickled, "x_data.json: not valid JSON"),
        (nested, "x_data.json: not valid JSON"),
        (in_the_way, "records: is no folder; name another one with --beside"),
        (no_file, "x.jsonl: cannot be read (Is a directory)"),
    ],
)
def test_a_hostile_folder_is_refused(
    spoil: Callable[[Path, Path], None], said: str, project: Project, folder: Path
) -> None:
    mark = project.folder / "given/pwned"
    spoil(folder, mark)
    code, message = imported(project, folder)
    assert code == 1 and said in message and message.count("error: ") == 1
    assert not mark.exists() and not (project.folder / "data/raw").exists()


def test_hostile_rows_are_dropped_or_kept_as_texts(project: Project, folder: Path) -> None:
    mark = project.folder / "given/pwned"
    (folder / "x.jsonl").write_bytes(pickle.dumps(Touch(mark)) * 3)
    with (folder / "guidelines.jsonl").open("ab") as file:
        file.write(b'{"guideline": "' + b"x" * (17 * 2**20) + b'"}\n')
        for text in ("[" * 100_000, "1" * 20_000):
            file.write(f'{{"guideline": {text}}}\n'.encode())
        hostile = f"Title: \ud800T\x1b[2J Content: B {TAIL}\n1. Say \udfffit."
        file.write(json.dumps({"guideline": hostile}).encode() + b"\n")
    write(folder, "a\x1b[2J\n_data.json", [{"title": "A?", "question_content": "b"}])
    code, said = imported(project, folder)
    assert code == 0 and "8 questions to train on" in said and not mark.exists()
    assert "a\\x1b[2J _data.json: 1 rows" in said


def test_a_model_may_be_called_anything(project: Project, folder: Path) -> None:
    models = dict.fromkeys(MODELS, "an answer")
    scores = json.dumps([{"Answer": str(at), **FIVE} for at, _ in enumerate(MODELS, start=1)])
    row = {"question": ASKED[10][1], "answers": models, "evaluation": scores}
    write(folder, "evaluation_results.jsonl", [row])
    before = {path for path in project.folder.rglob("*") if folder not in path.parents}
    assert imported(project, folder)[0] == 0
    written = list((folder / "records/judgements").iterdir())
    assert len(written) == len(MODELS) and all(len(path.read_text()) > 9 for path in written)
    new = {path for path in project.folder.rglob("*") if folder not in path.parents} - before
    places = [path.relative_to(project.folder).parts for path in new]
    rooms = {parts[0] for parts in places if "__pycache__" not in parts}
    assert rooms <= {"data", "metrics", ".dvc", ".git"}


def test_every_model_has_a_file_of_its_own() -> None:
    names = file_names(["", *MODELS])
    assert len(set(names.values())) == len(MODELS) + 1
    assert all(name.isascii() and 0 < len(name) < 110 for name in names.values())
    assert names["a/b"] == "a--b" and names["a--b"] == "a--b-2"
    assert not any(set(name) & set('/\\\0\n:*?"<>|') or name[0] in ".-" for name in names.values())
