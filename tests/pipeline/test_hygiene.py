"""A stage ends with its dvc, runs once at a time, and a result can be followed to the raw data."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meteor.running.processes import lives
from tests.conftest import Project
from tests.pipeline import fakes


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    return fakes.twin(finished, tmp_path / "project")


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


def hanging(project: Project, moment: str, calls: Path, *command: str) -> "subprocess.Popen[str]":
    """Start a command, and come back once the fakes hang in it."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = subprocess.Popen(
        command,
        cwd=project.folder,
        env={**os.environ, "PATH": path, "FAKE_HANG": moment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    while process.poll() is None and not fakes.calls(calls, "hanging"):
        time.sleep(0.05)
    assert process.poll() is None, process.communicate()[0]
    return process


def status(project: Project, stage: str) -> dict[str, object]:
    return dict(json.loads((project.folder / f".meteor/stages/{stage}.json").read_text()))


def ended(name: str) -> bool:
    until = time.monotonic() + 15
    while lives(name) and time.monotonic() < until:
        time.sleep(0.1)
    return not lives(name)


@pytest.mark.parametrize("with_signal", [signal.SIGKILL, signal.SIGTERM])
def test_a_stage_and_its_training_end_with_their_dvc(
    project: Project, calls: Path, with_signal: signal.Signals
) -> None:
    project.set({"sft.fake.launched": True})
    process = hanging(project, "sft_train base", calls, "dvc", "repro", "finetune")
    training = fakes.calls(calls, "hanging")[0]["rows"][0]
    stage = str(status(project, "finetune")["process"])
    process.send_signal(with_signal)
    output = process.communicate(timeout=30)[0]
    assert ended(stage)
    until = time.monotonic() + 5
    while Path(f"/proc/{training}").exists() and time.monotonic() < until:
        time.sleep(0.1)
    assert not Path(f"/proc/{training}").exists()
    assert "dvc has ended, so this stage ends, too" in output
    assert "stopped; `dvc repro` goes on from the last finished stage" in output
    assert status(project, "finetune")["error"] == "stopped"
    assert not (project.folder / "models/sft").exists()
    assert fakes.leftovers(project) == []


def test_two_of_one_stage_do_not_run_side_by_side(project: Project, calls: Path) -> None:
    command = [
        *("python", "-m", "stages.guideline", "--questions", "data/raw/train.jsonl"),
        *("--checkpoint", "models/base", "--out", "data/guidelines/train.jsonl"),
        *("--summary", "metrics/rows/guideline.json"),
    ]
    before = (project.folder / "data/guidelines/train.jsonl").read_bytes()
    first = hanging(project, "student_generate base", calls, *command)
    second = project.run(*command, check=False)
    first.send_signal(signal.SIGTERM)
    assert second.returncode == 1
    message = f"guideline runs in this workspace already, as process {first.pid} "
    assert message in second.stderr
    assert "stopped" in first.communicate(timeout=10)[0]
    assert project.run(*command).returncode == 0
    assert (project.folder / "data/guidelines/train.jsonl").read_bytes() == before


def test_verify_follows_a_result_to_the_raw_data(project: Project) -> None:
    whole = project.run("meteor", "verify").stdout
    assert "Every one is what dvc.lock records" in whole
    assert "DIFFERS" not in whole
    one = project.run("meteor", "verify", "data/distilled/train.jsonl").stdout
    assert [line.split()[1] for line in one.splitlines() if line.startswith("ok")] == [
        *("base", "ingest", "guideline", "distill"),
    ]

    answers = project.folder / "data/answers/t1.jsonl"
    stat, text = answers.stat(), answers.read_bytes()
    answers.chmod(0o644)
    answers.write_bytes(text.replace(b"q0", b"q1", 1))
    os.utime(answers, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    changed = project.run("meteor", "verify", "metrics/t1.json", check=False)
    assert changed.returncode == 1
    differing = [line.split()[1] for line in changed.stdout.splitlines() if "DIFF" in line]
    assert differing == ["answer@t1", "compare@t1", "judge@t1", "verify@t1", "score@t1"]
    assert "data/answers/t1.jsonl: dvc.lock records " in changed.stdout
    answers.write_bytes(text)

    project.set({"judge.fake.mood": "grim"})
    moody = project.run("meteor", "verify", "judge@t1", check=False).stdout
    assert "params.yaml: judge.fake: dvc.lock records {}, here is {'mood': 'grim'}" in moody
    unknown = project.run("meteor", "verify", "metrics/t9.json", check=False)
    assert (unknown.returncode, "neither a stage nor an out" in unknown.stderr) == (2, True)


ILL = """
    no_scm = true
    remote = team
[cache]
    type = "hardlink,symlink"
['remote "team"']
    url = s3://team/meteor
    endpointurl = http://127.0.0.1:9
    access_key_id = me
    secret_access_key = hunter2
"""


def test_doctor_says_what_to_do(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    fine = project.run("meteor", "doctor", check=False).stdout
    assert "ok    params.yaml is valid" in fine
    assert "ok    models/base has a chat template" in fine
    assert "note  there is no default remote" in fine
    assert "GB are free; 0 checkpoints to come" in fine
    assert "WRONG" not in fine

    config = project.folder / ".dvc/config"
    config.write_text(config.read_text() + ILL)
    project.set({"teacher.plugin": "chat_api", "teacher.chat_api": {"model": "gpt-4o"}})
    ill = project.run("meteor", "doctor", check=False)
    assert ill.returncode == 1
    for line in (
        "WRONG cache.type is hardlink and symlink",
        "do: `dvc config cache.type reflink,copy`",
        "WRONG core.no_scm stands in .dvc/config",
        "WRONG the remote 'team' has its secret_access_key in .dvc/config",
        "WRONG the remote 'team' (s3://team/meteor) does not answer",
        "WRONG teacher: the environment variable OPENAI_API_KEY with the key for api.openai.com",
        "do: `export OPENAI_API_KEY=…`",
    ):
        assert line in ill.stdout
    assert "hunter2" not in ill.stdout
    assert "6 of these would harm a run" in ill.stderr
