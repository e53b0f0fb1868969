"""One Ray cluster of this process, until it ends: what it holds of workers is of no other one."""

import os
from collections.abc import Iterator

import pytest

from meteor.compute.cluster import QUIET


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a cluster with six processors, no matter how many this machine has: four for
    the workers of this process, which stay, and two for those of a stage.
    """
    ray = pytest.importorskip("ray", reason="ray is not installed: requirements/test.lock has it")
    # On a starved machine processes take longer to start than the half minute that Ray gives them.
    patient = {"worker_register_timeout_seconds": "600", "agent_register_timeout_ms": "600000"}
    os.environ.update(QUIET, **{f"RAY_{name}": value for name, value in patient.items()})
    for left in (1, 0):
        try:
            # Another cluster that this machine may have is left alone.
            size = {"num_cpus": 6, "num_gpus": 0}
            ray.init("local", **size, include_dashboard=False, log_to_driver=False)
            break
        except Exception:
            ray.shutdown()
            if not left:
                raise
    yield ray.get_runtime_context().gcs_address
    ray.shutdown()
