"""The report of a run that is not whole, and what may stand in it."""

import json
from pathlib import Path

import pytest

from meteor.core.errors import MeteorError
from meteor.pipeline import Lineage, read_lineage
from meteor.report.examples import script
from meteor.report.page import write_report
from tests.report.runs import HOSTILE, paths, write_checkpoint, write_questions

LOCK = """
schema: '2.0'
stages:
  finetune:
    cmd: python -m stages.finetune --distilled d.jsonl --start base --out sft
    deps:
    - {path: base, md5: aaa}
    - {path: code.py, md5: ccc}
    params:
      params.yaml: {seed: 7}
    outs:
    - {path: sft, md5: bbb}
  base:
    cmd: python -m stages.base --out base
    outs:
    - {path: base, md5: aaa}
"""
FORMER = "  former@t1: {cmd: python -m stages.former, outs: [{path: sft, md5: ddd}]}\n"


def test_nothing_at_all_gives_a_page_that_says_so(tmp_path: Path) -> None:
    out = tmp_path / "report.html"
    run = write_report(paths(tmp_path), ["base", "sft"], ["r1"], (), Lineage({}), out)
    page = out.read_text()
    assert "the answers of sft" in run.missing and "the answers of sft" in page
    assert "No answer is judged yet." in page
    assert "No round of phase 2 is finished yet." in page
    assert "No training is finished yet." in page


def test_a_checkpoint_without_a_judge_is_shown_by_its_likelihood(tmp_path: Path) -> None:
    questions = write_questions(tmp_path, 4)
    write_checkpoint(tmp_path, "base", questions, 5.0)
    write_checkpoint(tmp_path, "sft", questions, 6.0, judged=False)
    out = tmp_path / "report.html"
    run = write_report(paths(tmp_path), ["base", "sft", "r1"], [], (), Lineage({}), out)
    assert [checkpoint.name for checkpoint in run.judged] == ["base"]
    page = out.read_text()
    assert "the judgements of sft" in page and "the answers of r1" in page
    assert 'aria-label="checkpoint: sft; nats a token' in page


def test_a_broken_file_is_named_with_its_line(tmp_path: Path) -> None:
    write_questions(tmp_path, 2)
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/base.jsonl").write_text('{"id": "q0000"\n')
    with pytest.raises(MeteorError, match=r"base\.jsonl:1: "):
        write_report(paths(tmp_path), ["base"], [], (), Lineage({}), tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    write_checkpoint(tmp_path, "base", write_questions(tmp_path, 3), 5.0)
    pages = []
    for name in ("a.html", "b.html"):
        write_report(paths(tmp_path), ["base"], [], (), Lineage({}), tmp_path / name)
        pages.append((tmp_path / name).read_bytes())
    assert pages[0] == pages[1]


def test_data_in_a_script_element_cannot_end_it() -> None:
    for text in (HOSTILE, "<!--<script>", "]]>", "lone \ud800 surrogate"):
        written = script({"text": text})
        assert "<" not in written and ">" not in written
        if "surrogate" not in text:
            assert json.loads(written) == {"text": text}


def test_lineage_knows_makers_and_tells_data_from_code(tmp_path: Path) -> None:
    file = tmp_path / "dvc.lock"
    file.write_text(LOCK)
    lineage = read_lineage(file)
    maker = lineage.maker("sft")
    assert maker and maker.name == "finetune" and maker.arguments["start"] == "base"
    assert lineage.data(maker) == {"base": "aaa"}
    assert lineage.hash("sft") == "bbb" and lineage.hash("nothing") is None
    assert lineage.param("seed") == 7
    file.write_text(LOCK.replace("stages:\n", f"stages:\n{FORMER}"))
    assert read_lineage(file).hash("sft") == "bbb", "a stage that was renamed claims nothing"
    assert read_lineage(tmp_path / "none.lock").stages == {}
    file.write_text("stages: [1, 2]")
    with pytest.raises(MeteorError, match="not a lock file of DVC"):
        read_lineage(file)
