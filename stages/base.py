"""Base: fetch the model that the student starts from, and look whether it can be used.

Writes one checkpoint: safetensors, tokenizer with a chat template, in which is written what becomes
of thoughts and which tokens end a turn.
"""

import shutil
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.folders import open_to_umask
from meteor.models.probe import settle
from meteor.models.safety import check_written
from meteor.running.stage import Stage, run_stage


def base(stage: Stage, out: Path) -> None:
    plugin = stage.load("base")
    partial = out.with_name(out.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        plugin.call("base_fetch", out=partial)
        if not any(partial.glob("*.safetensors")):
            raise plugin.error("base_fetch wrote no safetensors weights")
        check_written(partial)
        open_to_umask(partial)
        partial.replace(out)
        settle(out, stage.params.base.thoughts)
    except MeteorError:
        shutil.rmtree(out, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


if __name__ == "__main__":
    run_stage(base)
