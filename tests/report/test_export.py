"""A checkpoint becomes a GGUF file: with a stand-in for llama.cpp's converter, a real process."""

import os
import sys
from pathlib import Path

import pytest

from meteor.__main__ import main

CONVERTER = """#!/usr/bin/env python3
import json, pathlib, sys
folder, outtype, out = sys.argv[1], sys.argv[3], pathlib.Path(sys.argv[5])
assert sys.argv[2::2] == ["--outtype", "--outfile"]
config = json.loads((pathlib.Path(folder) / "config.json").read_text())
out.write_text("half")
print("so far so good", flush=True)
if outtype == "q8_0":
    sys.exit("this model cannot be converted")
out.write_text(f"GGUF of {config['model_type']} as {outtype}")
"""


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of llama.cpp, named by the environment; nothing is on the PATH."""
    folder = tmp_path / "llama.cpp"
    folder.mkdir()
    (folder / "convert_hf_to_gguf.py").write_text(CONVERTER)
    monkeypatch.setenv("LLAMA_CPP", str(folder))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    return folder


def export(*arguments: object, monkeypatch: pytest.MonkeyPatch) -> int:
    """Run the command in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["meteor", "export", *map(str, arguments)])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_checkpoint_is_converted_and_nothing_half_written_stays(
    tiny_checkpoint: Path, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new/t1.gguf"
    assert export(tiny_checkpoint, "--gguf", out, monkeypatch=monkeypatch) == 0
    assert out.read_text() == "GGUF of llama as f16"
    assert [file.name for file in out.parent.iterdir()] == ["t1.gguf"]


def test_a_file_that_is_there_is_replaced_on_demand_alone(
    tiny_checkpoint: Path,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "t1.gguf"
    out.write_text("mine")
    words = (tiny_checkpoint, "--gguf", out, "--outtype", "bf16")
    assert export(*words, monkeypatch=monkeypatch) == 2
    assert "t1.gguf: is there already; --force replaces it" in capsys.readouterr().err
    assert out.read_text() == "mine"
    assert export(*words, "--force", monkeypatch=monkeypatch) == 0
    assert out.read_text() == "GGUF of llama as bf16"
    assert export(tiny_checkpoint, "--gguf", tmp_path, "--force", monkeypatch=monkeypatch) == 2


def test_what_a_converter_says_when_it_fails_is_shown(
    tiny_checkpoint: Path,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "t1.gguf"
    out.write_text("mine")
    words = (tiny_checkpoint, "--gguf", out, "--outtype", "q8_0", "--force")
    assert export(*words, monkeypatch=monkeypatch) == 1
    said = capsys.readouterr().err
    assert "so far so good" in said and "this model cannot be converted" in said
    assert out.read_text() == "mine"
    assert not list(tmp_path.glob("*.partial"))


def test_the_converter_is_found_on_the_path_and_asked_for_where_it_is_not(
    tiny_checkpoint: Path,
    checkout: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = (tiny_checkpoint, "--gguf", tmp_path / "t1.gguf")
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path / "elsewhere"))
    assert export(*words, monkeypatch=monkeypatch) == 1
    assert "elsewhere/convert_hf_to_gguf.py: is not there; LLAMA_CPP" in capsys.readouterr().err
    monkeypatch.delenv("LLAMA_CPP")
    assert export(*words, monkeypatch=monkeypatch) == 1
    assert "set LLAMA_CPP to the folder of its source" in capsys.readouterr().err
    installed = checkout / "convert_hf_to_gguf"
    (checkout / "convert_hf_to_gguf.py").rename(installed)
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", f"{checkout}{os.pathsep}{os.environ['PATH']}")
    assert export(*words, monkeypatch=monkeypatch) == 0
    assert (tmp_path / "t1.gguf").read_text() == "GGUF of llama as f16"
