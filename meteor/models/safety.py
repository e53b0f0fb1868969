"""Checkpoints that other people made: what could run code, run for ever or spoil a training.

Everything here is looked at once, in the stage `base`, before anything is paid. transformers runs
no code of a checkpoint unless `trust_remote_code` is set, and loads no pickled weights here.
"""

import subprocess
import sys
from pathlib import Path

from meteor.core.errors import MeteorError
from meteor.core.folders import require_plain

LARGEST_CARD = 5_000_000
"""Bytes of a model's README.md."""
SECONDS, BYTES = 3, 4 * 2**30
"""Of processor time and memory that a chat template may take for a short chat."""
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl", "*.pickle")
RENDER = """
import resource, sys
from transformers.utils.chat_template_utils import render_jinja_template
used = resource.getrusage(resource.RUSAGE_SELF)
seconds = int(used.ru_utime + used.ru_stime) + 1 + int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]), int(sys.argv[2])))
chat = [{"role": "user", "content": "What is it?"}]
render_jinja_template([chat], chat_template=sys.stdin.read(), add_generation_prompt=True)
"""
"""A template in a process of its own. One that only refuses the chat is told of in its place."""


def check_source(folder: Path) -> None:
    """Look at a local folder before it is loaded: no link out of it, weights that are no pickles,
    a card of a card's size. Raises MeteorError.
    """
    require_plain(folder)
    pickled = sorted(file.name for kind in PICKLES for file in folder.glob(kind))
    if pickled and not any(folder.glob("*.safetensors")):
        raise MeteorError(
            f"{folder}: the weights are pickled ({pickled[0]}), and to load a pickle is to run "
            "what is in it; convert them to safetensors"
        )
    check_card(folder)


def check_card(folder: Path) -> None:
    """Raise MeteorError for a README.md that nobody could read."""
    card = folder / "README.md"
    if card.is_file() and card.stat().st_size > LARGEST_CARD:
        raise MeteorError(
            f"{card}: {card.stat().st_size / 1e6:.0f} MB is no model card; remove or shorten it"
        )


def check_written(checkpoint: Path) -> None:
    """Look at a checkpoint before it is used: finite weights, and a chat template that comes to an
    end. Raises MeteorError.
    """
    check_card(checkpoint)
    _check_weights(checkpoint)
    template = checkpoint / "chat_template.jinja"
    if template.is_file():
        check_template(template.read_text(encoding="utf-8", errors="replace"), str(checkpoint))


def check_template(template: str, where: str) -> None:
    """Raise MeteorError for a template that loops or takes all memory."""
    command = [sys.executable, "-c", RENDER, str(SECONDS), str(BYTES)]
    try:
        done = subprocess.run(
            command, input=template, capture_output=True, text=True, timeout=100 * SECONDS
        )
    except subprocess.TimeoutExpired:
        endless = True
    else:
        endless = done.returncode < 0 or "MemoryError" in done.stderr
    if endless:
        raise MeteorError(
            f"{where}: the chat template comes to no end with a chat of one turn ({SECONDS} s of "
            "processor time); replace chat_template.jinja, or choose another model"
        )


def _check_weights(checkpoint: Path) -> None:
    import torch
    from safetensors import safe_open

    for file in sorted(checkpoint.glob("*.safetensors")):
        with safe_open(file, framework="pt") as weights:
            for name in weights.keys():  # noqa: SIM118 (it is no mapping)
                tensor = weights.get_tensor(name)
                if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                    raise MeteorError(
                        f"{checkpoint}: the weights {name} hold NaN or infinity ({file.name}): the "
                        "model is broken, and would train nothing"
                    )
