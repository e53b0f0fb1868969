"""How a run of many rounds feels: `python -m benchmarks.scale [ROUNDS] [CHECKPOINTS]`.

Fakes run the pipeline once, with one round. What the stages of that round wrote then stands for
every other round and checkpoint, DVC takes it up, and the commands that people wait for are
run where everything is up to date: seconds by the clock and of a core, and the largest memory.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import Project

COMMANDS = (
    "dvc repro",
    "dvc status",
    "meteor check",
    "meteor status",
    "meteor table",
    "meteor report",
    "meteor trace q003",
)


def main() -> None:
    """Print one line a command."""
    rounds, evaluated = (int(word) for word in (*sys.argv[1:], "100", "50")[:2])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # What this process holds would count as the memory of those that it starts.
        making = get_context("spawn").Process(target=make, args=(folder, rounds, evaluated))
        making.start()
        making.join()
        assert making.exitcode == 0
        for command in COMMANDS:
            print(f"{command:20} {measured(folder / 'project', command.split())}", flush=True)
        report = (folder / "project/metrics/report.html").stat().st_size
        print(f"{'the report':20} {report / 1e6:.1f} MB")


def make(folder: Path, rounds: int, evaluated: int) -> None:
    """Run the pipeline of fakes once, and let it grow."""
    from meteor.models.tiny import tiny_checkpoint
    from tests.conftest import ROOT, Project
    from tests.pipeline import fakes

    texts = (ROOT / "data/sources/machine_learning").glob("*.json")
    tiny_checkpoint(folder / "tiny", [file.read_text() for file in texts])
    project = Project(folder / "project")
    fakes.install(project, folder / "tiny")
    project.set({"evaluate.r1": {"before": "base"}})
    project.repro()
    os.chdir(project.folder)  # where DVC calls stages by their names alone
    os.environ["DVC_SITE_CACHE_DIR"] = str(project.folder / ".dvc/tmp")
    begun = time.perf_counter()
    grow(project, rounds, evaluated)
    stages = project.run("dvc", "stage", "list", "--name-only").stdout.splitlines()
    lock = (project.folder / "dvc.lock").stat().st_size
    print(
        f"{rounds} rounds, {evaluated} checkpoints evaluated, {len(stages)} stages, dvc.lock of "
        f"{lock / 1e6:.1f} MB; set up in {time.perf_counter() - begun:.0f} s",
        flush=True,
    )


def grow(project: "Project", rounds: int, evaluated: int) -> None:
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
    commit(project)


def commit(project: "Project") -> None:
    """Take up what stands there as what the stages wrote, as `dvc commit --force` does, but for the
    run-cache, for which DVC would read params.yaml two times more for each stage.
    """
    from dvc.repo import Repo

    with Repo() as repo, repo.lock:
        stages = [stage for stage in repo.index.stages if stage.cmd]
        for stage in stages:
            stage.save(run_cache=False)
            stage.commit()
        stages[0].dvcfile.dump_stages(stages, update_pipeline=False)


def outs(project: "Project") -> dict[Path, Path]:
    """What every stage writes, with what the same stage wrote for r1."""
    from dvc.repo import Repo

    with Repo() as repo:
        of: dict[str, list[Path]] = {
            stage.addressing: [Path(out.fs_path) for out in stage.outs]
            for stage in repo.index.stages
        }
    return {
        new: old
        for name, paths in of.items()
        for new, old in zip(paths, of.get(f"{name.split('@')[0]}@r1", paths), strict=True)
    }


def measured(folder: Path, command: list[str]) -> str:
    """The time of a command, and the largest memory of its process."""
    environment: dict[str, Any] = {**os.environ, "DVC_SITE_CACHE_DIR": str(folder / ".dvc/tmp")}
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said = process.stdout.read() if process.stdout else ""
    _, code, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(code) == 0 and "Running stage" not in said, said[-2000:]
    waited, own = time.perf_counter() - start, usage.ru_utime + usage.ru_stime
    return f"{waited:6.1f} s, {own:6.1f} s of a core, {usage.ru_maxrss / 1024:5.0f} MiB"


if __name__ == "__main__":
    main()
