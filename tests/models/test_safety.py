"""Hostile checkpoints and folders: refused in one message, nothing run, nothing written outside."""

import json
import os
import pickle
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from meteor.core.errors import MeteorError
from meteor.core.folders import require_plain
from meteor.core.params import Params
from meteor.models.safety import check_template
from meteor.running.stage import Stage
from stages.base import base
from tests.conftest import Project
from tests.sources.raw import SETTINGS


class Touch:
    """To load it is to run it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.file,))


def pickled(folder: Path, mark: Path) -> None:
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Touch(mark)))


def own_code(folder: Path, mark: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config |= {
        "model_type": "own",
        "auto_map": {"AutoConfig": "own.C", "AutoModelForCausalLM": "own.M"},
    }
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own.py").write_text(f"import pathlib; pathlib.Path({str(mark)!r}).touch()")


def looping(folder: Path, mark: Path) -> None:
    loop = "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}"
    (folder / "chat_template.jinja").write_text(loop)


def linked(folder: Path, mark: Path) -> None:
    (mark.parent / "secret").write_text("secret")
    (folder / "README.md").unlink(missing_ok=True)
    (folder / "README.md").symlink_to(mark.parent / "secret")


def not_a_number(folder: Path, mark: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    name = sorted(weights)[0]
    weights[name] = torch.full_like(weights[name], float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


def long_card(folder: Path, mark: Path) -> None:
    with (folder / "README.md").open("wb") as card:
        card.write(b"---\nlicense: mit\n---\n")
        card.truncate(100_000_000)


@pytest.mark.parametrize(
    "spoil, said",
    [
        (pickled, "the weights are pickled (pytorch_model.bin)"),
        (own_code, "cannot be loaded"),
        (looping, "the chat template comes to no end"),
        (linked, "a link that leads out of the folder"),
        (not_a_number, "hold NaN or infinity"),
        (long_card, "100 MB is no model card"),
    ],
)
def test_a_hostile_checkpoint_is_refused_by_base(
    spoil: Callable[[Path, Path], None], said: str, tmp_path: Path, tiny_checkpoint: Path
) -> None:
    folder, mark = tmp_path / "given/model", tmp_path / "given/pwned"
    shutil.copytree(tiny_checkpoint, folder)
    spoil(folder, mark)
    given = {"plugin": "hub", "local": str(folder), "hub": {"model": str(folder)}}
    params = Params.model_validate({**SETTINGS, "base": given})
    (tmp_path / "models").mkdir()
    with pytest.raises(MeteorError, match=re.escape(said)) as refused:
        base(Stage("base", params), tmp_path / "models/base")
    assert refused.value.exit_code == 1
    assert not mark.exists() and list((tmp_path / "models").iterdir()) == []


def test_a_template_may_refuse_a_chat_or_take_a_while() -> None:
    check_template("{{ raise_exception('no system') }}", "x")
    check_template("{% for m in messages %}{{ m.content }}{% endfor %}", "x")
    with pytest.raises(MeteorError, match="comes to no end"):
        check_template("{{ 'a' * 99999999999 }}", "x")


def test_a_folder_holds_files_alone(tmp_path: Path) -> None:
    """A link within it and the links of the hub's cache are its own."""
    snapshot = tmp_path / "models--a--b/snapshots/1"
    (tmp_path / "models--a--b/blobs").mkdir(parents=True)
    (tmp_path / "models--a--b/blobs/x").write_text("{}")
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").symlink_to("../../blobs/x")
    (snapshot / "same.json").symlink_to("config.json")
    require_plain(snapshot)
    os.mkfifo(snapshot / "pipe")
    with pytest.raises(MeteorError, match="pipe: is no file"):
        require_plain(snapshot)


@pytest.mark.parametrize("what", ["link", "pipe", "folder"])
def test_a_hostile_folder_is_not_imported(what: str, project: Project) -> None:
    folder, outside = project.folder / "given/run", project.folder / "given/outside"
    folder.mkdir(parents=True)
    outside.mkdir()
    if what == "link":
        (folder / "ml_data.json").symlink_to("/dev/zero")
    elif what == "pipe":
        os.mkfifo(folder / "ml_data.json")
    else:
        (folder / "records").symlink_to(outside)
    done = project.run(sys.executable, "-m", "meteor", "import-run", str(folder), check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert ("leads out of the folder" in done.stderr) or ("is no file" in done.stderr)
    assert list(outside.iterdir()) == []
