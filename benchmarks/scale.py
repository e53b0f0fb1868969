"""How a run of many rounds feels: `python -m benchmarks.scale [ROUNDS] [CHECKPOINTS]`.

Fakes run the pipeline once, with one round. What the stages of that round wrote then stands for
every other round and checkpoint, `dvc commit` takes it up, and the commands that people wait for
are timed where everything is up to date: the median of three runs, and the largest memory.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from meteor.models.tiny import tiny_checkpoint
from tests.conftest import ROOT, Project
from tests.pipeline import fakes

COMMANDS = (
    "dvc repro",
    "dvc status",
    "meteor check",
    "meteor status",
    "meteor table",
    "meteor report",
    "meteor trace q003",
)
TIMES = 3


def main() -> None:
    """Print one line a command."""
    rounds, evaluated = (int(word) for word in (*sys.argv[1:], "100", "50")[:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        texts = (ROOT / "data/sources/machine_learning").glob("*.json")
        tiny_checkpoint(folder / "tiny", [file.read_text() for file in texts])
        project = Project(folder / "project")
        fakes.install(project, folder / "tiny")
        project.set({"evaluate.r1": {"before": "base"}})
        project.repro()
        grow(project, rounds, evaluated)
        stages = project.run("dvc", "stage", "list", "--name-only").stdout.splitlines()
        print(f"{rounds} rounds, {evaluated} checkpoints evaluated, {len(stages)} stages")
        for command in COMMANDS:
            print(f"{command:20} {measured(project, command.split())}")
        report = (project.folder / "metrics/report.html").stat().st_size
        print(f"{'the report':20} {report / 1e6:.1f} MB")


def grow(project: Project, rounds: int, evaluated: int) -> None:
    """Let there be so many rounds, one after the other, and checkpoints that are evaluated."""
    names = [f"r{number}" for number in range(1, rounds + 1)]
    chosen = ["base", *names[:: max(1, rounds // (evaluated - 2))][: evaluated - 2], "t1"]
    before = dict(zip(chosen[1:], chosen, strict=False))
    project.set(
        {
            "rounds": dict(zip(names, ({"from": n} for n in ("sft", *names)), strict=False)),
            "turns": {"t1": {"from": names[-1], "against": "sft"}},
            "evaluate": {name: {"before": before.get(name, "base")} for name in chosen},
        }
    )
    for new, old in outs(project).items():
        if not new.exists() and old.exists():
            (shutil.copytree if old.is_dir() else shutil.copy)(old, new)
    project.run("dvc", "commit", "--force", "--quiet")
    project.repro()


def outs(project: Project) -> dict[Path, Path]:
    """What every stage writes, with what the same stage wrote for r1."""
    from dvc.repo import Repo

    with Repo(str(project.folder)) as repo:
        of: dict[str, list[Path]] = {
            stage.addressing: [Path(out.fs_path) for out in stage.outs]
            for stage in repo.index.stages
        }
    return {
        new: old
        for name, paths in of.items()
        for new, old in zip(paths, of.get(f"{name.split('@')[0]}@r1", paths), strict=True)
    }


def measured(project: Project, command: list[str]) -> str:
    """The median time of a command, and the largest memory of its process."""
    seconds, memory = [], 0
    environment: dict[str, Any] = {
        **os.environ,
        "DVC_SITE_CACHE_DIR": str(project.folder / ".dvc/tmp"),
    }
    for _ in range(TIMES):
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=project.folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said = process.stdout.read() if process.stdout else ""
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
        assert process.returncode == 0 and "Running stage" not in said, said[-2000:]
        seconds.append(time.perf_counter() - start)
        memory = max(memory, usage.ru_maxrss)
    return f"{statistics.median(seconds):6.1f} s {memory / 1024:6.0f} MB"


if __name__ == "__main__":
    main()
