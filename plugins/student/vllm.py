"""A student on vLLM, which writes many answers side by side; adapters change while it runs."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Example, Failed, Likelihood, Prompt
from meteor.core.settings import Decoding, Settings
from meteor.generation.vllm import VllmSettings, generate, weigh


class Vllm(VllmSettings):
    """Generation with vLLM."""


@hookimpl
def plugin_params() -> type[Settings]:
    return Vllm


@hookimpl
def student_generate(
    prompts: Sequence[Prompt],
    checkpoint: Path,
    decoding: Decoding,
    params: Vllm,
    seed: int,
    done: Collection[str],
) -> Iterator[Completion | Failed]:
    return generate(prompts, checkpoint, decoding, params, seed, done)


@hookimpl
def student_score(
    examples: Sequence[Example], checkpoint: Path, params: Vllm, done: Collection[str]
) -> Iterator[Likelihood | Failed]:
    return weigh(examples, checkpoint, params, done)
