"""A run that is killed and run again gives, byte for byte, what an undisturbed run gives."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Project
from tests.pipeline import fakes

MOMENTS = [
    "student_generate base",  # half of the guidelines are written
    "sft_train r1.0.partial",  # in the second fine-tuning of a round, half is written
    "pairwise_train r1",  # half of a checkpoint is written
]
"""Hook and checkpoint: where the fakes hang, in the order in which a run comes by."""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file into which the fakes write what they were asked."""
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def interrupt(
    project: Project, moment: str, calls: Path, with_signal: signal.Signals, *targets: str
) -> "subprocess.CompletedProcess[str]":
    """Start `dvc repro` as a process group, and signal the group once the fakes hang."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        ["dvc", "repro", *targets],
        cwd=project.folder,
        env={**os.environ, "PATH": path, "FAKE_HANG": moment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    hanging: list[int] = []
    try:
        before = len(fakes.calls(calls, "hanging"))
        while process.poll() is None and not hanging:
            time.sleep(0.05)
            hanging = [call["rows"][0] for call in fakes.calls(calls, "hanging")[before:]]
        assert hanging, process.communicate()[0]
        os.killpg(process.pid, with_signal)
        output, _ = process.communicate(timeout=60)
        patience = time.monotonic() + 10
        while alive(process.pid, *hanging) and time.monotonic() < patience:
            time.sleep(0.05)
        assert alive(process.pid, *hanging) == []
        return subprocess.CompletedProcess(process.args, process.returncode, output)
    finally:
        for left in alive(process.pid, *hanging):
            os.kill(left, signal.SIGKILL)


def alive(group: int, *processes: int) -> list[int]:
    """Which processes still run, of a group and of those that are named."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,pgid=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [
        int(process)
        for process, its_group, state in rows
        if (int(its_group) == group or int(process) in processes) and not state.startswith("Z")
    ]


def test_killed_again_and_again(
    begun: Project, finished: Project, tmp_path: Path, calls: Path
) -> None:
    project = fakes.twin(begun, tmp_path / "project")
    last = "selftrain@t1"
    for moment in MOMENTS:
        interrupt(project, moment, calls, signal.SIGKILL, last)
    assert project.repro(last) == [last], "what was finished before the last kill has run again"
    first, second = (len(call["rows"]) for call in fakes.calls(calls, "student_generate")[:2])
    assert second == first - first // 2, "guidelines that were finished have been written again"
    done, undisturbed = fakes.results(project), fakes.results(finished)
    assert done == {path: undisturbed[path] for path in done}
    assert {"data/iterative/r1.jsonl", "models/t1/model.safetensors"} <= done.keys()
    assert project.repro(last) == []


def test_a_training_process_dies_with_its_stage(
    finished: Project, tmp_path: Path, calls: Path
) -> None:
    """`interrupt` sees that no process is left."""
    project = fakes.twin(finished, tmp_path / "project")
    project.set({"sft.fake.launched": True})
    interrupt(project, "sft_train base", calls, signal.SIGKILL, "finetune")
    assert not (project.folder / "models/sft").exists()
    assert project.repro("finetune") == ["finetune"]
    assert without_cards(fakes.results(project)) == without_cards(fakes.results(finished))
    assert fakes.leftovers(project) == []


def without_cards(results: dict[str, bytes]) -> dict[str, bytes]:
    """A model card tells the trainer's settings, which are not the same here."""
    return {path: text for path, text in results.items() if not path.endswith("README.md")}


CONTROL_C: dict[str, tuple[dict[str, Any], str, str]] = {
    "between two fine-tunings": (
        {"advisor.plugin": "other"},
        "student_generate r1.0.partial",
        "models/r1",
    ),
    "in a training process": ({"sft.fake.launched": True}, "sft_train base", "models/sft"),
}
"""Settings that let a stage run, where it hangs, and what it must not have written."""


@pytest.mark.parametrize("when", CONTROL_C)
def test_control_c_ends_cleanly(finished: Project, tmp_path: Path, calls: Path, when: str) -> None:
    settings, moment, out = CONTROL_C[when]
    project = fakes.twin(finished, tmp_path / "project")
    project.set(settings)
    stopped = interrupt(project, moment, calls, signal.SIGINT)
    assert stopped.returncode != 0
    assert "stopped; `dvc repro` goes on from the last finished stage" in stopped.stdout
    assert "Traceback" not in stopped.stdout
    assert not (project.folder / out).exists()
    assert fakes.leftovers(project) == []
