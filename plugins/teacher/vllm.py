"""A teacher on vLLM: a larger Hugging Face checkpoint in a local folder."""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Literal

from pydantic import model_validator

from meteor.core.errors import SettingsError
from meteor.core.hookspecs import hookimpl
from meteor.core.records import Completion, Failed, Prompt
from meteor.core.settings import Decoding, Field, Settings
from meteor.generation.vllm import VllmSettings, generate


class Vllm(VllmSettings):
    """Generation with vLLM."""

    model: Path = Field(description="folder of the teacher's checkpoint")
    thoughts: Literal["off", "strip"] = Field(
        "strip", description="whether it thinks; its thoughts are kept apart from its answers"
    )
    decoding: Decoding = Field(
        Decoding(strategy="sample", max_new_tokens=1024), description="how the teacher writes"
    )

    @model_validator(mode="after")
    def _can_write_so(self) -> "Vllm":
        if why := self.refusal(self.decoding):
            raise ValueError(f"decoding: {why}")
        return self

    def model_here(self) -> Path:
        """The teacher's folder."""
        return self.model


@hookimpl
def plugin_params() -> type[Settings]:
    return Vllm


@hookimpl
def teacher_answer(
    prompts: Sequence[Prompt], params: Vllm, seed: int, done: Collection[str]
) -> Iterable[Completion | Failed]:
    if not params.model.is_dir():
        raise SettingsError(f"params.yaml: teacher.vllm.model: there is no folder {params.model}")
    return generate(prompts, params.model, params.decoding, params, seed, done, params.thoughts)
