"""The page as a person has it: in a real browser, without a network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

MARKS = '[aria-roledescription="point"][aria-label], [aria-roledescription="bar"][aria-label]'


@pytest.fixture
def page(browser: Any, page_file: Path) -> Iterator[Any]:
    """The report, opened from disk. At the end: nothing was logged, asked for, or run."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, offline=True)
    opened = context.new_page()
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on("request", lambda request: said.append(request.url))
    opened.goto(page_file.as_uri())
    opened.wait_for_selector("#list li")
    yield opened
    assert said == [page_file.as_uri()]
    assert opened.evaluate("window.hacked") is None
    context.close()


def test_every_chart_has_marks_that_tell_their_numbers(page: Any) -> None:
    charts = page.locator(".chart svg")
    assert charts.count() >= 9
    for number in range(charts.count()):
        marks = charts.nth(number).locator(MARKS)
        assert marks.count() > 0
    mark = charts.first.locator(MARKS).first
    mark.hover(force=True)
    assert "base" in page.inner_text("#tip")


def test_search_and_filters_by_clicking(page: Any) -> None:
    from playwright.sync_api import expect

    count = page.locator("#count")
    assert count.inner_text() == "30 of 30 questions"
    page.select_option("#category", "nlp")
    assert count.inner_text() == "15 of 30 questions"
    page.fill("#search", "QUESTION 3 about")
    expect(count).to_have_text("1 of 30 questions")
    page.fill("#search", "")
    page.select_option("#category", "")
    expect(count).to_have_text("30 of 30 questions")
    page.select_option("#order", "gain")
    gains = [float(text.split("+")[1]) for text in page.locator(".gap").all_inner_texts()]
    assert gains == sorted(gains, reverse=True) and gains
    page.select_option("#order", "loss")
    assert count.inner_text() == "0 of 30 questions"
    page.select_option("#order", "flips")
    assert count.inner_text() == "5 of 30 questions"
    page.select_option("#order", "unjudged")
    assert count.inner_text() == "1 of 30 questions"


def test_a_question_opens_by_keyboard_with_all_answers_side_by_side(page: Any) -> None:
    row = page.locator(".row").nth(2)
    row.focus()
    page.keyboard.press("Enter")
    assert row.get_attribute("aria-expanded") == "true"
    heads = page.locator(".open .answer h3").all_inner_texts()
    assert [head.split()[0] for head in heads] == ["base", "sft", "r1"]
    verdict = page.locator(".open summary", has_text="Against base").first
    verdict.click()
    assert "accuracy: 1 shown first, 1 shown second" in page.inner_text(".open")


def test_a_hostile_answer_stays_text_and_can_be_read(page: Any) -> None:
    page.locator(".row").first.click()
    text = page.locator(".open .answer .text").first
    assert "</script><script>window.hacked = 1" in text.text_content()
    assert page.locator(".open script, .open img, .open a:not([href^='#file:'])").count() == 0
    assert text.evaluate("e => getComputedStyle(e).unicodeBidi") == "isolate"
    page.locator(".row").nth(1).click()
    long = page.locator("#list li").nth(1).locator(".answer .text").first
    assert len(long.text_content()) > 100_000
    assert long.bounding_box()["height"] < 500


@pytest.mark.parametrize(("width", "scheme"), [(390, "dark"), (1280, "light")])
def test_nothing_runs_out_of_the_page_and_axe_finds_nothing_serious(
    browser: Any, page_file: Path, width: int, scheme: str
) -> None:
    import axe_playwright_python

    context = browser.new_context(
        viewport={"width": width, "height": 844}, color_scheme=scheme, bypass_csp=True
    )
    page = context.new_page()
    page.goto(page_file.as_uri())
    for number in (0, 1):
        page.locator(".row").nth(number).click()
    page.locator("#trails summary").first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.add_script_tag(path=Path(axe_playwright_python.__file__).with_name("axe.min.js"))
    found = page.evaluate("axe.run()")["violations"]
    assert len(page.evaluate("axe.getRules()")) > 50
    serious = [
        (rule["id"], rule["nodes"][0]["html"][:200])
        for rule in found
        if rule["impact"] in ("serious", "critical")
    ]
    assert serious == []
    context.close()


def test_advice_trails_show_each_attempt_with_what_the_advisor_said(page: Any) -> None:
    page.locator("#trails > details > summary").click()
    page.locator(".trail summary").first.click()
    page.locator(".trail").first.get_by_text("say why").first.wait_for()  # or it times out


@pytest.fixture
def paper(browser: Any, page_file: Path) -> Iterator[Any]:
    """The page as it is printed on A4 from a dark screen, with two questions opened before: the
    answers to one are long.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme="dark")
    opened = context.new_page()
    opened.goto(page_file.as_uri())
    for number in (1, 2):
        opened.locator(".row").nth(number).click()
    opened.set_viewport_size({"width": 718, "height": 1000})
    opened.emulate_media(media="print")
    yield opened
    context.close()


def test_paper_is_white_and_has_no_controls(paper: Any) -> None:
    assert paper.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    for name in ("nav", ".controls", "#more", "figure summary"):
        assert paper.locator(name).count() > 0
        assert not any(part.is_visible() for part in paper.locator(name).all())
    assert paper.locator(".open .answer").first.is_visible()
    assert paper.locator(".paper").is_visible()


def test_nothing_is_cut_off_on_paper(paper: Any) -> None:
    assert paper.evaluate("document.documentElement.scrollWidth") <= 718
    cut = paper.evaluate(
        """[...document.querySelectorAll('.scroll, .text, figure, table')].filter(e =>
            e.checkVisibility({contentVisibilityAuto: true}) &&
            (e.scrollHeight > e.clientHeight + 1 && getComputedStyle(e).overflowY !== 'visible'
             || e.getBoundingClientRect().right > 718)).map(e => e.outerHTML.slice(0, 80))"""
    )
    assert cut == []


def test_the_numbers_of_charts_are_printed_unless_they_fill_pages(paper: Any) -> None:
    short = paper.locator("figure details:not(.long) table")
    assert short.count() >= 9
    assert all(table.bounding_box()["height"] > 20 for table in short.all())
    paper.emulate_media(media="screen")
    assert not any(table.is_visible() for table in short.all())


def test_a_figure_is_not_broken_over_pages(paper: Any) -> None:
    rule = "e => getComputedStyle(e).breakInside"
    assert {figure.evaluate(rule) for figure in paper.locator("figure").all()} == {"avoid"}
    heights = [figure.bounding_box()["height"] for figure in paper.locator("figure").all()]
    assert max(heights) < 1000


def test_links_lead_from_an_answer_to_the_data_that_its_model_learned(page: Any) -> None:
    page.locator(".row").nth(2).click()
    card = page.locator(".open .answer", has_text="r1").last
    card.locator("summary", has_text="Where it comes from").click()
    assert "made/r1 5555" in card.inner_text()
    card.get_by_role("link", name="made/r1").click()
    row = page.locator("tr", has=page.locator(":target"))
    assert "iterate@r1" in row.inner_text()
    row.get_by_role("link", name="made/train.jsonl").click()
    assert "ingest" in page.locator("tr", has=page.locator(":target")).inner_text()
    targets = page.evaluate(
        """[...document.querySelectorAll('main a')].map(a => a.getAttribute('href').slice(1))
           .filter(id => !document.getElementById(decodeURIComponent(id)))"""
    )
    assert targets == []
