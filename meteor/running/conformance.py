"""What every plugin holds, whatever its role: described settings, a light import, a result a row.

`meteor.testing` has a function a role, for the tests of plugins.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from meteor.core.records import Failed
from meteor.core.roles import Plugin, find_plugin, load_plugin

HEAVY = (
    *("torch", "transformers", "trl", "peft", "datasets", "deepspeed", "vllm", "ray"),
    *("sklearn", "pandas"),
)


def named(role: str, plugin: str | ModuleType) -> tuple[str, Any]:
    """A plugin's name and module: of the project by name, or the module itself."""
    if isinstance(plugin, str):
        return plugin, find_plugin(role, plugin)
    return plugin.__name__, plugin


def load(role: str, plugin: str | ModuleType, settings: dict[str, Any]) -> Plugin:
    """Load a plugin with these settings, which have to be frozen and described. Raises
    AssertionError where they are not, and as `load_plugin`.
    """
    name, module = named(role, plugin)
    loaded = load_plugin(role, name, module, settings)
    kind = type(loaded.params)
    assert kind.model_config.get("frozen") and kind.model_config.get("extra") == "forbid", (
        f"{name}: {kind.__name__} has to be frozen and to forbid unknown keys"
    )
    missing = list(_undocumented(kind, kind.__name__))
    assert not missing, f"{name}: settings without a description: {', '.join(missing)}"
    check_imports(name, module)
    return loaded


def _undocumented(kind: type[BaseModel], where: str) -> Iterator[str]:
    for name, field in kind.model_fields.items():
        if not field.description:
            yield f"{where}.{name}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _undocumented(field.annotation, f"{where}.{name}")


def check_imports(name: str, module: ModuleType) -> None:
    """Importing it imports nothing heavy."""
    script = f"import sys, {module.__name__}; print(*sorted({set(HEAVY)} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONPATH": ":".join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{name}: cannot be imported:\n{done.stderr}"
    heavy = done.stdout.strip()
    assert not heavy, f"{name}: import {heavy} inside the functions that need it"


def check_rows(
    loaded: Plugin, hook: str, kind: type[Any], rows: Sequence[Any], arguments: Any
) -> None:
    """One result a row, in order; nothing for nothing; not every row fails; the same again.
    `arguments` gives the arguments of the hook for some rows.
    """

    def ask(some: Sequence[Any]) -> list[Any]:
        return [result for _, result in loaded.rows(hook, some, kind, **arguments(some))]

    assert ask([]) == [], f"{loaded.name}: {hook} made something out of nothing"
    results = ask(rows)
    assert [result.id for result in results] == [row.id for row in rows]
    failed = [result for result in results if isinstance(result, Failed)]
    assert not rows or len(failed) < len(rows), (
        f"{loaded.name}: {hook} failed every row: {failed[0].error}"
    )
    assert all(failure.error.strip() for failure in failed)
    assert ask(rows) == results, f"{loaded.name}: {hook} gave other results for the same seed"
