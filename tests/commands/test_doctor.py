"""What `meteor doctor` says of the remote: it answers or it does not, and no secret is shown."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto.server import ThreadedMotoServer

from meteor.commands.doctor import keys
from meteor.commands.remote import Finding, dvc_config, remote
from meteor.core.params import load_params
from tests.conftest import Project


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server of buckets, with one that is called `there`."""
    import boto3

    keys = {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "mine", "AWS_REGION": "us-east-1"}
    for name, value in {**keys, "AWS_DEFAULT_REGION": "us-east-1"}.items():
        monkeypatch.setenv(name, value)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    boto3.client("s3", endpoint_url=address).create_bucket(Bucket="there")
    yield address
    server.stop()


@pytest.fixture
def closed() -> str:
    """A port where nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return "127.0.0.1:{1}".format(*server.getsockname())


def told(project: Project, monkeypatch: pytest.MonkeyPatch, url: str, *lines: str) -> Finding:
    """What is said of a remote of this address."""
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    config = Path(".dvc/config")
    section = "\n".join([f"['remote \"team\"']\n    url = {url}", *(f"    {x}" for x in lines)])
    config.write_text(config.read_text() + f"    remote = team\n{section}\n")
    (finding,) = remote()
    return finding


@pytest.mark.parametrize("kind", ["https", "http", "ssh"])
def test_where_nobody_answers_is_seen_and_the_password_is_not(
    project: Project, monkeypatch: pytest.MonkeyPatch, closed: str, kind: str
) -> None:
    finding = told(project, monkeypatch, f"{kind}://me:hunter2@{closed}/x")
    assert finding.mark == "WRONG"
    assert f"({kind}://me:***@{closed}/x) does not answer: " in finding.what
    (told_of,) = (each for each in dvc_config() if "team" in each.what)
    assert told_of.mark == "WRONG" and "has a password in its url in .dvc/config" in told_of.what
    assert f"url {kind}://me@{closed}/x" in told_of.remedy
    assert "hunter2" not in f"{finding} {told_of}"


def test_a_bucket_answers_where_there_is_one(
    project: Project, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    line = f"endpointurl = {bucket}"
    assert told(project, monkeypatch, "s3://there/team", line).mark == "ok"


def test_a_bucket_that_is_not_there_does_not_answer(
    project: Project, monkeypatch: pytest.MonkeyPatch, bucket: str
) -> None:
    finding = told(project, monkeypatch, "s3://gone/team", f"endpointurl = {bucket}")
    assert finding.mark == "WRONG" and "bucket does not exist" in finding.what


def test_a_bucket_without_credentials_does_not_answer(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    finding = told(project, monkeypatch, "s3://there/team")
    assert finding.mark == "WRONG" and "credentials" in finding.what


def test_a_folder_that_is_not_there_may_be_a_disk(
    project: Project, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    finding = told(project, monkeypatch, str(tmp_path / "store"))
    assert (finding.mark, finding.remedy) == ("note", "is a disk to be mounted there?")
    (tmp_path / "store").mkdir()
    assert [each.mark for each in remote()] == ["ok"]


def test_a_default_that_names_no_remote_is_said(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)
    config = Path(".dvc/config")
    config.write_text(config.read_text() + "    remote = team\n")
    (finding,) = remote()
    assert finding.mark == "WRONG" and "no such remote (there are: none)" in finding.what


def test_the_keys_of_all_judges_of_a_jury_are_looked_at(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (
        {"plugin": "chat_api", "settings": {"model": name, "api_key_env": f"{name}_KEY"}}
        for name in ("FIRST", "OTHER")
    )
    jury = {"plugin": "jury", "jury": {"judges": {"one": one, "other": other}}}
    project.set({"judge": jury})
    monkeypatch.chdir(project.folder)
    monkeypatch.setenv("FIRST_KEY", "secret-of-the-first")
    monkeypatch.delenv("OTHER_KEY", raising=False)
    told = [(each.mark, each.what) for each in keys(load_params())]
    assert told[0] == ("ok", "judge: FIRST_KEY is set")
    assert (
        told[1][0] == "WRONG" and "variable OTHER_KEY with the key for api.openai.com" in told[1][1]
    )
