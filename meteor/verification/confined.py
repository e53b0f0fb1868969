"""Run a room of modules with nothing in reach: a script with the standard library alone.

    python -I -S confined.py '{"module": …, "isolation": "namespaces", "seconds": 5, …}'

With `namespaces` (Linux) the module sees no network, no other process, and of the files only those
of Python and of the system's libraries, which it cannot write; its folder is an empty one in
memory, of bounded size. With `limits` it is bounded in time, memory, processes and file size alone.
Either way its environment is empty, it cannot start another process, and on Linux some calls of the
kernel are refused. Open files (0, 1 and those
that the caller passes) stay open: they are how the module speaks.
"""

import ctypes
import json
import os
import resource
import signal
import struct
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path
from typing import Any

NOBODY = 65534
NEW = {"user": 0x10000000, "mount": 0x20000, "pid": 0x20000000, "net": 0x40000000}
NEW |= {"ipc": 0x8000000, "uts": 0x4000000}
READ_ONLY, NO_SUID, NO_DEV, REMOUNT, BIND, REC, PRIVATE = 1, 2, 4, 32, 4096, 16384, 1 << 18
DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41, "ppc64le": 203, "s390x": 217}
DEATH_SIGNAL, SECCOMP, SUBREAPER, NO_NEW_PRIVILEGES = 1, 22, 36, 38
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, NOT_PERMITTED = 0x7FFF0000, 0x00050001
OTHER_ABI = 0x40000000
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
ROOT = "/proc"  # a folder that is there, and from which nothing is shown
CODE = "/code"
ROOM = "meteor/verification/inside"
GENERIC = (194, 190, 186, 117, 180, 217, 218, 219, 241, 270, 271, 279, 280, 282, 425)
REFUSED = {
    "x86_64": (
        *(0xC000003E, 29, 64, 68, 101, 240, 248, 249, 250),
        *(298, 310, 311, 319, 321, 323, 425),
    ),
    "aarch64": (0xC00000B7, *GENERIC),
    "riscv64": (0xC00000F3, *GENERIC),
}
"""By machine: how the kernel calls it, and the calls that are refused: shmget, semget, msgget,
ptrace, mq_open, add_key, request_key, keyctl, perf_event_open, process_vm_readv and _writev,
memfd_create, bpf, userfaultfd and io_uring_setup. No limit counts their memory, or they reach the
keys of whoever started this, or they have served attacks on the kernel.
"""
START = "import sys; sys.path.insert(0, {!r}); from {} import main; main()"

LONGEST_START = 60
PYTHON = os.path.realpath(sys.executable)

libc = ctypes.CDLL(None, use_errno=True)


def main() -> None:
    """Confine this process or a child of it, and become the module."""
    job = json.loads(sys.argv[1])
    for number, copy in enumerate([os.dup(passed) for passed in job["passed"]], start=3):
        os.dup2(copy, number)
        os.set_inheritable(number, True)  # which dup2 leaves where both are one
    if job["isolation"] == "limits":
        os.chdir(job["folder"])
        _become(str(Path(__file__).parents[2]), job, os.getuid() == 0)
    _prctl(SUBREAPER, 1)
    _prctl(DEATH_SIGNAL, signal.SIGTERM)
    ask_end, ask = os.pipe()
    told, tell = os.pipe()
    inner = os.fork()
    if inner == 0:
        _enter(job, ask, told)
    for number in (signal.SIGTERM, signal.SIGALRM):
        signal.signal(number, lambda *_: os.kill(inner, signal.SIGKILL))
    signal.alarm(job["seconds"] + LONGEST_START)
    os.close(ask)
    if os.read(ask_end, 1) == b"1":
        _map(inner)
        os.write(tell, b"1")
    os.close(tell)
    _end_with(inner)


def _end_with(child: int) -> None:
    """End as the child does, and leave nobody behind."""
    _, status = os.waitpid(child, 0)
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _enter(job: dict[str, Any], ask: int, told: int) -> None:
    """Enter namespaces of its own, then be the parent of the module, which is process 1 there."""
    _prctl(DEATH_SIGNAL, signal.SIGKILL)
    flags = 0
    for flag in NEW.values():
        flags |= flag
    _checked(libc.unshare(flags), "unshare")
    os.write(ask, b"1")
    if os.read(told, 1) != b"1":
        sys.exit("no map of users")
    root = os.getuid() == 0
    Path("/proc/sys/user/max_user_namespaces").write_text("0")
    inner = os.fork()
    if inner == 0:
        _prctl(DEATH_SIGNAL, signal.SIGKILL)
        _furnish(job)
        _become(CODE, job, root)
    _end_with(inner)


def _map(inner: int) -> None:
    """Say who the users in the child's namespace are: nobody, and root where this is root."""
    user, group = os.getuid(), os.getgid()
    folder = Path(f"/proc/{inner}")
    if user == 0:
        both = f"0 0 1\n{NOBODY} {NOBODY} 1\n"
        (folder / "uid_map").write_text(both)
        (folder / "gid_map").write_text(both)
    else:
        (folder / "setgroups").write_text("deny")
        (folder / "uid_map").write_text(f"{NOBODY} {user} 1\n")
        (folder / "gid_map").write_text(f"{NOBODY} {group} 1\n")


def _furnish(job: dict[str, Any]) -> None:
    """A root folder in memory with Python and the libraries in it, read-only, and nothing else."""
    _mount(None, "/", None, REC | PRIVATE)
    _mount("tmpfs", ROOT, "tmpfs", NO_SUID | NO_DEV, "size=1m,mode=755")
    for path in map(Path, (*LIBRARIES, *_python())):
        place = Path(f"{ROOT}{path}")
        if path.is_symlink():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path.readlink())
        elif path.exists() and not place.exists():
            _show(path, place)
    _show(Path(__file__).with_name("inside"), Path(f"{ROOT}{CODE}/{ROOM}"))
    for device in ("/dev/null", "/dev/urandom", "/dev/zero"):
        _show(Path(device), Path(ROOT + device), NO_SUID)
    Path(f"{ROOT}/home").mkdir()
    size = f"size={job['disk']},nr_inodes=1000,mode=777"
    _mount("tmpfs", f"{ROOT}/home", "tmpfs", NO_SUID | NO_DEV, size)
    _mount(None, ROOT, None, BIND | REMOUNT | NO_SUID | NO_DEV | READ_ONLY)
    os.chdir(ROOT)
    _checked(libc.syscall(PIVOT_ROOT[os.uname().machine], b".", b"."), "pivot_root")
    _checked(libc.umount2(b".", DETACH), "umount")
    os.chdir("/home")


def _python() -> list[str]:
    """The interpreter, its library and its standard modules; no installed packages."""
    found = [PYTHON]
    found += [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    libraries = Path(os.path.realpath(sys.base_prefix), "lib").glob("libpython*.so*")
    return [*map(os.path.realpath, found), *map(str, libraries)]


def _show(source: Path, target: Path, flags: int = NO_SUID | NO_DEV | READ_ONLY) -> None:
    """Put a file or folder of the system at `target`, read-only."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.mkdir() if source.is_dir() else target.touch()
    _mount(str(source), str(target), None, BIND | REC)
    _mount(None, str(target), None, BIND | REMOUNT | flags)


def _become(code: str, job: dict[str, Any], root: bool) -> None:
    """Give up all rights, set the limits and become the module."""
    if root:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
    if hasattr(libc, "prctl"):
        _prctl(NO_NEW_PRIVILEGES, 1)
        _prctl(DEATH_SIGNAL, signal.SIGKILL)  # which a change of the user has taken away
        _refuse_calls()
    seconds = job["seconds"]
    for limit, value in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, job["memory"]),
        (resource.RLIMIT_FSIZE, job["disk"]),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, 0),
    ):
        resource.setrlimit(limit, (value, value))
    start = START.format(code, job["module"])
    flags = ["-P", "-s", "-S", "-B"]  # as -I, which would not let the hashes be the same each time
    os.execve(PYTHON, [PYTHON, *flags, "-c", start], {"PYTHONHASHSEED": "0"})


def _refuse_calls() -> None:
    """Have the kernel refuse some calls, from now on, here and in what follows."""
    machine, *numbers = REFUSED.get(os.uname().machine, (0,))
    if not numbers:
        return
    last = len(numbers) + 1
    steps = [(LOAD, 0, 0, 4), (EQUAL, 0, last + 2, machine), (LOAD, 0, 0, 0)]
    steps.append((AT_LEAST, last, 0, OTHER_ABI))
    steps += [(EQUAL, last - at, 0, number) for at, number in enumerate(numbers, start=1)]
    steps += [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, NOT_PERMITTED)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    program = struct.pack("HP", len(steps), ctypes.addressof(code))
    _checked(libc.prctl(SECCOMP, ctypes.c_ulong(2), program, 0, 0), "seccomp")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str = "") -> None:
    words = [word.encode() if word else None for word in (source, target, kind)]
    _checked(libc.mount(*words, ctypes.c_ulong(flags), data.encode() or None), f"mount {target}")


def _prctl(option: int, value: int) -> None:
    _checked(libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0), "prctl")


def _checked(status: int, what: str) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


if __name__ == "__main__":
    main()
