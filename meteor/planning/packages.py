"""What the chosen plugins need and is not installed."""

from collections.abc import Iterator
from importlib.util import find_spec

from meteor.core import hookspecs
from meteor.core.params import Params
from meteor.core.roles import load_role


def missing_packages(params: Params) -> Iterator[str]:
    """What chosen plugins need and is not installed, with what to do, a sentence each."""
    for role in hookspecs.ROLES:
        plugin = load_role(role, params)
        needed = plugin.params.needs
        if needed and find_spec(needed) is None:
            yield (
                f"{role} plugin {plugin.name!r} needs the package {needed!r}, which is not "
                f"installed: `pip install 'meteor-pipeline[{needed}]'`"
            )
