"""The sections of `params.yaml` that choose a plugin for a role."""

from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, JsonValue, model_validator

from meteor.core.errors import SettingsError
from meteor.core.settings import Field, InFull, Settings


class Role(Settings):
    """A part that can be swapped: the chosen plugin's name, and settings by plugin name."""

    model_config = ConfigDict(frozen=True, extra="allow")

    plugin: str = Field(description="which plugin: a file under plugins/<role>/")

    @property
    def chosen(self) -> Any:
        """The raw settings of the chosen plugin; None where the file has none."""
        return (self.model_extra or {}).get(self.plugin)

    def require_named(self, role: str, model: Path | None) -> None:
        """Raise SettingsError where the chosen plugin takes a model of this machine whose content
        DVC does not see.
        """

    @model_validator(mode="after")
    def _settings_are_mappings(self) -> "Role":
        for name, value in (self.model_extra or {}).items():
            if value is not None and not isinstance(value, dict):
                raise ValueError(f"{name}: the settings of a plugin are a mapping, got {value!r}")
        return self


class Source(Role):
    """Where the questions come from."""

    path: InFull = Field(description="file or folder with the raw data")
    check: JsonValue = Field(
        None,
        description="what a verifier holds answers to where a question brings no check of its own, "
        "as {} or true where its settings say the rest; null: nothing",
    )


class Verifier(Role):
    """What knows by running or reading an answer whether it is right."""

    path: Path = Field(
        Path("plugins/verifier/__init__.py"),
        description="file or folder with all that the plugin reads (databases, schemas, scripts): "
        "a change there verifies again; the default is for plugins that read nothing",
    )


class Local(Role):
    """A part that may be a model of this machine."""

    local: InFull = Field(
        Path("configs/no_model.txt"),
        description="the folder or file of a model of this machine, whose content then counts; "
        "configs/no_model.txt: it is none",
    )

    def require_named(self, role: str, model: Path | None) -> None:
        """As in every role: `local` has to name the model."""
        if model is not None and model.absolute() != self.local.absolute():
            raise SettingsError(
                f"params.yaml: {role}.local: {self.plugin} takes a model of this machine; write "
                f"`local: {model}` below `{role}:`, so that the stages that use it run again when "
                "its files change"
            )


class Base(Local):
    """The model that the student starts from."""

    thoughts: Literal["off", "strip", "keep"] = Field(
        "off",
        description="of a student that can think: it does not; they are taken out of what it "
        "writes; and they are learned, where a teacher's answer has one",
    )


def verifies(advisor: Role) -> bool:
    """Whether the advisor asks the verifier."""
    return advisor.plugin == "verifier" or bool((advisor.chosen or {}).get("verified"))
