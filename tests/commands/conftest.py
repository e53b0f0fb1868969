"""A checkpoint, a hub on loopback, and `meteor publish` between them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meteor.__main__ import main
from meteor.models.model_card import write_base_card
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
        assert "Traceback" not in done.stderr, done.stderr
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
