"""A model of this machine is a dependency: its content counts, and DVC has to see it."""

import json
import shutil
from pathlib import Path

from tests.conftest import Project
from tests.pipeline import fakes


def test_an_edited_tokenizer_runs_base_again(project: Project, tiny_checkpoint: Path) -> None:
    model = project.folder / "own-model"
    shutil.copytree(tiny_checkpoint, model)
    project.set({"base.plugin": "hub", "base.hub": {"model": str(model)}})
    refused = project.run("dvc", "repro", "base", check=False)
    assert refused.returncode != 0
    assert f"write `local: {model}` below `base:`" in refused.stderr
    project.set({"base.local": str(model)})
    assert project.repro("base") == ["base"]
    assert "base" not in fakes.changed(project)
    config = json.loads((model / "tokenizer_config.json").read_text())
    (model / "tokenizer_config.json").write_text(json.dumps({**config, "model_max_length": 400}))
    assert "base" in fakes.changed(project)
