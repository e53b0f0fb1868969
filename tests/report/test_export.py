"""A checkpoint becomes a GGUF file: with a stand-in for llama.cpp's converter, a real process."""

import os
import sys
from collections.abc import Callable
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


Export = Callable[..., tuple[int, str]]


@pytest.fixture
def export(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Export:
    """Runs the command on the tiny checkpoint, in this process: exit code and what it said."""

    def run(out: Path, *options: str) -> tuple[int, str]:
        words = ["meteor", "export", str(tiny_checkpoint), "--gguf", str(out), *options]
        monkeypatch.setattr(sys, "argv", words)
        code = 0
        try:
            main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        return code, capsys.readouterr().err

    return run


def test_a_checkpoint_is_converted_and_nothing_half_written_stays(
    export: Export, checkout: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new/t1.gguf"
    assert export(out)[0] == 0
    assert out.read_text() == "GGUF of llama as f16"
    assert [file.name for file in out.parent.iterdir()] == ["t1.gguf"]


def test_a_file_that_is_there_is_replaced_on_demand_alone(
    export: Export, checkout: Path, tmp_path: Path
) -> None:
    out = tmp_path / "t1.gguf"
    out.write_text("mine")
    code, said = export(out, "--outtype", "bf16")
    assert code == 2 and "t1.gguf: is there already; --force replaces it" in said
    assert out.read_text() == "mine"
    assert export(out, "--outtype", "bf16", "--force")[0] == 0
    assert out.read_text() == "GGUF of llama as bf16"
    assert export(tmp_path, "--force")[0] == 2


def test_what_a_converter_says_when_it_fails_is_shown(
    export: Export, checkout: Path, tmp_path: Path
) -> None:
    out = tmp_path / "t1.gguf"
    out.write_text("mine")
    code, said = export(out, "--outtype", "q8_0", "--force")
    assert code == 1 and "so far so good" in said and "this model cannot be converted" in said
    assert out.read_text() == "mine"
    assert not list(tmp_path.glob("*.partial"))


def test_the_converter_is_found_on_the_path_and_asked_for_where_it_is_not(
    export: Export, checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "t1.gguf"
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path / "elsewhere"))
    code, said = export(out)
    assert code == 1 and "elsewhere/convert_hf_to_gguf.py: is not there; LLAMA_CPP" in said
    monkeypatch.delenv("LLAMA_CPP")
    code, said = export(out)
    assert code == 1 and "set LLAMA_CPP to the folder of its source" in said
    installed = checkout / "convert_hf_to_gguf"
    (checkout / "convert_hf_to_gguf.py").rename(installed)
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", f"{checkout}{os.pathsep}{os.environ['PATH']}")
    assert export(out)[0] == 0
    assert out.read_text() == "GGUF of llama as f16"
