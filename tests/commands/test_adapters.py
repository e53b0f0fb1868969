"""Commands on a checkpoint that is an adapter: export, and what a run will store."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from meteor.__main__ import main
from meteor.core.errors import MeteorError
from meteor.core.params import load_params
from meteor.models.encoding import load_model
from meteor.planning.storage import coming, said
from tests.conftest import ROOT
from tests.training.finetuning import EXAMPLES, train

LORA: dict[str, Any] = {"method": "lora", "lora": {"r": 4, "alpha": 8}, "checkpoint": "adapter"}


@pytest.fixture(scope="module")
def models(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base and an adapter over it."""
    root = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny_checkpoint, root / "base")
    _, made = train(root / "base", root / "work", EXAMPLES, **LORA)
    shutil.copytree(made, root / "sft")
    (root / "sft/README.md").write_text("---\nlicense: mit\n---\n\nA card.\n")
    return root


def meteor(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run a command in this process; its exit code."""
    monkeypatch.setattr(sys, "argv", ["meteor", *words])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_the_merged_export_equals_the_adapter(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anybody loads it, in bf16 unless told otherwise."""
    import torch
    from transformers import AutoModelForCausalLM

    sft, ids = str(models / "sft"), torch.tensor([[5, 6, 7, 8]])
    assert meteor(monkeypatch, "export", sft, "--merge", str(tmp_path / "half")) == 0
    assert meteor(monkeypatch, "export", sft, "--merge", str(tmp_path / "half")) == 2
    assert meteor(monkeypatch, "export", sft, "--merge", sft, "--force") == 2
    words = ["--merge", str(tmp_path / "half"), "--dtype", "float32", "--force"]
    half = AutoModelForCausalLM.from_pretrained(tmp_path / "half")
    assert half.dtype == torch.bfloat16
    assert meteor(monkeypatch, "export", sft, *words) == 0
    with torch.inference_mode():
        wanted = load_model(models / "sft", "float32", "cpu")(ids).logits
        whole = AutoModelForCausalLM.from_pretrained(tmp_path / "half")
        assert whole.dtype == torch.float32
        assert float((whole(ids).logits - wanted).abs().max()) < 1e-5
    modes = {
        (tmp_path / "half" / name).stat().st_mode for name in ("config.json", "model.safetensors")
    }
    assert len(modes) == 1
    assert not (tmp_path / "half/base.json").exists() and not list(tmp_path.glob("*.partial"))
    assert (tmp_path / "half/README.md").read_text().endswith("A card.\n")


def test_an_export_replaces_no_more_than_a_checkpoint(
    models: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With --force as without: a slip of the pen takes away no folder of other things."""
    copied = Path(shutil.copytree(models, tmp_path / "models"))
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/text.md").write_text("Years of work.")
    before = {file for file in tmp_path.rglob("*") if file.is_file()}
    for words, why in (
        (["--merge", str(copied), "--force"], "holds the checkpoint"),
        (["--merge", str(tmp_path), "--force"], "holds the checkpoint"),
        (["--merge", str(tmp_path / "thesis"), "--force"], "is no checkpoint"),
        (["--merge", str(copied / "sft/whole")], "lies within the checkpoint"),
        (["--gguf", str(copied / "sft/sft.gguf")], "lies within the checkpoint"),
    ):
        assert meteor(monkeypatch, "export", str(copied / "sft"), *words) == 2
        assert why in capsys.readouterr().err
    assert {file for file in tmp_path.rglob("*") if file.is_file()} == before
    (tmp_path / "empty").mkdir()
    words = ["--merge", str(tmp_path / "empty"), "--force"]
    assert meteor(monkeypatch, "export", str(copied / "sft"), *words) == 0


def test_a_disk_that_takes_no_weights_is_named(models: Path, tmp_path: Path) -> None:
    script = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000)); "
    script += "from meteor.__main__ import main; main()"
    words = ["export", str(models / "sft"), "--merge", str(tmp_path / "whole")]
    done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "the checkpoint cannot be written: " in done.stderr and "File too large" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_gguf_file_is_made_of_whole_weights(
    models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "convert_hf_to_gguf.py"
    script.write_text(
        "import pathlib, sys\n"
        "names = sorted(file.name for file in pathlib.Path(sys.argv[1]).iterdir())\n"
        "pathlib.Path(sys.argv[5]).write_text(' '.join(names))\n"
    )
    monkeypatch.setenv("LLAMA_CPP", str(tmp_path))
    out = tmp_path / "sft.gguf"
    assert meteor(monkeypatch, "export", str(models / "sft"), "--gguf", str(out)) == 0
    assert "model.safetensors" in out.read_text() and "adapter" not in out.read_text()


def test_what_a_run_stores_is_known_before(models: Path, tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())
    file.write_text(yaml.safe_dump(settings))
    base = tmp_path / "models/base"
    shutil.copytree(models / "base", base)
    whole = coming(load_params(file), base)
    assert [each.name for each in whole] == ["sft", "r1", "r2", "t1"]
    assert "merged" not in said(whole) and all(each.size == each.whole for each in whole)
    settings["sft"]["trl"] = LORA
    file.write_text(yaml.safe_dump(settings))
    sft, *_, t1 = coming(load_params(file), base)
    assert t1.size == t1.whole == whole[0].size, "pairwise is as it was"
    made = sum(each.stat().st_size for each in (models / "sft").iterdir())
    assert sft.size == pytest.approx(made, rel=0.1) and sft.whole == t1.whole
    assert "merged" in said([sft])
    (base.parent / "sft").mkdir()
    assert [each.name for each in coming(load_params(file), base)] == ["r1", "r2", "t1"]
    assert json.loads((models / "sft/base.json").read_text())["checkpoint"] == "base"


@pytest.mark.parametrize("content", [b"", b"\xff" * 99, b"\x40" + bytes(7) + b"{"])
def test_a_base_that_is_broken_is_named(models: Path, tmp_path: Path, content: bytes) -> None:
    base = Path(shutil.copytree(models / "base", tmp_path / "base"))
    (base / "model.safetensors").write_bytes(content)
    with pytest.raises(MeteorError, match=r"model\.safetensors: is cut off or damaged"):
        coming(load_params(), base)
