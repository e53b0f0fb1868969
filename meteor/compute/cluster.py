"""A Ray cluster: joining it, and whether it has room for the workers that are asked for."""

import logging
import os
import signal
import socket
from pathlib import Path
from typing import Any

from meteor.core.errors import MeteorError, SettingsError
from meteor.core.params import PARAMS_FILE
from meteor.core.settings import Compute

CARRIED = (
    *("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "ONEDNN_MAX_CPU_ISA", "HF_HUB_OFFLINE"),
    *("HF_HUB_DISABLE_TELEMETRY", "TRANSFORMERS_VERBOSITY", "TOKENIZERS_PARALLELISM"),
)
"""Variables of this process's environment that a worker's has, too."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_prestart_worker_first_driver": "0",  # a process a processor, none of which would be used
}
"""Variables of Ray: it tells nobody that it is used, and starts nothing unasked."""

SAME = "; Ray's version and the token (~/.ray/auth_token) have to be those of the head"
FEW_TRIES = ("RAY_gcs_server_port_wait_time_s", "3")
"""Tries, of half a minute each, to join a cluster that is named: Ray would make twenty where what
listens there is no head, as its dashboard, or the port for its clients.
"""
LONGEST_KNOCK = 20.0
"""Seconds that a head may take to answer."""


def connect(compute: Compute) -> None:
    """Join the cluster, once in a process, or start one on this machine where none is named.

    Raises MeteorError where it cannot be reached, SettingsError as `check_address`.
    """
    import ray

    if ray.is_initialized():
        return
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    key, address = named(compute)
    check_address(compute)
    if compute.address:
        os.environ.pop("RAY_ADDRESS", None)  # which would go before
    if ":" in address:
        _knock(key, address)
        os.environ.setdefault(*FEW_TRIES)
    handler = signal.getsignal(signal.SIGTERM)
    try:
        ray.init(
            address=compute.address,
            runtime_env=_code() if compute.checkpoint == "object_store" else None,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.WARNING,
        )
    except Exception as error:  # Ray raises plain ones, as where a node does not start in time
        why = " ".join(str(error).split())
        told = f"{key}: no Ray cluster to be had at {address or 'this machine'}: {why}"
        raise MeteorError(told + (SAME if address else "")) from None
    signal.signal(signal.SIGTERM, handler)  # Ray's own would end a stage as if it had gone wrong


def named(compute: Compute) -> tuple[str, str]:
    """Where a cluster is named, and its address; empty where none is."""
    if compute.address is None and os.environ.get("RAY_ADDRESS"):
        return "RAY_ADDRESS", os.environ["RAY_ADDRESS"]
    return f"{PARAMS_FILE}: compute.address", compute.address or ""


def check_address(compute: Compute) -> None:
    """Raise SettingsError for an address that is none of a cluster's head."""
    key, address = named(compute)
    if (compute.address is None and not address) or address in ("auto", "local"):
        return
    host, _, port = address.rpartition(":")
    if not host or "/" in address or not port.isdigit() or not 0 < int(port) < 2**16:
        raise SettingsError(
            f"{key}: {address!r}: the head's address is due, as 10.0.0.5:6379, or "
            f"{'null' if compute.address is not None else 'nothing'} for the cluster that this "
            "machine is a node of"
        )


def _knock(key: str, address: str) -> None:
    """Raise MeteorError where nobody is there: Ray would try for some minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=LONGEST_KNOCK).close()
    except OSError as error:
        raise MeteorError(
            f"{key}: nothing answers at {address} ({error.strerror or error}); is the head up "
            "(`ray start --head --port 6379`), and does a firewall let this machine through?"
        ) from None


def _code() -> dict[str, list[str]]:
    """The project's code, for nodes that have none of its folders."""
    import meteor

    return {"py_modules": [str(Path(str(meteor.__file__)).parent), str(Path("plugins").resolve())]}


def workers_wanted(compute: Compute) -> int:
    """How many workers there will be. Raises SettingsError where the nodes that are up have no
    room for as many as are asked for, or for one.
    """
    import ray

    connect(compute)
    nodes = [node for node in ray.nodes() if node["Alive"]]
    gpus = gpus_each(compute)
    room = sum(places(node["Resources"], compute.cpus, gpus) for node in nodes)
    if room < (compute.workers or 1):
        shown = "".join(
            f"\n  {node['NodeManagerHostname']}: {node['Resources'].get('CPU', 0):g} CPUs, "
            f"{node['Resources'].get('GPU', 0):g} GPUs"
            for node in nodes
        )
        raise SettingsError(
            f"{PARAMS_FILE}: compute: workers: {compute.workers or 1}, cpus: {compute.cpus}, "
            f"gpus: {gpus:g} (of each): the Ray cluster has room for {room} of them; ask for less, "
            f"or add nodes to these:{shown}"
        )
    return compute.workers or room


def gpus_each(compute: Compute) -> float:
    """GPUs of each worker: as asked for, or one where the cluster has any."""
    import ray

    if compute.gpus is not None:
        return compute.gpus
    return float(ray.cluster_resources().get("GPU", 0) > 0)


def places(resources: dict[str, float], cpus: int, gpus: float) -> int:
    """How many workers one node holds. Parts of two GPUs are not one GPU."""
    places = int(resources.get("CPU", 0) // cpus)
    if gpus:
        here = resources.get("GPU", 0)
        places = min(places, int(here // gpus if gpus >= 1 else here * int(1 / gpus + 1e-9)))
    return places


def demand(compute: Compute) -> dict[str, Any]:
    """What Ray is told about each worker. It has a thread a processor, however many workers there
    are: on CPUs a text in bf16 may depend on the number of threads.
    """
    carried = {name: os.environ[name] for name in CARRIED if name in os.environ}
    threads = {"OMP_NUM_THREADS": str(compute.cpus)}
    return {
        "num_cpus": compute.cpus,
        "num_gpus": gpus_each(compute),
        "runtime_env": {"env_vars": {**carried, **threads}},
    }
