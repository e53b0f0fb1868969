"""What tests share: a tiny real model, and a copy of the project in a folder of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock

from meteor.models.tiny import tiny_checkpoint as make_tiny

ROOT = Path(__file__).parent.parent
# A shell that starts the tests in the background has them, and their children, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
os.environ.update(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1", TOKENIZERS_PARALLELISM="false")


STOPS = [2, *range(20, 500, 25)]
"""What ends a turn of the lively model: the end of turn of its tokenizer, and more tokens that its
generation config names.
"""
PROGRAMS = (ROOT / "tests/programs", Path(sys.executable).parent)
"""Where a project's commands are looked for before anywhere else."""
LONGEST = (
    *("pipeline/test_end_to_end", "compute/test_ray", "pipeline/test_what_runs"),
    *("training/test_launchers", "generation/test_vllm_engine", "test_gpu_benchmark"),
    *("pipeline/test_examples", "families/test_matrix", "pipeline/test_controls"),
    *("pipeline/test_edits", "pipeline/test_right_answers", "pipeline/test_killed"),
    *("test_testing", "verification/test_hostile_code", "pipeline/test_sharing"),
    *("pipeline/test_import_run", "test_installed_plugins", "commands/test_benchmark"),
    *("pipeline/test_experiments", "pipeline/test_hygiene", "training/test_torchrun"),
    *("training/test_pairwise", "training/test_training_guards", "training/test_resume"),
)
"""The files that take longest, the longest first."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long files, so that no core waits for the last one."""
    files = [ROOT / "tests" / f"{name}.py" for name in LONGEST]
    assert all(file.exists() for file in files), "LONGEST names a file that is not there"
    items.sort(key=lambda item: files.index(item.path) if item.path in files else len(files))


@pytest.fixture(autouse=True)
def at_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plugins are found from the project's root."""
    monkeypatch.chdir(ROOT)


def once(tmp_path_factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Any]) -> Path:
    """A folder that is made once in a run of the tests, by whichever process asks first."""
    folder = tmp_path_factory.getbasetemp() / name
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent.parent / name
    with FileLock(f"{folder}.lock"):
        if not folder.exists():
            making = folder.with_name(f"{name}.partial")
            shutil.rmtree(making, ignore_errors=True)
            make(making)
            making.rename(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A llama of 2 layers with a vocabulary of 500 and the chat template of ChatML."""
    text = [
        file.read_text() for file in sorted((ROOT / "data/sources/machine_learning").glob("*.json"))
    ]
    return once(tmp_path_factory, "checkpoint", lambda folder: make_tiny(folder, text))


@pytest.fixture(scope="session")
def lively(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Path:
    """The tiny model with large random weights: what it writes hangs on every token it reads.

    As it is made, the tiny model repeats the last token of any prompt, and would hide faults.
    Many tokens end a turn, so that the answers of a batch end at different places.
    """

    def make(folder: Path) -> None:
        import torch
        from transformers import LlamaConfig, LlamaForCausalLM

        shutil.copytree(tiny_checkpoint, folder)
        config = LlamaConfig.from_pretrained(
            tiny_checkpoint, initializer_range=0.3, tie_word_embeddings=False
        )
        torch.manual_seed(2)
        model = LlamaForCausalLM(config)
        model.generation_config.eos_token_id = STOPS
        model.save_pretrained(folder)

    return once(tmp_path_factory, "lively", make)


class Project:
    """A copy of the project in its own git and DVC repository."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        samples = ("data/general", "data/labelled")
        rooms = ("meteor", "stages", "plugins", "prompts", "configs", ".dvc/plots")
        being_written = shutil.ignore_patterns("*.pyc.*")
        for name in (*rooms, *samples):  # with their bytecode, or each project would compile anew
            shutil.copytree(ROOT / name, folder / name, ignore=being_written)
        for name in ("dvc.yaml", "params.yaml", ".dvcignore", ".gitignore", ".dvc/config"):
            shutil.copy(ROOT / name, folder / name)
        params = folder / "params.yaml"  # whose samples stay where they are
        params.write_text(
            params.read_text().replace("data/sources/machine_learning", "data/sources")
        )
        shutil.copy(ROOT / ".dvc/.gitignore", folder / ".dvc/.gitignore")
        self.run("git", "init", "--quiet")
        with (folder / ".git/config").open("a") as config:
            config.write("[user]\n\temail = test@example.org\n\tname = Test\n")

    def run(self, *command: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command in the project, with a quicker DVC and the tests' own Python first on the
        path.
        """
        path = os.pathsep.join([*map(str, PROGRAMS), os.environ["PATH"]])
        done = subprocess.run(
            command,
            cwd=self.folder,
            env={**os.environ, "PATH": path, "DVC_SITE_CACHE_DIR": str(self.folder / ".dvc/tmp")},
            capture_output=True,
            text=True,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def set(self, changes: dict[str, Any]) -> None:
        """Change params.yaml: dotted keys to values."""
        file = self.folder / "params.yaml"
        params = yaml.safe_load(file.read_text())
        for key, value in changes.items():
            *above, last = key.split(".")
            section = params
            for name in above:
                section = section.setdefault(name, {})
            section[last] = value
        file.write_text(yaml.safe_dump(params, sort_keys=False))

    def plugin(self, role: str, name: str, source: str) -> None:
        """Write a plugin's file."""
        (self.folder / "plugins" / role / f"{name}.py").write_text(source)

    def questions(self, count: int, **changes: Any) -> list[dict[str, Any]]:
        """Write `count` questions as raw data and return them."""
        rows = [
            {
                "id": f"q{number:03}",
                "title": f"What is concept number {number}?",
                "question_content": f"I read about concept {number} and want to know more.",
                "answer": f"Concept number {number} is a thing that one learns. It is useful.",
                **changes,
            }
            for number in range(count)
        ]
        folder = self.folder / "data/sources"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ml_data.json").write_text(json.dumps(rows))
        return rows

    def repro(self, *arguments: str) -> list[str]:
        """Run `dvc repro` and return the stages that really ran, in order."""
        done = self.run("dvc", "repro", *arguments)
        return [
            line.split("'")[1] for line in done.stdout.splitlines() if line.startswith("Running")
        ]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The project in an empty folder, without data and with its own params."""
    return Project(tmp_path)


@pytest.fixture
def make_project(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """More than one copy of the project."""
    return lambda: Project(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory, tiny_checkpoint: Path) -> Project:
    """The pipeline of fakes with nothing but its base, whose stage loads torch."""
    from tests.pipeline import fakes

    def make(folder: Path) -> None:
        project = Project(folder)
        fakes.install(project, tiny_checkpoint)
        project.repro("base")

    return fakes.at(once(tmp_path_factory, "begun", make))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, begun: Project) -> Project:
    """The pipeline of fakes, run to its end undisturbed; `fakes.twin` gives a copy to change."""
    from tests.pipeline import fakes

    def make(folder: Path) -> None:
        fakes.twin(begun, folder).repro()

    return fakes.at(once(tmp_path_factory, "finished", make))


def contents(folder: Path) -> dict[Path, bytes]:
    """What every file holds. One that goes meanwhile is left out, as those beside the ledger, which
    its recorder removes when it ends.
    """
    found = {}
    for file in folder.rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):
            found[file] = file.read_bytes()
    return found
