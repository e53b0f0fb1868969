"""Code that forges a verdict, looks for the gold answer or harms the machine: it is not right, in
time, and the machine is as it was.
"""

import ctypes
import json
import os
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.verification.asking import fenced, verdict, verdicts

SUBREAPER = 36
TESTS = "assert answer(2) == 'canary-4711'\nassert answer(3) == 'canary-4712'"
WRONG = "\ndef answer(n):\n    return 'wrong'\n"

FORGED = {
    "prints a verdict": 'print(\'{"tests": 2, "failed": 0, "first": "", "outcomes": []}\')',
    "writes it to every open file": """
import os
for number in range(64):
    try:
        os.write(number, b'{"tests": 2, "failed": 0, "first": "", "outcomes": []}\\n')
    except OSError:
        pass
""",
    "exits early": "import sys\nsys.exit(0)",
    "ends early": "import os\nos._exit(0)",
    "exits when asked": "import os\ndef answer(n):\n    os._exit(0)",
    "raises SystemExit when asked": "def answer(n):\n    raise SystemExit(0)",
    "raises StopIteration": "def answer(n):\n    raise StopIteration",
    "is equal to everything": """
class Equal(str):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __hash__ = str.__hash__
def answer(n):
    return Equal('x')
""",
    "is an object equal to everything": """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __bool__(self): return True
def answer(n):
    return Equal()
""",
    "replaces what is built in": """
import builtins, operator
builtins.str = builtins.AssertionError = builtins.len = builtins.repr = lambda *a: True
operator.eq = lambda a, b: True
""",
    "replaces its own side of the wire": """
import sys
for name, module in list(sys.modules.items()):
    if name.startswith('meteor'):
        for thing in list(vars(module)):
            if callable(vars(module)[thing]):
                setattr(module, thing, lambda *a, **k: ["", True])
""",
    "looks through frames and the heap": """
import gc, sys
def answer(n):
    found = []
    frame = sys._getframe()
    while frame:
        found.append(repr(frame.f_globals) + repr(frame.f_locals))
        frame = frame.f_back
    found += [repr(o) for o in gc.get_objects() if isinstance(o, (str, dict, list))]
    text = ' '.join(found)
    where = text.find('canary' + '-')
    return text[where:where + 11] if where >= 0 else 'nothing'
""",
    "looks through files": """
import os
def answer(n):
    for folder in ('/', '/proc', '/work', '/root', '/tmp', '/home'):
        for where, folders, files in os.walk(folder):
            if where.startswith(('/usr', '/lib')) or '/lib/python' in where or '/dev' in where:
                continue
            for name in files:
                try:
                    text = open(os.path.join(where, name), errors='replace').read(100000)
                except OSError:
                    continue
                at = text.find('canary' + '-4711')
                if at >= 0:
                    return text[at:at + 11]
    return 'nothing'
""",
    "looks into the environment": """
import os
def answer(n):
    return os.environ.get('METEOR_CANARY', 'nothing') + repr(dict(os.environ))
""",
    "looks into other processes": """
import os
def answer(n):
    for name in os.listdir('/proc'):
        if name.isdigit():
            for part in ('cmdline', 'environ'):
                text = open(f'/proc/{name}/{part}').read()
                if 'canary-' in text:
                    return text[text.find('canary-'):][:11]
    return 'nothing'
""",
    "does nothing": "pass",
}
GREEDY = {
    "loops": "while True: pass",
    "loops when asked": "def answer(n):\n    while True: pass",
    "sleeps": "import time\ntime.sleep(1000)",
    "forks": "import os\nwhile True:\n    os.fork()",
    "forks and hides": """
import os
for n in range(20):
    try:
        if os.fork() == 0:
            os.setsid()
            while True: pass
    except OSError:
        pass
while True: pass
""",
    "starts threads": """
import threading
while True:
    threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()
""",
    "fills memory": "x = []\nwhile True: x.append(bytearray(10 ** 7))",
    "fills memory at once": "x = 'a' * 10 ** 10",
    "fills the disk": """
n = 0
while True:
    n += 1
    open(f'f{n}', 'wb').write(b'x' * 10 ** 6)
""",
    "writes without end": "import sys\nwhile True: sys.stdout.write('x' * 10 ** 6)",
    "answers without end": "def answer(n):\n    return 'x' * 10 ** 7",
    "answers too deep": "def answer(n):\n    for _ in range(10 ** 5): n = [n]\n    return n",
    "answers in a circle": "def answer(n):\n    x = []\n    x.append(x)\n    return x",
    "recurses": "def answer(n):\n    return answer(n)",
    "crashes": "import ctypes\nctypes.string_at(0)",
    "ignores signals": """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
while True: pass
""",
    "kills": "import os\nos.kill(-1, 9)\nos.kill(os.getppid(), 9)",
}  # fmt: skip


@pytest.mark.parametrize("how", FORGED)
def test_a_verdict_cannot_be_forged(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METEOR_CANARY", "canary-4711")
    said = verdict("python", fenced(WRONG + FORGED[how]), TESTS)
    assert said.passed is False and said.feedback
    assert "canary" not in said.feedback + str(said.result)


@pytest.fixture
def orphans() -> Iterator[set[psutil.Process]]:
    """What is left behind becomes a child of this process, whatever it did to hide, and there must
    be nothing; gives the children of before.
    """
    libc = ctypes.CDLL(None)
    libc.prctl(SUBREAPER, 1, 0, 0, 0)
    before = set(psutil.Process().children(recursive=True))
    yield before
    left = set(psutil.Process().children(recursive=True)) - before
    libc.prctl(SUBREAPER, 0, 0, 0, 0)
    assert not left


@pytest.mark.parametrize("how", GREEDY)
def test_what_is_greedy_is_ended(how: str, orphans: None) -> None:
    started = time.monotonic()
    rows = [(WRONG + GREEDY[how], TESTS), ("def answer(n): return f'canary-{4709 + n}'", TESTS)]
    greedy, modest = verdicts("python", rows, seconds=1, memory=128, disk=4)
    assert greedy.passed is False and len(greedy.feedback) < 600  # type: ignore[union-attr]
    assert modest.passed is True  # type: ignore[union-attr]
    assert time.monotonic() - started < 60


def test_no_file_of_the_machine_can_be_written_or_found(tmp_path: Path) -> None:
    secret = tmp_path / "gold.json"
    secret.write_text("canary-4711")
    tmp_path.chmod(0o777)
    secret.chmod(0o666)
    code = f"""
import os, sys
def answer(n):
    tried = []
    for path in ({str(secret)!r}, os.__file__, '/etc/passwd', sys.executable):
        for mode in 'ra':
            try:
                open(path, mode).close()
                tried.append(path + mode)
            except OSError:
                pass
    return tried, os.listdir('/home'), os.getcwd(), os.getuid()
"""
    said = verdict("python", code, "assert answer(1)[0] == 'nothing'")
    assert str(secret) not in str(said.result) and "passwd" not in str(said.result)
    opened, folder, here, user = eval(json.loads(str(said.result))[0].removeprefix("gives "))
    assert all(path.endswith("r") for path in opened)
    assert (folder, here, user) == ([], "/home", 65534)


def test_no_connection_can_be_made() -> None:
    """Not to the network, and not to a server on this machine."""
    heard: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(3)
        port = server.getsockname()[1]

        def listen() -> None:
            with suppress(TimeoutError):
                heard.append(server.accept())

        listener = threading.Thread(target=listen)
        listener.start()
        code = f"""
import socket
def answer(n):
    try:
        socket.create_connection(('127.0.0.1', {port}), 1)
    except OSError as error:
        return type(error).__name__
    return 'connected'
"""
        said = verdict("python", code, "assert answer(1) == 'connected'")
        listener.join()
    assert said.passed is False and not heard


def test_the_tests_stand_in_no_argument_list_and_no_environment() -> None:
    seen: set[str] = set()
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.005):
            for process in psutil.Process().children(recursive=True):
                try:
                    seen.add(" ".join([*process.cmdline(), *process.environ().values()]))
                except psutil.Error:
                    continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    verdict("python", "import time\ndef answer(n):\n    time.sleep(0.5)", TESTS)
    ended.set()
    watcher.join()
    assert any("meteor.verification.inside.tests" in line for line in seen)
    assert not any("canary" in line for line in seen)


def test_two_blocks_of_which_one_is_right() -> None:
    right = "def answer(n): return f'canary-{4709 + n}'"
    both = fenced(WRONG) + fenced(right)
    said = verdict("python", both, TESTS)
    assert (said.passed, said.feedback) == (False, "The answer has 2 fenced blocks; give one.")
    assert verdict("python", fenced(right), TESTS).passed is True


def test_nothing_runs_on_where_the_stage_is_killed(orphans: set[psutil.Process]) -> None:
    script = """
from tests.conftest import ROOT
from tests.verification.asking import verdict
verdict("python", "import time\\nwhile True: time.sleep(1)", "assert f() == 1", seconds=600)
"""
    stage = psutil.Popen([sys.executable, "-c", script], cwd=ROOT)
    until = time.monotonic() + 60
    while time.monotonic() < until and len(stage.children(recursive=True)) < 6:
        time.sleep(0.05)
    assert len(stage.children(recursive=True)) == 6
    stage.kill()
    stage.wait()
    while {*psutil.Process().children()} - orphans and time.monotonic() < until:
        with suppress(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)
        time.sleep(0.05)
