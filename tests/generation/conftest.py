"""What tests of generation share: vLLM's stand-in."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from meteor.generation import engine
from tests.conftest import ROOT
from tests.generation.asking_vllm import Notes


@pytest.fixture(scope="module")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """vLLM is there, as its stand-in; the file of its notes. An engine that several tests want
    alike is started once.
    """
    notes = tmp_path_factory.mktemp("vllm") / "notes.jsonl"
    notes.touch()
    folder = str(Path(__file__).with_name("standin"))
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        path = [folder, str(ROOT), os.environ.get("PYTHONPATH", "")]
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, path)))
        patch.setenv("VLLM_NOTES", str(notes))
        yield notes
        engine.end()


@pytest.fixture
def notes(standin: Path) -> Notes:
    """What the stand-in was told since the test began."""
    begun = standin.stat().st_size

    def read(what: str) -> list[dict[str, object]]:
        lines = standin.read_text()[begun:].splitlines()
        return [note for note in map(json.loads, lines) if note["what"] == what]

    return read
