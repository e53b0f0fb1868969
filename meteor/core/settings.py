"""The base of all settings, and the errors that a user sees for a wrong key or value."""

import datetime
import difflib
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

from meteor.core.errors import SettingsError

S = TypeVar("S", bound="Settings")
_KEY = re.compile(r"(?P<key>(?P<first>\w+)(\.[\w-]+)*): ")


class Settings(BaseModel):
    """Base of all settings: immutable, and an unknown key is an error.

    The metadata of each field (`Field(description=...)`) is the documentation that users see.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    keeps_replies: ClassVar[bool] = False
    """Whether a plugin with these settings keeps what it has finished by itself (in the ledger)."""
    needs: ClassVar[str] = ""
    """The module of a package that the plugin needs and that is not installed with this project."""

    @property
    def spreads(self) -> bool:
        """Whether what a plugin with these settings does runs where `compute` says."""
        return False

    def model_here(self) -> Path | None:
        """The folder or file of the model, where that is one of this machine: its content is a
        dependency of the stages that use it.
        """
        return None

    def on_this_machine(self) -> Self:
        """The settings as they act here: `auto` is replaced by what it means on this machine where
        that shapes results, so that work is never taken up where it means something else.
        """
        return self

    def absent_file(self) -> str:
        """A file that the settings name and that is not there, by its key; empty: none. It is asked
        before any stage begins.
        """
        return ""

    def refusal(self, decoding: "Decoding") -> str:
        """Why a student with these settings cannot write so, and what to choose; empty: it can."""
        return ""


class Decoding(Settings):
    """How a student writes. `best_of` and `mbr` write several samples and keep one: the one with
    the highest mean log-likelihood, or the one that agrees most with the others, in its words or in
    the result that a verifier makes of it (self-consistency: no `check` is looked at).
    """

    strategy: Literal["greedy", "sample", "beam", "best_of", "mbr"] = Field(
        "greedy", description="how to search"
    )
    max_new_tokens: int = Field(256, gt=0, description="longest answer, in tokens")
    temperature: float = Field(0.7, gt=0, description="of every strategy that samples")
    top_p: float = Field(0.9, gt=0, le=1, description="of every strategy that samples")
    top_k: int = Field(50, ge=0, description="of every strategy that samples; 0 is no limit")
    num_beams: int = Field(10, gt=1, description="of `beam`")
    samples: int = Field(8, gt=1, description="of `best_of` and `mbr`")
    agreement: Literal["words", "result"] = Field(
        "words", description="of `mbr`: in words, or in what the verifier makes of the answers"
    )
    repetition_penalty: float = Field(1.0, ge=1, description="1 is none")
    no_repeat_ngram: int = Field(
        0, ge=0, description="runs of so many tokens may not stand twice; 0 is no limit"
    )

    @model_validator(mode="after")
    def _agrees(self) -> "Decoding":
        if self.agreement == "result" and self.strategy != "mbr":
            raise ValueError(f"agreement: 'result' is of the strategy mbr, not of {self.strategy}")
        return self

    @property
    def samples_drawn(self) -> int:
        """How many samples are drawn for one answer; 1 where nothing is drawn."""
        return self.samples if self.strategy in ("best_of", "mbr") else 1

    @property
    def width(self) -> int:
        """How many texts are written side by side for one answer."""
        return self.num_beams if self.strategy == "beam" else self.samples_drawn


class Schedule(Settings):
    """How long and how fast one training goes; the rest belongs to the trainer's own settings."""

    epochs: float = Field(gt=0, description="passes over the data")
    learning_rate: float = Field(gt=0, description="peak learning rate")


def _in_full(value: Path) -> Path:
    if str(value).startswith("~"):
        raise ValueError(f"write {str(value)!r} in full: DVC knows no `~`")
    return value


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]*$")]
"""Of a checkpoint, a strategy, an observer."""

InFull = Annotated[Path, AfterValidator(_in_full)]
"""A path that DVC reads, too."""


class Price(Settings):
    """What a model costs, for a million tokens."""

    input: float = Field(ge=0, description="for a million tokens of prompt")
    output: float = Field(ge=0, description="for a million tokens of answer")
    batch: float = Field(0.5, ge=0, le=1, description="factor on both in batch mode")
    date: datetime.date = Field(description="day on which the price was looked up")


class MaxCost(Settings):
    """Budgets, in the currency of the prices."""

    stage: float | None = Field(
        None, ge=0, description="of all replies behind one stage, paid now or earlier; null: none"
    )
    run: float | None = Field(
        None, ge=0, description="of what one `dvc repro` pays newly; null: none"
    )


class Api(Settings):
    """How endpoints are called: nothing here shapes an answer, so no stage tracks it."""

    concurrency: int = Field(
        16, gt=0, description="most requests in flight; fewer where replies come too late"
    )
    timeout: float = Field(180, gt=0, description="seconds for one request, from start to end")
    max_retries: int = Field(8, ge=0, description="of a request that failed and may heal")
    longest_wait: float = Field(
        600, gt=0, description="seconds that an endpoint may ask to wait; above it the stage stops"
    )
    first_failures: int | None = Field(
        10, gt=0, description="the stage stops where so many first rows fail alike; null: never"
    )
    requests_per_minute: int | None = Field(None, gt=0, description="in any 60 s; null: no limit")
    tokens_per_minute: int | None = Field(None, gt=0, description="in any 60 s; null: no limit")
    batch_poll: float = Field(30, gt=0, description="seconds between two looks at a batch")
    batch_lines: int = Field(50_000, gt=0, description="most requests in one batch")
    batch_megabytes: float = Field(200, gt=0, description="largest file of one batch")
    max_cost: MaxCost = Field(
        MaxCost(), description="budgets; a call that may pass one is not sent"
    )
    prices: dict[str, Price] = Field({}, description="by the model's name")


class Compute(Settings):
    """Where models of this project's own processes write and weigh: nothing here shapes a text, so
    no stage tracks it.
    """

    engine: Literal["local", "ray"] = Field(
        "local", description="local: in the stage's process; ray: on workers of a Ray cluster"
    )
    address: str | None = Field(
        None,
        description="of the cluster's head, host:port; null: that in RAY_ADDRESS, or that which "
        "this machine is a node of, or else one that is started here for each stage",
    )
    workers: int | None = Field(
        None, gt=0, description="processes with a model each; null: as many as there is room for"
    )
    gpus: float | None = Field(
        None, ge=0, description="of each worker; null: one where the cluster has any, else none"
    )
    cpus: int = Field(1, gt=0, description="processors, and threads, of each worker")
    checkpoint: Literal["path", "object_store"] = Field(
        "path",
        description="path: all nodes share the project's folder; object_store: the checkpoint's "
        "files and the code travel to them",
    )

    @model_validator(mode="after")
    def _places(self) -> "Compute":
        if self.gpus is not None and self.gpus > 1 and self.gpus % 1:
            raise ValueError(f"gpus: a whole number above 1, not {self.gpus:g}")
        if self.address is not None and self.address.startswith("ray://"):
            raise ValueError(
                f"address: {self.address!r} is of Ray's client, and a stage runs on a node of the "
                "cluster; give the head's host:port, or null"
            )
        return self


def parse_settings(kind: type[S], value: Any, file: Path, key: str = "") -> S:
    """Validate `value` as `kind`; `key` is where it stands in `file`.

    Raises SettingsError that names file, key and value, with the closest key for a typo.
    """
    if value is None:
        value = {}
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise SettingsError(_explain(error, kind, file, key)) from None


def _explain(error: ValidationError, kind: type[BaseModel], file: Path, key: str) -> str:
    problem = min(error.errors(), key=lambda e: e["type"] != "extra_forbidden")
    path = [str(part) for part in problem["loc"] if part != "[key]"]
    place = [key, *path] if key else path
    message = problem["msg"].removeprefix("Value error, ")
    told = f", got {problem['input']!r}"
    if problem["type"] == "extra_forbidden":
        near = difflib.get_close_matches(path[-1], _keys_at(kind, path[:-1]), n=1)
        message = "unknown key" + (f" (did you mean {near[0]!r}?)" if near else "")
    elif problem["type"] == "missing":
        message = "missing"
    elif problem["type"] in ("model_type", "dict_type"):
        message = f"keys with their values are due{told}"
    elif problem["type"] != "value_error":
        message += told
    elif (named := _KEY.match(message)) and named["first"] in _keys_at(kind, path):
        # A section's own check says which of its keys it means.
        place, message = [*place, named["key"]], message[named.end() :]
    return ": ".join([str(file), *filter(None, [".".join(place)]), message])


def _keys_at(kind: type[BaseModel], path: list[str]) -> list[str]:
    """The known keys of the settings that stand at `path` below `kind`."""
    model: Any = kind
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(part)
            candidates = [field.annotation, *get_args(field.annotation)] if field else []
            if field is not None and get_origin(field.annotation) is dict:
                model = field.annotation
                continue
        else:
            candidates = list(get_args(model))
        model = next(
            (c for c in candidates if isinstance(c, type) and issubclass(c, BaseModel)), None
        )
        if model is None:
            return []
    if not issubclass(model, BaseModel):  # a mapping of names of the user's own
        return []
    return [field.alias or name for name, field in model.model_fields.items()]


__all__ = [
    "Api",
    "Compute",
    "Decoding",
    "Field",
    "MaxCost",
    "Name",
    "Price",
    "Schedule",
    "Settings",
    "model_validator",
    "parse_settings",
]
