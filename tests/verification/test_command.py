"""A program of the user's: JSON Lines in and out, and what goes wrong with it."""

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from meteor.core.errors import SettingsError
from meteor.core.records import Failed
from meteor.core.verdicts import Verdict
from tests.verification.asking import verdicts

HEAD = "import json, sys, time\nrows = (json.loads(line) for line in sys.stdin)\n"
EQUAL = """
for row in rows:
    passed = row["answer"] == row["check"]
    print(json.dumps({"id": row["id"], "passed": passed, "feedback": "No, it is " + row["check"],
                      "result": row["answer"].upper()}), flush=True)
"""
ROWS = [("canary", "canary"), ("x", "canary"), ("y", "other")]


def ask(tmp_path: Path, script: str, rows: Any = ROWS, **settings: Any) -> list[Verdict | Failed]:
    file = tmp_path / "program.py"
    file.write_text(HEAD + script)
    return verdicts("command", rows, program=[sys.executable, str(file)], **settings)


def test_a_program_decides_and_its_feedback_gives_nothing_away(tmp_path: Path) -> None:
    said = ask(tmp_path, EQUAL)
    assert [(s.passed, s.result, s.feedback) for s in said if isinstance(s, Verdict)] == [
        (True, "CANARY", ""),
        (False, "X", ""),
        (False, "Y", ""),
    ]


def test_results_may_come_in_any_order_and_many(tmp_path: Path) -> None:
    rows = [(f"{number} " + "x" * 500, "x") for number in range(2000)]
    script = EQUAL.replace("for row in rows:", "for row in reversed(list(rows)):")
    said = ask(tmp_path, script, rows)
    assert [s.result.split()[0] for s in said] == [str(n) for n in range(2000)]  # type: ignore[union-attr]


def test_the_question_goes_along_without_its_answer(tmp_path: Path) -> None:
    script = """
for row in rows:
    print(json.dumps({"id": row["id"], "passed": True, "result": repr(sorted(row["question"])),
                      "feedback": " ".join(sys.argv)}))
"""
    (said,) = ask(tmp_path, script, [("x", "canary")])
    assert isinstance(said, Verdict)
    assert "title" in str(said.result) and "check" not in str(said.result)
    assert "canary" not in said.feedback


@pytest.mark.parametrize(
    ("script", "error"),
    [
        ("for row in rows: pass", "gave no verdict"),
        ("print('no JSON')", "is not JSON"),
        ('print(\'{"id": "q9", "passed": true}\')', "spoke of 'q9'"),
        ("print('[]')", "spoke of None"),
        ('print(\'{"id": "q0"}\')', "the program's verdict"),
        ("sys.exit('the licence is missing')", "status 1: the licence is missing"),
        ("time.sleep(100)", "wrote nothing for 0.5 s"),
        ("print('x' * 10 ** 7)", "is not JSON"),
    ],
)
def test_what_has_no_verdict_has_failed(script: str, error: str, tmp_path: Path) -> None:
    said = ask(tmp_path, script, ROWS[:1], seconds=0.5)
    assert isinstance(said[0], Failed) and error in said[0].error


def test_a_program_that_ends_in_the_middle_keeps_what_it_said(tmp_path: Path) -> None:
    said = ask(tmp_path, EQUAL + "    if row['id'] == 'q1': sys.exit(3)\n")
    assert [type(one) for one in said] == [Verdict, Verdict, Failed]


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be started"):
        verdicts("command", ROWS, program=[str(tmp_path / "nothing")])


def test_no_shell_reads_the_words(tmp_path: Path) -> None:
    program = [sys.executable, "-c", HEAD + EQUAL, f"; touch {tmp_path / 'made'}"]
    verdicts("command", ROWS, program=program)
    assert not (tmp_path / "made").exists()


def test_blank_lines_and_noise_on_standard_error_are_no_verdicts(tmp_path: Path) -> None:
    script = EQUAL.replace(
        "for row in rows:", "sys.stderr.write('x' * 10 ** 6)\nfor row in rows:\n    print()"
    )
    assert [type(one) for one in ask(tmp_path, script)] == [Verdict] * 3


def test_what_is_said_twice_or_of_nobody_ends_the_talk(tmp_path: Path) -> None:
    script = """
for row in rows:
    for _ in range(2):
        print(json.dumps({"id": row["id"], "passed": True}))
"""
    said = ask(tmp_path, script)
    assert [type(one) for one in said] == [Verdict, Failed, Failed]
    assert "spoke of 'q0'" in said[1].error  # type: ignore[union-attr]


def test_nothing_that_the_program_has_started_outlives_it(tmp_path: Path) -> None:
    """As a shell's script that waits for its own program."""
    script = """
import subprocess
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
print(json.dumps({"id": "q0", "passed": True, "result": str(child.pid)}), flush=True)
child.wait()
"""
    said = ask(tmp_path, script, ROWS[:2], seconds=2)
    assert isinstance(said[0], Verdict) and "wrote nothing" in said[1].error  # type: ignore[union-attr]
    with suppress(psutil.NoSuchProcess):
        left = psutil.Process(int(str(said[0].result)))
        until = time.monotonic() + 20
        while left.status() != psutil.STATUS_ZOMBIE and time.monotonic() < until:
            time.sleep(0.05)
        assert left.status() == psutil.STATUS_ZOMBIE


def test_a_long_result_is_kept_short(tmp_path: Path) -> None:
    (said,) = ask(tmp_path, EQUAL, [("x" * 50_000, "x")])
    assert isinstance(said, Verdict) and len(str(said.result)) < 3000


@pytest.mark.parametrize("feedback", ["It is 1,234.", "Use 1234.0!", "1 234 is right"])
def test_a_number_is_withheld_in_any_way_of_writing_it(feedback: str, tmp_path: Path) -> None:
    script = f"""
for row in rows:
    print(json.dumps({{"id": row["id"], "passed": False, "feedback": {feedback!r}}}))
"""
    (said,) = ask(tmp_path, script, [("5", {"value": 1234})])
    assert isinstance(said, Verdict) and said.feedback == ""
