"""`meteor doctor`: whether a run can go well here, and what to do where it cannot. One
function each for what is looked at.
"""

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from meteor.commands.remote import Finding, dvc_config, remote
from meteor.compute.spreading import check_engine
from meteor.core.errors import MeteorError
from meteor.core.hookspecs import ROLES
from meteor.core.params import Params, load_params
from meteor.core.pins import difference
from meteor.core.roles import check_roles, load_role, plugin_names
from meteor.planning.keys import check_keys
from meteor.planning.packages import check_adapters, missing_packages
from meteor.running.observers import OBSERVER, check_observers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor doctor`: it has no arguments."""


def run(arguments: argparse.Namespace) -> None:
    """Print one line a finding, with what to do below it; exit code 1 where something is wrong."""
    wrong = 0
    for finding in examine():
        print(f"{finding.mark:5} {finding.what}")
        if finding.remedy:
            print(f"      do: {finding.remedy}")
        wrong += finding.mark == "WRONG"
        sys.stdout.flush()
    if wrong:
        raise MeteorError(f"{wrong} of these would harm a run")


def examine() -> Iterator[Finding]:
    """All findings. One that cannot be made is a finding, too."""
    yield from python()
    yield from torch()
    yield from _guarded("the DVC config", dvc_config)
    yield from _guarded("the remote", remote)
    try:
        check_keys()
        params = load_params()
        check_roles(params)
        check_observers(params)
        check_engine(params.compute)
        check_adapters(params)
    except MeteorError as error:
        yield Finding("WRONG", str(error), "mend it; `meteor check` looks again")
        yield from _guarded("the pins", pins)
        return
    yield Finding("ok", "params.yaml is valid, and every chosen plugin loads")
    yield from _guarded("the pins", pins)
    yield from (Finding("WRONG", missing) for missing in missing_packages(params))
    yield from keys(params)
    yield from _guarded("the verifier", lambda: verifier(params))
    yield from _guarded("the disk", lambda: disk(params))
    yield from _guarded("the base model", base_model)


def _guarded(what: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except Exception as error:
        text = " ".join(str(error).split())
        yield Finding("WRONG", f"{what} cannot be examined: {type(error).__name__}: {text}")


def python() -> Iterator[Finding]:
    """Python itself, and whether it is the one of a virtual environment."""
    found = f"Python {platform.python_version()} ({sys.executable})"
    yield Finding("ok", found)  # what is older than 3.11 cannot import this
    first = shutil.which("python")
    if first is None or Path(first).resolve() != Path(sys.executable).resolve():
        yield Finding(
            "WRONG",
            f"the stages would run with another Python: {first or 'there is no `python`'}",
            f"put {Path(sys.executable).parent} first on your PATH (`. .venv/bin/activate`)",
        )


def torch() -> Iterator[Finding]:
    """PyTorch and what it computes on."""
    try:
        import torch

        from meteor.models import precision
    except Exception as error:
        yield Finding("WRONG", f"torch cannot be imported: {error}", "`make repro` installs it")
        return
    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        device = f"{torch.cuda.get_device_name(0)}, {memory:.0f} GB"
    else:
        device = f"CPU, {torch.get_num_threads()} threads; no GPU that torch can use"
    yield Finding("ok", f"torch {torch.__version__} on {device}")
    chosen = precision.choose()
    yield Finding("ok", f"`auto` is {chosen.dtype} here: {chosen.why}")


def pins() -> Iterator[Finding]:
    """Pinned plugins against what is installed."""
    from meteor.commands.plugins import read_pin

    for role in [*ROLES, OBSERVER]:
        for name in plugin_names(role):
            if pin := read_pin(role, name):
                wrong = difference(pin, role, name)
                if wrong:
                    yield Finding("WRONG", f"{role} plugin {name!r}: {wrong}")
                else:
                    yield Finding(
                        "ok",
                        f"{role} plugin {name!r} is {pin.distribution} {pin.version} as pinned",
                    )


def keys(params: Params) -> Iterator[Finding]:
    """Keys of the endpoints that chosen plugins ask; a server on this machine wants none."""
    for role in ROLES:
        for settings in _asking(load_role(role, params).params):
            if finding := _key(role, settings):
                yield finding


def _asking(settings: Any) -> Iterator[Any]:
    """The settings of a plugin, and those of the judges that it asks itself, as a jury does."""
    yield settings
    for member in (getattr(settings, "judges", None) or {}).values():
        yield member.load().params


def _key(role: str, settings: Any) -> Finding | None:
    variable = getattr(settings, "api_key_env", None)
    if not variable:
        return None
    host = urlparse(getattr(settings, "base_url", "")).hostname or ""
    if os.environ.get(variable):
        return Finding("ok", f"{role}: {variable} is set")
    if host in ("localhost", "::1") or host.startswith("127."):
        return Finding("ok", f"{role}: {variable} is not set, and {host} is this machine")
    return Finding(
        "WRONG",
        f"{role}: the environment variable {variable} with the key for {host} is not set",
        f"`export {variable}=…` in the shell that runs `dvc repro`",
    )


def verifier(params: Params) -> Iterator[Finding]:
    """Whether code of an answer can be confined here, where a verifier runs some."""
    from meteor.verification.unit_tests import Confinement, check_isolation

    settings = load_role("verifier", params).params
    if not isinstance(settings, Confinement):
        return
    try:
        check_isolation(settings)
    except MeteorError as error:
        yield Finding("WRONG", str(error), "docs/verifiers.md says what each isolation holds")
        return
    if settings.isolation == "limits":
        what = (
            "verifier: code of answers runs within bounds, and is not kept from files and network"
        )
        yield Finding("note", what, "`isolation: namespaces`, where Linux gives them")
    else:
        yield Finding("ok", "verifier: code of answers runs in namespaces of its own")


def disk(params: Params) -> Iterator[Finding]:
    """Free space against the checkpoints to come; each stands in the workspace and in the cache."""
    from meteor.pipeline import resolved_stages
    from meteor.planning.storage import coming, said

    base = Path(resolved_stages()["base"]["out"])
    free = shutil.disk_usage(".").free
    if not base.exists():
        yield Finding("note", f"{free / 1e9:.1f} GB are free; the base model is not here yet")
        return
    stored = coming(params, base)
    # One more while a training writes.
    needed = 2 * sum(each.size for each in stored) + max((each.whole for each in stored), default=0)
    what = f"{free / 1e9:.1f} GB are free; {said(stored)}"
    if needed > free:
        yield Finding(
            "WRONG",
            what,
            "`dvc gc --workspace` frees the cache of what is not used; adapters take less: "
            "`method: lora, checkpoint: adapter`",
        )
    else:
        yield Finding("ok", what)


def base_model() -> Iterator[Finding]:
    """Whether the base model's tokenizer has a chat template."""
    from meteor.models.encoding import load_tokenizer
    from meteor.pipeline import resolved_stages

    base = Path(resolved_stages()["base"]["out"])
    if not base.exists():
        yield Finding("note", "the base model is not here yet", "`dvc repro base` fetches it")
        return
    try:
        turns = load_tokenizer(base).turns
    except MeteorError as error:
        yield Finding("WRONG", str(error))
    else:
        yield Finding("ok", f"{base} has a chat template; its turns end with {turns.end.strip()!r}")
