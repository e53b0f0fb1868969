"""How the threads of one process wait for each other, beside other processes."""

import os

PATIENT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
"""OpenMP's threads spin for milliseconds by themselves, and collapse beside any other busy process.
Those that never spin take a sixth longer where nothing else runs. GNU's, which torch for Linux
brings, spin for some microseconds here: most of either is gained, measured on two cores.
"""


def wait_patiently() -> None:
    """Have threads wait so, unless whoever started this process said how. Call it before torch."""
    if not PATIENT.keys() & os.environ.keys():
        os.environ.update(PATIENT)
