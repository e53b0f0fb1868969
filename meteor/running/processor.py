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
KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**30), "MALLOC_TRIM_THRESHOLD_": str(2**34)}
"""Bytes from which on glibc gives memory back at once, in the environment of a process to come.
Left alone it asks for the same pages a moment later: a tenth of a training's time on a processor.
"""
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
"""Options of glibc's `mallopt`, whose values are an int."""


def wait_patiently() -> None:
    """Have threads wait so, unless whoever started this process said how. Call it before torch."""
    if not PATIENT.keys() & os.environ.keys():
        os.environ.update(PATIENT)


def keep_memory() -> None:
    """Have this process keep what is free for the next tensor, up to 2 GiB, where there is glibc: a
    seventh of the time of writing on a processor.
    """
    if allocator := getattr(ctypes.CDLL(None), "mallopt", None):
        allocator(M_MMAP_MAX, 0)
        allocator(M_TRIM_THRESHOLD, 2**31 - 1)


def give_memory_back() -> None:
    """Let the system have what is free: another process is about to need it."""
    if trim := getattr(ctypes.CDLL(None), "malloc_trim", None):
        trim(0)
