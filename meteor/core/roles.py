"""Roles: the one place where plugins are found, loaded and called.

For each role a fresh plugin manager holds the one plugin that `params.yaml` names, so a misspelt
hook fails at load and nothing unused is imported. What a plugin returns is checked here: one
result for each id that was asked for, in the order of the question, whatever finished first.
"""

import difflib
import importlib
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pluggy

from meteor.core import hookspecs
from meteor.core.domain import PLAIN, Domain
from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import PARAMS_FILE, Params
from meteor.core.parts import Role
from meteor.core.pins import Pin, installed, load_pinned
from meteor.core.plugin_settings import files_in, settings_class
from meteor.core.records import Failed
from meteor.core.settings import Settings, parse_settings

PLUGINS = Path("plugins")


class HasId(Protocol):
    """A row with an id."""

    @property
    def id(self) -> str:
        """The id of the question that the row belongs to."""


class Memory(Protocol):
    """The rows of one call that an earlier try of the stage has finished."""

    def read(self, kind: type[Any]) -> Mapping[str, Any]:
        """The finished results, by id."""

    def add(self, row: Any) -> None:
        """Keep one more."""


In = TypeVar("In", bound=HasId)
Out = TypeVar("Out", bound=HasId)
Watch = Callable[[Iterator[Any]], Iterator[Any]]


@dataclass(frozen=True)
class Plugin:
    """A loaded plugin in its role, with its validated settings and the user's domain."""

    role: str
    name: str
    params: Settings
    hook: Any
    domain: Domain = PLAIN

    def has(self, hook: str) -> bool:
        """Whether the plugin implements an optional hook."""
        return bool(getattr(self.hook, hook).get_hookimpls())

    def call(self, hook: str, **arguments: Any) -> Any:
        """Call a hook with settings and domain; a plugin's own exception becomes a clear one."""
        own = {"params": self.params.on_this_machine(), "domain": self.domain, "done": frozenset()}
        try:
            result = getattr(self.hook, hook)(**{**own, **arguments})
        except MeteorError:
            raise
        except Exception as error:
            raise self.error(f"{hook} raised {type(error).__name__}: {error}") from error
        if result is None:
            raise self.error(f"{hook} returned nothing")
        return result

    @property
    def file(self) -> Path:
        """The plugin's file under `plugins/`."""
        return PLUGINS / self.role / f"{self.name}.py"

    def rows(
        self,
        hook: str,
        asked: Sequence[In],
        kind: type[Out],
        watch: Watch = iter,
        memory: Memory | None = None,
        **arguments: Any,
    ) -> Iterator[tuple[In, Out | Failed]]:
        """Call a hook about rows and yield each row with its result, in the order of `asked`.
        `watch` sees the results pass as they arrive. What stands in `memory` is not asked again.

        Raises MeteorError where the plugin answers with another kind of thing, a foreign id, an
        id twice, or leaves one out.
        """
        wanted = {row.id for row in asked}
        if len(wanted) < len(asked):
            raise self.error(f"{hook} was asked about an id twice")
        waiting: dict[str, Out | Failed] = {}
        seen: set[str] = set()
        order = iter(asked)
        head = next(order, None)
        for result in watch(self._results(hook, kind, wanted, memory, arguments)):
            if result.id not in wanted:
                raise self.error(f"{hook} answered for {result.id!r}, which was not asked")
            if result.id in seen:
                raise self.error(f"{hook} answered twice for {result.id!r}")
            seen.add(result.id)
            waiting[result.id] = result
            while head is not None and head.id in waiting:
                yield head, waiting.pop(head.id)
                head = next(order, None)
        if head is not None:
            missing = [row.id for row in asked if row.id not in seen]
            raise self.error(f"{hook} gave no answer for {len(missing)} rows, first {missing[0]!r}")

    def _results(
        self,
        hook: str,
        kind: type[Any],
        wanted: Collection[str],
        memory: Memory | None,
        arguments: dict[str, Any],
    ) -> Iterator[Any]:
        """The results of an earlier try, then those of the rest, which are kept as they come."""
        done = memory.read(kind) if memory else {}
        yield from done.values()
        if len(done) == len(wanted) > 0:
            return
        for result in self.stream(hook, kind, **self._left(hook, arguments, done)):
            if result.id in done:
                continue
            if memory and result.id in wanted and not isinstance(result, Failed):
                memory.add(result)
            yield result

    def _left(
        self, hook: str, arguments: dict[str, Any], done: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The arguments less the rows that are done, or with `done` where the plugin takes that."""
        (implementation,) = getattr(self.hook, hook).get_hookimpls()
        if not done or "done" in implementation.argnames:
            return {**arguments, "done": frozenset(done)}
        rows = {name: rows for name, rows in arguments.items() if isinstance(rows, (list, tuple))}
        return {**arguments, **{n: [r for r in v if r.id not in done] for n, v in rows.items()}}

    def stream(self, hook: str, kind: type[Out], **arguments: Any) -> Iterator[Out | Failed]:
        """Call a hook and yield what it gives, checked for its kind alone."""
        place = "before its first row"
        results = self._begun(hook, arguments)
        while True:
            try:
                result = next(results)
            except StopIteration:
                return
            except MeteorError:
                raise
            except Exception as error:
                what = f"{hook} raised {type(error).__name__}: {error} ({place})"
                raise self.error(what) from error
            if not isinstance(result, (kind, Failed)):
                given = type(result).__name__
                raise self.error(f"{hook} gave a {given} where a {kind.__name__} is due ({place})")
            place = f"after the row {result.id!r}"
            yield result

    def _begun(self, hook: str, arguments: dict[str, Any]) -> Iterator[Any]:
        yield from self.call(hook, **arguments)

    def error(self, what: str) -> MeteorError:
        """An error that names this plugin."""
        return MeteorError(f"{self.role} plugin {self.name!r}: {what}")


def load_role(role: str, params: Params) -> Plugin:
    """Load the plugin that `params` chooses for `role` and validate its settings.

    Raises SettingsError for an unknown name, hooks that do not fit the role, or wrong settings.
    """
    section: Role = getattr(params, role)
    name = section.plugin
    plugin = load_plugin(role, name, find_plugin(role, name), section.chosen, params.domain)
    section.require_named(role, plugin.params.model_here())
    if why := plugin.params.absent_file():
        raise SettingsError(f"{PARAMS_FILE}: {role}.{name}.{why}")
    return plugin


def load_plugin(role: str, name: str, module: Any, raw: Any, domain: Domain = PLAIN) -> Plugin:
    """Hold a module against the hooks of `role` and validate its settings, as `load_role`."""
    hook = _register(role, name, module)
    own = parse_settings(settings_class(role, name, hook), raw, PARAMS_FILE, f"{role}.{name}")
    return Plugin(role, name, own, hook, domain)


def plugin_settings(role: str, name: str) -> type[Settings]:
    """The class of a plugin's settings, chosen or not. Raises SettingsError as `load_role`."""
    return settings_class(role, name, _register(role, name, find_plugin(role, name)))


def _register(role: str, name: str, module: Any) -> Any:
    """Hold the plugin's hooks against the specs; return its hook caller."""
    manager = pluggy.PluginManager("meteor")
    manager.add_hookspecs(hookspecs)
    try:
        manager.register(module, name=name)
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise SettingsError(f"{role} plugin {name!r}: {' '.join(str(error).split())}") from None
    for hook in hookspecs.ROLES[role]:
        if not getattr(manager.hook, hook).get_hookimpls():
            raise SettingsError(f"{role} plugin {name!r}: the hook {hook} is missing")
    either = hookspecs.EITHER.get(role, ())
    if either and not any(getattr(manager.hook, hook).get_hookimpls() for hook in either):
        missing = " or ".join(either)
        raise SettingsError(f"{role} plugin {name!r}: the hook {missing} is missing")
    return manager.hook


def check_roles(params: Params) -> None:
    """Load every chosen plugin, so that a wrong setting of any role is found before any work."""
    for role in hookspecs.ROLES:
        known = plugin_names(role)
        section: Role = getattr(params, role)
        for name in section.model_extra or {}:
            if name not in known and name != section.plugin:
                near = difflib.get_close_matches(name, known, n=1)
                raise SettingsError(
                    f"{PARAMS_FILE}: {role}.{name}: there is no plugin {name!r}"
                    + (f" (did you mean {near[0]!r}?)" if near else "")
                )
        loaded = load_role(role, params)
        if role == "verifier":
            _read_under(params.verifier.path, loaded)
        if role == "student":
            _can_write(params, loaded)


def _read_under(path: Path, verifier: Plugin) -> None:
    """Raise SettingsError where the settings name a file that nobody would see change."""
    for key, file in files_in(verifier.params, f"verifier.{verifier.name}"):
        if not file.resolve().is_relative_to(path.resolve()):
            raise SettingsError(
                f"{PARAMS_FILE}: {key}: {file} does not lie under verifier.path ({path}), so that "
                "no change of it would be seen; name the folder of all files that it reads there"
            )


def _can_write(params: Params, student: Plugin) -> None:
    """Raise SettingsError where the student would be asked to write as it cannot."""
    for key, decoding in params.decodings():
        if why := student.params.refusal(decoding):
            raise SettingsError(f"{PARAMS_FILE}: {key}: student plugin {student.name!r}: {why}")


def plugin_names(role: str) -> list[str]:
    """The names that `params.yaml` may choose for a role: the files under `plugins/<role>/`."""
    files = (PLUGINS / role).glob("*.py")
    return sorted(file.stem for file in files if not file.name.startswith("_"))


def find_plugin(role: str, name: str) -> Any:
    """Import the plugin's module (a pin's own) from the root, which is where the command runs."""
    known = plugin_names(role)
    if name not in known:
        where = "observers" if role == "observer" else f"{role}.plugin"
        offered = [plugin for plugin in installed() if (plugin.role, plugin.name) == (role, name)]
        raise SettingsError(
            f"{PARAMS_FILE}: {where}: there is no plugin {name!r} "
            f"(there are: {', '.join(known) or 'none'})"
            + "".join(
                f"; {plugin.distribution} has one: `meteor plugins pin {role} "
                f"{plugin.distribution}`"
                for plugin in offered
            )
        )
    root = str(Path.cwd())
    if root not in sys.path:
        sys.path.insert(0, root)
    try:
        module = importlib.import_module(f"plugins.{role}.{name}")
        pin = getattr(module, "PIN", None)
        return load_pinned(pin, role, name) if isinstance(pin, Pin) else module
    except MeteorError:
        raise
    except Exception as error:
        raise SettingsError(
            f"{role} plugin {name!r}: plugins/{role}/{name}.py cannot be imported: "
            f"{type(error).__name__}: {error}"
        ) from error
