"""A team and a bucket: nothing is computed twice. The bucket is a real S3 server on loopback."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Project
from tests.pipeline import fakes

SECRET = "a-secret-that-git-must-not-see"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3 server with one bucket."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "key", "aws_secret_access_key": SECRET}
    boto3.client("s3", endpoint_url=url, region_name="us-east-1", **keys).create_bucket(
        Bucket="team"
    )
    yield url
    server.stop()


def clone(project: Project, folder: Path) -> Project:
    """What a colleague does: clone, and put the credentials into the own, ignored config."""
    project.run("git", "clone", "--quiet", str(project.folder), str(folder))
    theirs = fakes.at(folder)
    credentials(theirs)
    return theirs


def credentials(project: Project) -> None:
    for name, value in (("access_key_id", "key"), ("secret_access_key", SECRET)):
        project.run("dvc", "remote", "modify", "--local", "team", name, value)


def test_a_second_clone_computes_only_what_it_adds(
    finished: Project, endpoint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("FAKE_CALLS", str(tmp_path / "calls"))
    project = fakes.twin(finished, tmp_path / "first")
    run = project.run
    run("dvc", "remote", "add", "--default", "team", "s3://team/meteor")
    run("dvc", "remote", "modify", "team", "endpointurl", endpoint)
    credentials(project)
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "--message", "Run the pipeline")
    assert "files pushed" in run("dvc", "push", "--run-cache").stdout

    colleague = clone(project, tmp_path / "second")
    tracked = run("git", "grep", "-l", SECRET, check=False)
    assert tracked.stdout == "", "the secret is in git"
    assert colleague.repro("--pull", "--allow-missing") == []
    assert not (tmp_path / "calls").exists(), "a plugin was asked"
    colleague.run("dvc", "pull")
    assert fakes.results(colleague) == fakes.results(project)

    colleague.set({"rounds.r3": {"from": "r1"}, "evaluate.r3": {"before": "base"}})
    assert set(colleague.repro("--pull", "--allow-missing")) == {
        *("iterate@r3", "answer@r3", "general@r3", "verify@r3", "judge@r3", "compare@r3"),
        *("score@r3", "health", "evolution", "report"),
    }
    asked = {call["checkpoint"] for call in fakes.calls(tmp_path / "calls", "student_generate")}
    assert asked <= {"r1", "r3", *(f"r3.{n}.partial" for n in range(9))}

    # Back to the first: what the second computed is there without computing it.
    colleague.run("git", "add", "--all")
    colleague.run("git", "commit", "--quiet", "--message", "Add a round")
    colleague.run("dvc", "push", "--run-cache")
    run("git", "pull", "--quiet", str(colleague.folder))
    run("dvc", "pull")
    (tmp_path / "calls").unlink()
    assert project.repro("--pull", "--allow-missing") == []
    assert not (tmp_path / "calls").exists()

    # What a colleague only tried is in the bucket, too.
    for one in (colleague, project):
        one.set({"judge.fake.mood": "grim"})
    before = fakes.results(project)
    assert colleague.repro("--pull", "judge@base") == ["verifier", "judge@base"]
    colleague.run("dvc", "push", "--run-cache")
    assert project.repro("--pull", "judge@base") == []
    after = fakes.results(project)
    assert after == fakes.results(colleague)
    changed = {path for path in after if after[path] != before[path]}
    assert changed == {"data/judgements/base.jsonl"}
