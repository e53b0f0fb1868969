"""What a processor loses time with beside the model: threads that wait, and memory that is asked
for anew. It shapes no result.
"""

import ctypes
import os

PATIENT = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "1000"}
"""OpenMP's threads spin for milliseconds by themselves, and collapse beside any other busy process.
Those that never spin take a sixth longer where nothing else runs. GNU's, which torch for Linux
brings, spin for some microseconds here: most of either is gained, measured on two cores.
"""
KEPT_MEMORY = {-4: 0, -1: 2**31 - 1}
"""glibc's M_MMAP_MAX and M_TRIM_THRESHOLD: left alone it gives the memory of large tensors back at
once, and asks the system for the same pages a moment later: a seventh of the time of writing.
"""


def wait_patiently() -> None:
    """Have threads wait so, unless whoever started this process said how. Call it before torch."""
    if not PATIENT.keys() & os.environ.keys():
        os.environ.update(PATIENT)


def keep_memory() -> None:
    """Keep what is free for the next tensor, up to 2 GiB, where there is glibc."""
    if allocator := getattr(ctypes.CDLL(None), "mallopt", None):
        for option, value in KEPT_MEMORY.items():
            allocator(option, value)


def give_memory_back() -> None:
    """Let the system have what is free: another process is about to need it."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
