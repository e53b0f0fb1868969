"""A checkpoint goes to a hub on loopback, whole and in one commit, or not at all."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from huggingface_hub import constants

from meteor.__main__ import main
from meteor.models.model_card import read_front, write_base_card
from tests.commands.hub import TOKEN, Hub, served
from tests.conftest import ROOT

Publish = Callable[..., tuple[int, str]]


@pytest.fixture
def hub() -> Iterator[Hub]:
    with served() as hub:
        yield hub


@pytest.fixture
def checkpoint(tiny_checkpoint: Path, tmp_path: Path) -> Path:
    """The tiny model under a name, with a card and an adapter's folder."""
    folder = tmp_path / "t1"
    shutil.copytree(tiny_checkpoint, folder)
    (folder / "adapter").mkdir()
    (folder / "adapter/adapter_config.json").write_text("{}")
    write_base_card(folder, "tiny/base", {"license": "apache-2.0"})
    return folder


@pytest.fixture
def publish(hub: Hub, checkpoint: Path, tmp_path: Path) -> Publish:
    """Runs the command with a token, in a process that knows this hub: exit code, what it said."""

    def run(*options: str, **more: str) -> tuple[int, str]:
        here = {**os.environ, "HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": hub.address}
        here |= {"HF_HUB_OFFLINE": "0", "HF_HUB_DISABLE_XET": "1", "HF_TOKEN": TOKEN, **more}
        words = ["meteor", "publish", str(checkpoint), "me/t1", *options]
        done = subprocess.run(
            [sys.executable, "-m", *words], env=here, cwd=ROOT, capture_output=True, text=True
        )
        assert here["HF_TOKEN"] not in done.stdout + done.stderr
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture
def try_to(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Publish:
    """Runs the command in this process, which may ask no hub: exit code, what it said."""

    def run(*options: str, name: str = "me/t1") -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["meteor", "publish", str(checkpoint), name, *options])
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def give_licence(checkpoint: Path, **front: str | None) -> None:
    card = checkpoint / "README.md"
    head = {**read_front(card), **front}
    card.write_text(f"---\n{yaml.safe_dump(head)}---\n\nThe base model's: unknown.\n")


def test_what_goes_is_shown_and_nothing_is_sent_without_a_token(
    try_to: Publish, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "none"))
    code, said = try_to()
    assert code == 0 and "there is no token" in said
    assert "licence apache-2.0, base model tiny/base" in said
    assert "model.safetensors" in said and "adapter/adapter_config.json" in said
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert try_to("--dry-run")[1].endswith("Nothing was sent: a dry run.\n")


def test_all_files_go_in_one_commit(publish: Publish, hub: Hub, checkpoint: Path) -> None:
    code, said = publish("--private")
    assert code == 0, said
    assert f"{hub.address}/me/t1/commit/{1:040x}" in said
    files = (file for file in checkpoint.rglob("*") if file.is_file())
    here = {str(file.relative_to(checkpoint)): file.read_bytes() for file in files}
    assert hub.files == {"me/t1": here} and hub.commits == 1 and hub.private == {"me/t1": True}


def test_a_hub_that_refuses_is_an_error(publish: Publish, hub: Hub) -> None:
    code, said = publish(HF_TOKEN=TOKEN.upper())
    assert code == 1 and "me/t1: the hub did not take it" in said and "401" in said
    assert not hub.commits
    code, said = publish(HF_HUB_OFFLINE="1")
    assert code == 1 and "the hub did not take it" in said and "Traceback" not in said


def test_a_card_without_a_licence_is_refused_until_the_user_states_it(
    publish: Publish, try_to: Publish, hub: Hub, checkpoint: Path
) -> None:
    give_licence(checkpoint, license="unknown")
    code, said = try_to()
    assert code == 1 and "names no licence" in said and "--license ID" in said
    assert publish("--license", "mit")[0] == 0
    sent = hub.files["me/t1"]["README.md"].decode()
    assert "license: mit" in sent and "The base model's: mit." in sent
    assert "license: unknown" in (checkpoint / "README.md").read_text(), "its own stays as it is"
    give_licence(checkpoint, license="gemma")
    code, said = try_to("--license", "mit")
    assert code == 2 and "says gemma, which holds" in said
    (checkpoint / "README.md").unlink()
    code, said = try_to()
    assert code == 1 and "there is no card" in said


@pytest.mark.parametrize(
    ("front", "name", "code", "wanted"),
    [
        ({"license": "cc-by-nc-nd-4.0"}, "me/t1", 1, "forbids passing on"),
        ({"license": "llama3.1"}, "me/t1", 2, "as me/Llama-t1"),
        ({"license": "llama3.1"}, "me/Llama-t1", 0, "licence llama3.1"),
        ({"license": "other"}, "me/t1", 1, "names no licence"),
        ({"license": "other", "license_name": "x-nd-1.0"}, "me/t1", 1, "forbids passing on"),
        ({"license": "other", "license_link": "LICENSE.md"}, "me/t1", 0, "licence LICENSE.md"),
        ({}, "t1", 2, "whose? Write OWNER/t1"),
        ({}, "me/../t1", 2, "not a name on the hub"),
    ],
)
def test_the_terms_of_the_base_and_of_the_hub_hold(
    try_to: Publish,
    checkpoint: Path,
    front: dict[str, str | None],
    name: str,
    code: int,
    wanted: str,
) -> None:
    give_licence(checkpoint, **front)
    done, said = try_to("--dry-run", name=name)
    assert (done, wanted in said) == (code, True), said


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("generation_config.json", '{"note": "sk-proj-' + "a1B2" * 6 + '"}'),
        ("adapter/trainer.txt", f"-----BEGIN {'PRIVATE'} KEY-----\nMIIE"),
        ("notes.txt", "the key is a-secret-of-the-team, keep it"),
        ("padded.bin", "\0" * (2**24 - 9) + "hf_" + "x" * 34),
        (".env", "nothing much"),
        ("server.pem", ""),
    ],
    ids=lambda value: value[:24].strip("\0"),
)
def test_what_looks_like_a_secret_stays_here(
    try_to: Publish, checkpoint: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str
) -> None:
    (checkpoint / file).write_text(content)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a-secret-of-the-team")
    code, said = try_to()
    assert code == 1 and Path(file).name in said and "secret" in said
    assert "a-secret-of-the-team" not in said and "a1B2" not in said
