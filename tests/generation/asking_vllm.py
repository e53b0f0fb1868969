"""What tests of the plugins `vllm` share: questions, and how a stand-in for vLLM is asked them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from meteor.core.domain import PLAIN
from meteor.core.records import Completion, Example, Failed, Prompt, Question
from meteor.core.settings import Decoding
from meteor.prompts import wording
from plugins.student import vllm

ASKED = [
    wording.answer(PLAIN)(Question(id=f"q{n}", title=f"What is {'very ' * n}deep?"))
    for n in range(5)
]
EXAMPLES = [Example(id=prompt.id, prompt=prompt, answer=f"It is {prompt.id}.") for prompt in ASKED]
GREEDY = Decoding(max_new_tokens=16)
Notes = Callable[[str], list[dict[str, Any]]]
"""What the stand-in was told since the test began: `LLM`, `generate`, `sleep`, `wake_up`."""


def settings(**params: Any) -> vllm.Vllm:
    return vllm.Vllm(**{"dtype": "float32", **params})


def write(
    checkpoint: Path,
    decoding: Decoding = GREEDY,
    asked: list[Prompt] = ASKED,
    seed: int = 7,
    done: tuple[str, ...] = (),
    **params: Any,
) -> dict[str, Completion | Failed]:
    rows = vllm.student_generate(asked, checkpoint, decoding, settings(**params), seed, done)
    return {row.id: row for row in rows}
