"""A package with plugins: built, installed, pinned and used, in an environment of its own."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from meteor.commands.plugins import start
from meteor.core.hookspecs import ROLES
from meteor.running.observers import OBSERVER
from tests.conftest import PROGRAMS, ROOT, Project
from tests.pipeline import fakes

EXAMPLE = ROOT / "examples/meteor-example"
JUDGING = {f"{stage}@{model}" for stage in ("judge", "compare") for model in ("base", "t1")}
JUDGING |= {"vet@t1", "control", "quality"}
"""The stages that depend on the judge's file."""


class Environment:
    """A fresh virtual environment that sees what the tests have installed, through a .pth file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        version = f"python{sys.version_info.major}.{sys.version_info.minor}"
        self.packages = folder / "lib" / version / "site-packages"
        (self.packages / "tests.pth").write_text(sysconfig.get_path("purelib"))

    def install(self, source: Path) -> None:
        """Build a wheel and install it."""
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--target",
            str(self.packages),
        ]
        command += ["--no-deps", "--no-build-isolation", "--no-index", "--upgrade", str(source)]
        subprocess.run(command, check=True, capture_output=True)

    def run(self, project: Project, *command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command of this environment in a project."""
        path = os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])
        program = {"dvc": [str(PROGRAMS[0] / "dvc")], "meteor": ["-m", "meteor"]}[command[0]]
        return subprocess.run(
            [self.folder / "bin/python", *program, *command[1:]],
            cwd=project.folder,
            env={**os.environ, "PATH": path},
            capture_output=True,
            text=True,
        )


def ran(done: "subprocess.CompletedProcess[str]") -> set[str]:
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    return {line.split("'")[1] for line in lines if line.startswith("Running")}


def test_a_package_is_pinned_used_and_replaced(
    finished: Project, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    project = fakes.twin(finished, tmp_path / "project")
    there = Environment(tmp_path / "venv")

    def meteor(*words: str) -> str:
        done = there.run(project, "meteor", *words)
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    assert "no plugin of the role judge is installed" in meteor(
        "plugins", "pin", "judge", "meteor-example"
    )
    source = tmp_path / "source"
    subprocess.run(["cp", "-r", str(EXAMPLE), str(source)], check=True)
    there.install(source)
    assert "not pinned: `meteor plugins pin judge meteor-example`" in meteor("plugins", "list")
    project.set({"judge.plugin": "length", "judge.length": {"words": 9}})
    assert "meteor-example has one: `meteor plugins pin judge meteor-example`" in meteor("check")

    assert "plugins/judge/length.py is written" in meteor(
        "plugins", "pin", "judge", "meteor_example"
    )
    assert "words: int, default 100" in meteor("plugins", "show", "judge", "length")
    line = next(line for line in meteor("plugins").splitlines() if " length " in line)
    words = "* judge length meteor-example 0.1.0 A judge that likes answers of a certain length, "
    assert line.split() == f"{words} in every dimension".split()
    assert ran(there.run(project, "dvc", "repro")) >= JUDGING
    assert '"reasons":{"accuracy":"' in (project.folder / "data/judgements/t1.jsonl").read_text()
    assert not ran(there.run(project, "dvc", "repro"))

    # A new version refuses until it is pinned, and then runs its own stages alone.
    text = (source / "pyproject.toml").read_text()
    (source / "pyproject.toml").write_text(text.replace('"0.1.0"', '"0.2.0"'))
    there.install(source)
    for old in there.packages.glob("meteor_example-0.1.0*"):
        subprocess.run(["rm", "-r", str(old)], check=True)
    refused = (
        "judge plugin 'length': plugins/judge/length.py pins meteor-example 0.1.0, but 0.2.0 is "
        "installed: take it with `meteor plugins pin judge meteor-example`"
    )
    assert refused in meteor("check")
    assert (
        refused in there.run(project, "dvc", "repro", "--force", "--single-item", "judge@t1").stderr
    )
    meteor("plugins", "pin", "judge", "meteor-example")
    assert ran(there.run(project, "dvc", "repro")) - {"report"} == JUDGING

    # So does other source under the same version.
    with (there.packages / "meteor_example/glossary.py").open("a") as file:
        file.write("# changed by hand\n")
    assert "the source of meteor-example 0.2.0 is not the one" in meteor("check")
    assert "! the source of meteor-example 0.2.0 is not the one" in meteor("plugins", "list")
    subprocess.run(["rm", "-r", *map(str, there.packages.glob("meteor_example*"))], check=True)
    assert "`pip install meteor-example==0.2.0`" in meteor("check")


def test_two_with_one_name_and_other_errors(finished: Project, tmp_path: Path) -> None:
    project = fakes.twin(finished, tmp_path / "project")
    there = Environment(tmp_path / "venv")
    there.install(EXAMPLE)
    project.plugin("judge", "length", "# mine\n")
    done = there.run(project, "meteor", "plugins", "pin", "judge", "meteor-example")
    assert done.returncode == 2
    assert "two judge plugins have the name 'length': plugins/judge/length.py is a plugin of " in (
        done.stderr
    )
    assert (project.folder / "plugins/judge/length.py").read_text() == "# mine\n"
    done = there.run(project, "meteor", "plugins", "pin", "advisor", "meteor-example")
    assert "no plugin of the role advisor is installed from 'meteor-example'" in done.stderr


EVERY_ROLE = [*ROLES, OBSERVER]
WITH_A_MODEL = {"student", "sft", "pairwise"}
"""Their tests load torch; the conformance kit's own tests run those checks."""


def test_new_plugins_work_as_they_are_written(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.run("meteor", "plugins", "new", "source", "mine")
    monkeypatch.chdir(project.folder)
    for role in EVERY_ROLE[1:]:
        start(role, "mine")
    quick = [f"tests/plugins/test_{r}_mine.py" for r in EVERY_ROLE if r not in WITH_A_MODEL]
    done = project.run("python", "-m", "pytest", "-q", *quick)
    assert f"{len(quick)} passed" in done.stdout
    for role in EVERY_ROLE:
        compile((project.folder / f"tests/plugins/test_{role}_mine.py").read_text(), role, "exec")
    project.questions(1)
    assert project.run("meteor", "check").returncode == 0
    again = project.run("meteor", "plugins", "new", "judge", "mine", check=False)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    wrong = project.run("meteor", "plugins", "new", "judge", "my-judge", check=False)
    assert "cannot be a plugin's name" in wrong.stderr


def test_the_example_passes_its_own_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLE)
    monkeypatch.setenv("PYTHONPATH", str(EXAMPLE))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        capture_output=True,
        text=True,
    )
    assert "2 passed" in done.stdout, done.stdout
