"""`meteor check`: validate all of params.yaml, for DVC too, load every chosen plugin, try every
template.
"""

import argparse

from meteor.compute.spreading import check_engine
from meteor.core.errors import SettingsError
from meteor.core.hookspecs import ROLES
from meteor.core.params import Params, load_params
from meteor.core.roles import check_roles
from meteor.planning.foretold import check_questions
from meteor.planning.keys import check_keys
from meteor.planning.packages import check_adapters, missing_packages
from meteor.prompts.kinds import check_prompts
from meteor.running.observers import check_observers


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line of `meteor check`: it has no arguments."""


def _check_source(params: Params) -> None:
    """The raw data is there, or DVC has it. Raises SettingsError."""
    path = params.source.path
    if not path.exists() and not path.with_name(path.name + ".dvc").exists():
        raise SettingsError(f"params.yaml: source.path: there is no {str(path)!r}")


def run(arguments: argparse.Namespace) -> None:
    """Run the command."""
    check_keys()
    params = load_params()
    check_roles(params)
    check_observers(params)
    check_engine(params.compute)
    _check_source(params)
    check_questions(params)
    check_adapters(params)
    for missing in missing_packages(params):
        raise SettingsError(missing)
    tried = check_prompts(params.domain)
    print("params.yaml is valid; the chosen plugins:")
    for role in ROLES:
        print(f"  {role:10} {getattr(params, role).plugin}")
    print(f"  {'observers':10} {', '.join(params.observers) or 'none'}")
    print(f"  {'prompts':10} {params.domain.prompts}: {', '.join(tried)}")
    print(f"  {'compute':10} {params.compute.engine}")
    for name in params.evaluate:
        print(f"  checkpoint {' > '.join(params.lineage(name))}")
