"""Which stages ask, and what: the plan of every stage that may ask an endpoint."""

from collections.abc import Callable, Iterator
from pathlib import Path

from meteor.core.params import Params
from meteor.pipeline import PIPELINE, resolved_stages
from meteor.planning import evaluation, phases
from meteor.planning.plan import Paths, Plan

PLANS: dict[str, Callable[[str, Paths, Params], Iterator[Plan]]] = {
    name: make
    for module in (phases, evaluation)
    for name, make in vars(module).items()
    if getattr(make, "__module__", "") == module.__name__ and not name.startswith("_")
}
"""By stage: the functions of both modules have its name. The house test holds that no stage that
asks is missing.
"""


def plans(params: Params, file: Path = PIPELINE) -> Iterator[Plan]:
    """The plans of all stages that ask an endpoint, in the order of dvc.yaml."""
    for stage, paths in resolved_stages(file).items():
        make = PLANS.get(stage.split("@")[0])
        for plan in make(stage, paths, params) if make else ():
            if plan.settings and plan.requests:
                yield plan
