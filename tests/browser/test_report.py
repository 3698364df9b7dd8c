"""What a reader can do with a report: toggles, values, files, print, a telephone, a screen reader."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

import pandas as pd
import pytest

from tests.browser.conftest import HOSTILE, Visit
from tests.sample_forecast import MIXES

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SHOWN = ".chart.{} [data-scenario='{}']"


def form(visit: Visit) -> str:
    return "wide" if visit.page.viewport_size["width"] > 640 else "narrow"  # type: ignore[index]


def saved(visit: Visit, figure: str, kind: str) -> bytes:
    with visit.page.expect_download() as waited:
        visit.page.locator(f"#figure-{figure} .files button", has_text=kind).click()
    assert waited.value.suggested_filename == f"{figure}.{kind.lower()}"
    return Path(waited.value.path()).read_bytes()


def test_the_page_fits_its_window(visit: Visit) -> None:
    assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    drawn = visit.page.locator("#figure-deaths svg.chart:visible")
    assert drawn.count() == 1
    assert drawn.bounding_box()["width"] > 300  # type: ignore[index]


def test_a_hostile_title_is_only_text(visit: Visit) -> None:
    assert visit.page.locator("img").count() == 0
    assert HOSTILE in visit.page.locator("h3").all_text_contents()
    assert HOSTILE in visit.page.locator("#figure-comparison-medians .key").inner_text()


def test_a_toggle_hides_a_policy_mix_in_every_figure_and_brings_it_back(visit: Visit) -> None:
    marks = visit.page.locator(SHOWN.format(form(visit), MIXES[1]))
    count = visit.page.locator(SHOWN.format(form(visit), MIXES[1]) + ":visible").count()
    toggle = visit.page.locator("#figure-comparison-medians .key button").nth(1)
    toggle.focus()
    visit.page.keyboard.press("Enter")
    assert toggle.get_attribute("aria-pressed") == "false"
    assert marks.count() > 1
    assert visit.page.locator(SHOWN.format(form(visit), MIXES[1]) + ":visible").count() == 0
    visit.page.keyboard.press("Space")
    assert toggle.get_attribute("aria-pressed") == "true"
    assert visit.page.locator(SHOWN.format(form(visit), MIXES[1]) + ":visible").count() == count > 1


def test_the_value_under_the_pointer_is_that_of_the_data(visit: Visit, folder: Path) -> None:
    drawing = visit.page.locator("#figure-deaths svg.chart:visible")
    drawing.scroll_into_view_if_needed()
    box = drawing.bounding_box()
    assert box is not None
    left, top, wide, tall = (
        float(part) for part in (drawing.locator("[data-box]").get_attribute("data-box") or "").split()
    )
    above = float((drawing.get_attribute("viewBox") or "").split()[1])
    scale = box["width"] / float((drawing.get_attribute("viewBox") or "").split()[2])
    at = (box["x"] + (left + wide - 0.5) * scale, box["y"] + (top + tall / 2 - above) * scale)
    visit.page.mouse.move(*at)  # the data are unpacked when they are first asked for
    tip = visit.page.locator("#value")
    for step in range(40):
        visit.page.mouse.move(at[0] - step % 2, at[1])
        if tip.is_visible():
            break
        visit.page.wait_for_timeout(50)
    table = pd.read_csv(folder / "figures" / "deaths.csv")
    last = table[table["series"] == "Current course"].iloc[-1]
    three = [f"{float(f'{last[name]:.3g}'):,.0f}" for name in ("value", "low_90", "high_90")]
    assert tip.inner_text().splitlines()[-1] == "Current course: {} (90 %: {} to {})".format(*three)
    visit.page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_a_figure_is_taken_away_as_svg_png_and_csv(visit: Visit, folder: Path) -> None:
    svg = ElementTree.fromstring(saved(visit, "comparison-medians", "SVG"))
    texts = ["".join(element.itertext()) for element in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert "Deaths under each policy mix, by the median" in texts  # the page says it beside, the file in itself
    styles = "".join(element.text or "" for element in svg.iter("{http://www.w3.org/2000/svg}style"))
    assert "var(" not in styles
    assert "#3d3d3d" in styles
    png = saved(visit, "comparison-medians", "PNG")
    assert png.startswith(b"\x89PNG")
    assert int.from_bytes(png[16:20], "big") == 1440
    data = saved(visit, "comparison-medians", "CSV")
    assert data == (folder / "figures" / "comparison-medians.csv").read_bytes()


def test_a_table_is_taken_away_as_csv(visit: Visit, folder: Path) -> None:
    with visit.page.expect_download() as waited:
        visit.page.locator("[data-table='comparison'] .files button").click()
    text = Path(waited.value.path()).read_text(encoding="utf-8")
    with (folder / "tables" / "comparison.csv").open(encoding="utf-8", newline="") as stream:
        ours = list(csv.reader(stream))
    assert list(csv.reader(io.StringIO(text))) == ours
    assert ours[2][0] == HOSTILE


def test_numbers_in_the_text_are_those_of_the_data(visit: Visit, folder: Path) -> None:
    table = pd.read_csv(folder / "figures" / "comparison-totals.csv").set_index("series")
    best = table["median"].idxmin()
    answer = visit.page.locator("p.answer").nth(1).inner_text()
    assert f"“{best}” has the fewest deaths" in answer
    shown = float(f"{-table.loc[best, 'median']:.1e}")
    assert f"about {shown:,.0f} fewer" in answer


@pytest.mark.parametrize("opened", [False, True], ids=["folded", "opened"])
def test_axe_finds_nothing(visit: Visit, opened: bool) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    visit.page.evaluate("on => document.querySelectorAll('details').forEach((it) => { it.open = on; })", opened)
    found = axe.Axe().run(visit.page).response
    told = [(each["id"], [node["target"] for node in each["nodes"][:3]]) for each in found["violations"]]
    assert told == []
    assert len(found["passes"]) > 20


def test_it_prints_all_of_its_sections(visit: Visit) -> None:
    pdf = visit.page.pdf(format="A4")
    assert pdf.startswith(b"%PDF")
    assert pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page") > 5


def test_nothing_was_asked_for_and_nothing_went_wrong(visit: Visit, folder: Path) -> None:
    outside = [url for url in visit.asked if not url.startswith(("blob:", "data:"))]
    assert outside == [(folder / "index.html").as_uri()]
    assert visit.complaints == []


def test_it_can_be_read_without_its_script(browser: Browser, folder: Path) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1000, "height": 800})
    page = context.new_page()
    page.goto((folder / "index.html").as_uri())
    assert page.locator("svg.chart.wide:visible").count() == 11
    assert page.locator("#figure-comparison-medians .key li").count() == 3
    assert page.get_by_role("button").count() == 0
    context.close()
