"""A process keeps its name whatever becomes of the clock."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from meteor.running.processes import lives, process_name

STEPPED = """
import re, subprocess, sys, pathlib
stat, fake = pathlib.Path("/proc/stat"), pathlib.Path(sys.argv[2])
fake.write_text(re.sub(r"btime (\\d+)", lambda b: f"btime {int(b[1]) + 60}", stat.read_text()))
subprocess.run(["mount", "--bind", str(fake), str(stat)], check=True)
import psutil
from meteor.running.processes import lives, process_name
pid = int(sys.argv[1])
print(process_name(pid), psutil.Process(pid).create_time(), lives(process_name(pid)))
"""


def test_a_step_of_the_clock_leaves_the_name(tmp_path: Path) -> None:
    """A minute forward, as psutil sees it: in /proc/stat, the boot is a minute later."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
        pytest.skip("no mount of one's own is allowed here")
    name = process_name(os.getpid())
    command = ["unshare", "-m", sys.executable, "-c", STEPPED, str(os.getpid())]
    done = subprocess.run([*command, str(tmp_path / "stat")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    there, moved, alive = done.stdout.split()
    assert float(moved) - psutil.Process().create_time() == pytest.approx(60, abs=1)
    assert there == name and alive == "True"


def test_the_name_holds_no_time_of_day() -> None:
    started = psutil.Process().create_time()
    assert f"{started:.0f}"[:6] not in process_name(os.getpid())
    assert process_name(os.getpid()) != process_name(os.getppid())


def test_a_process_that_has_ended_lives_no_longer() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    name = process_name(child.pid)
    assert lives(name) and lives(f"{name}#7") and not lives(name + "1")
    child.communicate()
    assert not lives(name)
    with pytest.raises(psutil.NoSuchProcess):
        process_name(child.pid)


def test_dvc_is_found_above(tmp_path: Path) -> None:
    """Also above a shell."""
    dvc = tmp_path / "dvc"
    dvc.write_text(
        f"#!{sys.executable}\nimport subprocess, sys\n"
        'subprocess.run([sys.argv[1], \'-c\', \'true; "$0" "$1" "$2"\', *sys.argv[2:]])\n'
    )
    dvc.chmod(0o755)
    script = "from meteor.running.processes import dvc_above; print(dvc_above())"
    done = subprocess.run(
        [str(dvc), "/bin/sh", sys.executable, "-c", script], capture_output=True, text=True
    )
    assert len(done.stdout.strip().split("/")) == 3, done.stderr
