"""The stages that train in rounds, killed at any moment: the outputs are those of an undisturbed
run, and nothing is left over.
"""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from voluptuous import MultipleInvalid

from meteor.core.yaml12 import parse_yaml
from tests.conftest import Project
from tests.pipeline import fakes
from tests.pipeline.test_killed import alive

MOMENTS = int(os.environ.get("METEOR_KILLS", "2"))
"""Kills of each stage; `METEOR_KILLS=15` for a thorough run."""


def force(project: Project, stage: str, seconds: float | None) -> float:
    """Run one stage anew; kill its whole group after so long. How long it took."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    begun = time.monotonic()
    process = subprocess.Popen(
        ["dvc", "repro", "--force", "--single-item", stage],
        cwd=project.folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        assert process.returncode == 0, output
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    took = time.monotonic() - begun
    patience = time.monotonic() + 20
    while alive(process.pid) and time.monotonic() < patience:
        time.sleep(0.05)
    assert alive(process.pid) == []
    return took


def half_written(lock: Path) -> bool:
    """Whether DVC, which writes its lock file in place, was killed at that (docs/training.md)."""
    try:
        COMPILED_LOCKFILE_SCHEMA(parse_yaml(lock.read_text()))
    except (yaml.YAMLError, MultipleInvalid):
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["iterate@r1", "selftrain@t1"])
def test_killed_at_random_moments(stage: str, finished: Project, tmp_path: Path) -> None:
    project = fakes.twin(finished, tmp_path / "project")
    lock, chance = project.folder / "dvc.lock", random.Random(stage)
    whole = lock.read_bytes()
    undisturbed = force(project, stage, None)
    for _ in range(MOMENTS):
        force(project, stage, chance.uniform(0.3, 1.0) * undisturbed)
        if half_written(lock):
            lock.write_bytes(whole)
    force(project, stage, None)
    assert fakes.results(project) == fakes.results(finished)
    assert fakes.leftovers(project) == []
