"""The one reader of dvc.yaml and dvc.lock: which stages there are, where they read and write, and
what made a file.

`dvc.yaml` is read as it is written, `${…}` and all, where that will do, and by DVC where values
are needed, which takes DVC's import of half a second.
"""

import hashlib
import shlex
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.fingerprint import fingerprint
from meteor.core.params import PARAMS_FILE
from meteor.core.yaml12 import no_yaml, parse_yaml

PIPELINE = Path("dvc.yaml")
LOCK = Path("dvc.lock")
CODE = ("stages/", "meteor/")
"""Where the code of a stage's deps lies; a plugin's file is told apart by its name."""


def written_stages(file: Path = PIPELINE) -> dict[str, dict[str, Any]]:
    """The stages as they are written, each with its `foreach` where it has one. Raises
    SettingsError where there are none, or the file is no YAML.
    """
    try:
        stages: dict[str, dict[str, Any]] = parse_yaml(file.read_text(encoding="utf-8"))["stages"]
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(no_yaml(file, error)) from None
    except (OSError, KeyError, TypeError):
        raise SettingsError(f"{file}: there are no stages here") from None
    return stages


def written_stage(kind: str, file: Path = PIPELINE) -> dict[str, Any]:
    """One stage as it is written, for each of its `foreach`. Raises SettingsError where there is
    none.
    """
    try:
        stage = written_stages(file)[kind]
    except KeyError:
        raise SettingsError(f"{file}: there is no stage {kind!r} here") from None
    inner: dict[str, Any] = stage.get("do", stage)
    return inner


def arguments_of(command: str) -> dict[str, str]:
    """What follows each `--name` of a command."""
    pairs = pairwise(shlex.split(command))
    return {name[2:]: value for name, value in pairs if name.startswith("--")}


def stage_names(params: Mapping[str, Any], file: Path = PIPELINE) -> Iterator[str]:
    """Every stage, those of a `foreach` one by one, as `params` (the content of params.yaml) has
    them.
    """
    for kind, stage in written_stages(file).items():
        over = stage.get("foreach")
        if over is None:
            yield kind
            continue
        keys = value_of(params, over.strip("${} ")) if isinstance(over, str) else over
        yield from (f"{kind}@{key}" for key in keys or ())


def written_params(file: Path = PARAMS_FILE) -> Any:
    """The content of params.yaml, whether or not it is valid. Raises SettingsError where it is no
    YAML.
    """
    try:
        return parse_yaml(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(no_yaml(file, error)) from None


def value_of(params: Any, key: str) -> Any:
    """The value at a dotted key; None where there is none."""
    for part in key.split("."):
        params = params.get(part) if isinstance(params, dict) else None
    return params


def resolved_stages(file: Path = PIPELINE) -> Mapping[str, dict[str, str]]:
    """Every stage with the arguments of its command, as DVC resolves them."""
    files = (file, file.with_name(PARAMS_FILE.name))
    read = tuple(each.read_bytes() for each in files if each.exists())
    return _resolved(file.parent.resolve(), read)


@lru_cache(maxsize=1)
def _resolved(root: Path, _read: tuple[bytes, ...]) -> Mapping[str, dict[str, str]]:
    """DVC takes 0.4 s for it, and plans ask for it again and again."""
    with dvc_repo(root) as repo:
        return {stage.addressing: arguments_of(str(stage.cmd)) for stage in repo.index.stages}


@contextmanager
def dvc_repo(root: Path) -> Iterator[Any]:
    """The project as DVC sees it. What DVC itself cannot do or read becomes a MeteorError."""
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    try:
        with Repo(str(root.resolve())) as repo:
            yield repo
    except DvcException as error:
        raise MeteorError(f"DVC: {' '.join(str(error).split())}") from None


def shaped_by(kind: str, file: Path = PIPELINE) -> str:
    """A hash of the code that shapes a stage's results: its deps that are code. That of a stage
    which stands in no pipeline, as where one is tried alone, is of nothing.
    """
    stage = written_stages(file).get(kind, {}) if file.exists() else {}
    code = [dep for dep in stage.get("do", stage).get("deps", ()) if dep.startswith(CODE)]
    digest = hashlib.sha256()
    for dep in code:
        digest.update(f"{dep} {fingerprint(file.parent / dep, '*.py')}\n".encode())
    return digest.hexdigest()


@dataclass(frozen=True)
class Locked:
    """A stage as it last ended well: its command's arguments, and the hashes (md5) of what it read
    and wrote, by path. `params` has dotted keys as in dvc.yaml.
    """

    name: str
    command: str
    reads: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, str]:
        """What follows each `--name` of the command."""
        return arguments_of(self.command)


@dataclass(frozen=True)
class Lineage:
    """All stages that have ended, by name. Empty before the first."""

    stages: Mapping[str, Locked]

    def maker(self, path: str) -> Locked | None:
        """The stage that wrote a path; None where none has."""
        return next((stage for stage in self.stages.values() if path in stage.writes), None)

    def hash(self, path: str) -> str | None:
        """The hash of what was written to a path; None where nothing was."""
        maker = self.maker(path)
        return maker.writes[path] if maker else None

    def data(self, stage: Locked) -> dict[str, str]:
        """What a stage read, with the hashes: its data, which its command names or other stages
        wrote, and not its code.
        """
        named = stage.arguments.values()
        return {p: md5 for p, md5 in stage.reads.items() if p in named or self.maker(p)}

    def one(self, kind: str, **arguments: str) -> Locked | None:
        """The stage of a kind (`answer` of `answer@r1`) whose command has these arguments."""
        wanted = arguments.items()
        of_kind = (s for name, s in self.stages.items() if name.split("@")[0] == kind)
        return next((stage for stage in of_kind if wanted <= stage.arguments.items()), None)

    def param(self, key: str) -> Any:
        """A parameter as the last stage that read it had it; None where none did."""
        values = [stage.params[key] for stage in self.stages.values() if key in stage.params]
        return values[-1] if values else None


def read_lock(file: Path = LOCK) -> dict[str, dict[str, Any]]:
    """The stages of dvc.lock as DVC writes them; none where it is not there. Raises MeteorError
    where it cannot be read.
    """
    try:
        stages = parse_yaml(file.read_text(encoding="utf-8"))["stages"]
        return {name: dict(stage) for name, stage in stages.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise _no_lock(file, error) from None


def read_lineage(file: Path = LOCK) -> Lineage:
    """What made what, as dvc.lock tells. DVC leaves stages in it that are no more,
    and one of them may claim a file of another: it is left out. Raises MeteorError as `read_lock`.
    """
    try:
        locked = {name: _locked(name, stage) for name, stage in read_lock(file).items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise _no_lock(file, error) from None
    if not (PIPELINE.exists() and PARAMS_FILE.exists()):
        return Lineage(locked)
    present = set(stage_names(written_params()))
    return Lineage({name: stage for name, stage in locked.items() if name in present})


def _no_lock(file: Path, error: Exception) -> MeteorError:
    return MeteorError(
        f"{file}: not a lock file of DVC ({type(error).__name__}); git checkout brings it back"
    )


def _locked(name: str, raw: dict[str, Any]) -> Locked:
    return Locked(
        name=name,
        command=raw["cmd"],
        reads={row["path"]: row.get("md5", "") for row in raw.get("deps", [])},
        writes={row["path"]: row.get("md5", "") for row in raw.get("outs", [])},
        params={
            key: value for values in raw.get("params", {}).values() for key, value in values.items()
        },
    )
