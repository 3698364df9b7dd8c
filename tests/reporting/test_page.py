"""The page as a reader, a screen reader, a printer and a hostile title meet it."""

from __future__ import annotations

import base64
import dataclasses
import gzip
import hashlib
import itertools
import re
from pathlib import Path

from sdforecast.reporting import tables as tables_of
from sdforecast.reporting.sections.sectors import ABOUT
from sdforecast.reporting.theme import Theme
from tests.plot.test_style import contrast as reference_contrast
from tests.reporting.conftest import Report, html_of, page_of, report_of
from tests.sample_forecast import DEATHS, FORMULA, MIXES, SCRIPT, renamed, sample


def test_headings_are_in_order(report: Report) -> None:
    levels = [int(heading.tag[1]) for heading in report.page.every("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_every_heading_and_list_of_contents_leads_somewhere(report: Report) -> None:
    page = report.page
    identifiers = [element.attributes["id"] for element in page.every() if "id" in element.attributes]
    assert len(identifiers) == len(set(identifiers))
    anchors = [a.attributes["href"] for a in page.every("a") if a.attributes["href"].startswith("#")]
    assert len(anchors) > 8
    assert {anchor[1:] for anchor in anchors} <= set(identifiers)
    assert page.every("a")[0].text == "Skip to the answer"


def test_files_that_the_page_speaks_of_are_there(report: Report) -> None:
    said = [code.text for code in report.page.every("code")]
    assert {"trajectories.csv", "manifest.json"} <= set(said)
    assert all((report.folder / name).is_file() for name in ("trajectories.csv", "manifest.json"))
    links = [a.attributes["href"] for a in report.page.every("a")]
    assert all(link.startswith("#") for link in links)  # it is read from a mail, too: no link into a folder


def test_nothing_is_loaded_from_elsewhere(report: Report) -> None:
    page = report.page
    assert not [e for e in page.every() if {"src", "srcset"} & set(e.attributes)]
    assert not page.every("link", "iframe", "object", "img", "image", "use")
    style = page.every("style")[0].text
    assert "url(" not in style
    assert "@import" not in style


def test_only_our_script_may_run(report: Report) -> None:
    (policy,) = [e.attributes["content"] for e in report.page.every("meta") if "http-equiv" in e.attributes]
    scripts = [e for e in report.page.every("script") if "type" not in e.attributes]
    text = re.findall(r"<script>(.*?)</script>", report.html, re.DOTALL)
    assert len(scripts) == len(text) == 1
    digest = base64.b64encode(hashlib.sha256(text[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")


def test_every_figure_has_a_text_with_its_finding_two_forms_and_its_data(report: Report) -> None:
    figures = report.page.every("figure")
    assert len(figures) == 11
    for figure in figures:
        name = figure.attributes["data-name"]
        (alt,) = [p for p in figure.every("p") if p.attributes.get("id") == f"{name}-alt"]
        assert len(alt.text) > 60
        assert re.search(r"\d", alt.text)
        drawings = [e for e in figure.every("svg") if "chart" in e.attributes["class"].split()]
        assert [e.attributes["aria-labelledby"] for e in drawings] == [f"{name}-alt"] * 2
        packed = figure.every("script")[0].text
        written = (report.folder / "figures" / f"{name}.csv").read_bytes()
        assert gzip.decompress(base64.b64decode(packed)) == written
        assert (report.folder / "figures" / f"{name}.svg").is_file()


def test_every_figure_with_a_range_says_that_it_is_no_probability(report: Report) -> None:
    without = {f.attributes["data-name"] for f in report.page.every("figure") if "not a probability" not in f.text}
    assert without == {"instruments", "fit-targets"}


def test_tables_have_captions_and_headings(report: Report) -> None:
    tables = report.page.every("table")
    assert len(tables) >= 8
    for table in tables:
        assert table.every("caption")[0].text
        assert all(th.attributes["scope"] in ("col", "row") for th in table.every("th"))
        header = len(table.every("thead")[0].every("th"))
        rows = table.every("tbody")[0].every("tr")
        assert rows
        assert all(len(row.children) == header and row.children[0].tag == "th" for row in rows)


def test_scrolling_regions_can_be_reached_by_keyboard_and_have_names(report: Report) -> None:
    regions = [e for e in report.page.every("div") if e.attributes.get("role") == "region"]
    assert regions
    assert all(e.attributes.get("tabindex") == "0" and e.attributes.get("aria-label") for e in regions)


def test_page_has_a_language_a_title_and_a_width_for_telephones(report: Report) -> None:
    page = report.page
    assert page.every("html")[0].attributes["lang"] == "en"
    assert "to December 2035" in page.every("title")[0].text
    assert "width=device-width" in [m.attributes.get("content", "") for m in page.every("meta")][2]


def test_colours_have_enough_contrast() -> None:
    ours = Theme()
    for colours, series in ((ours.light, ours.series), (ours.dark, ours.series_dark)):
        for ink, paper in [
            ("ink", "paper"),
            ("quiet", "paper"),
            ("link", "paper"),
            ("ink", "soft"),
            ("warn", "warn-paper"),
        ]:
            assert reference_contrast(colours[ink], colours[paper]) >= 4.5, (ink, paper)
        assert min(reference_contrast(colour, colours["paper"]) for colour in series) >= 3


def test_hostile_texts_stay_texts() -> None:
    title, description = f"{SCRIPT} & “$x^{{”", '"><img src=http://example.org/x onerror=alert(1)>'
    hostile = renamed(sample(), MIXES[1], title=title, description=description)
    html = html_of(hostile)
    page = page_of(hostile)
    assert [e.attributes.get("type") for e in page.every("script")] == ["text/plain"] * 11 + [None]
    assert all("onerror" not in e.attributes for e in page.every())
    assert title in [heading.text for heading in page.every("h3")]
    assert description in [p.text for p in page.every("p")]
    # A comment of the model and a source of a constant hold the same script.
    assert html.count("&lt;script&gt;") > 3


def test_headline_is_made_from_the_numbers(report: Report) -> None:
    answers = [p.text for p in report.page.every("p") if p.attributes.get("class") == "answer"]
    # Months 204 to 215 of draw 2: 12 × 2,020 and the months' own numbers, 2,514: 26,754; draws differ by 120.
    assert answers[0] == (
        "Under “Current course”, the model has about 27,000 deaths in 2027 (90 % range: 27,000 to 27,000); 43,500 were "
        "counted in the twelve months to April 2025, and fewer than that is very likely (all 5 draws)."
    )
    assert answers[1].startswith(
        "Of the three policy mixes compared, “Treatment and naloxone surge” has the fewest deaths over 2027–2035, "
        "about 22,000 fewer"
    )
    assert answers[1].endswith("in the model it is very likely to be the lowest of them (all 5 draws).")


def test_page_says_what_must_be_said(report: Report) -> None:
    text = report.page.every("body")[0].text
    for words in (
        "Counts to April 2025",
        "988",
        "1-800-662-4357",
        "none is advice",
        "not a probability",
        "not identified",
        "chosen with hindsight",
        "must not be used for",
        "sdforecast forecast",
        "How to cite it",
        "7.6 %",
    ):
        assert words in text, words
    assert not re.search(r"\b(addicts?|users?|abusers?|junkies)\b", text, re.IGNORECASE)


def test_misses_are_told(report: Report) -> None:
    text = report.page.every("main")[0].text
    assert "Missed by more than a factor of two: Deaths a year (worst: a factor of 2.5, 2013-01 to 2013-12)." in text


def test_constants_stand_under_their_kind_and_what_is_fixed_has_no_bounds(report: Report) -> None:
    tables = {table.every("caption")[0].text: table for table in report.page.every("table")}
    assumed = tables["Assumed: a range by judgement that the observations cannot narrow (1)"]
    assert assumed.every("tbody")[0].every("tr")[0].children[0].text == FORMULA
    fixed = tables["Fixed: definitions, units and data (1)"].every("tbody")[0].every("td")
    assert [cell.text for cell in fixed[:3]] == ["1e-06", "1e-06", "fixed"]


def test_constants_have_their_prior_and_their_posterior(report: Report) -> None:
    tables = {table.every("caption")[0].text: table for table in report.page.every("table")}
    learned = tables["Estimated from the observations (1)"].every("tbody")[0].every("td")
    assert [cell.text for cell in learned[:3]] == ["0.05 (0.01 to 0.2)", "0.06 (0.05 to 0.07)", "learned"]


def test_what_is_carried_on_is_told_only_where_something_is(report: Report) -> None:
    assert "Deaths are not the model alone." in report.page.text
    alone = dataclasses.replace(report.forecast, manifest={**report.forecast.manifest, "propagated": []})
    assert "Deaths are not the model alone." not in page_of(alone).text


def test_a_posterior_of_another_model_or_of_other_data_is_told(report: Report) -> None:
    what = "the posterior was made from others: the data changed since"
    changed = dataclasses.replace(report.forecast, manifest={**report.forecast.manifest, "posterior_differs": [what]})
    assert f"Take these numbers with care: {what}." in page_of(changed).text
    assert "Take these numbers with care" not in report.page.text


def test_fit_tells_coverage_only_where_it_is_judged(report: Report) -> None:
    judged = report.forecast.fit.assign(judged=[True, False], cover_90=[91.1, 50.0])
    rows = tables_of.fit(dataclasses.replace(report.forecast, fit=judged)).rows
    assert [row[-1] for row in rows] == ["91 %", "–"]


def test_the_fall_of_deaths_is_taken_apart(report: Report) -> None:
    turn = {"counted": -44.01, "model": -29.4, "no shock": 0.4}
    told = dataclasses.replace(report.forecast, summary={**report.forecast.summary, "turn": turn})
    text = page_of(told).text
    assert "counted −44 %; model alone −29 %; without both 0 %" in text


def test_one_condition_alone_has_no_comparison() -> None:
    page = page_of(sample(MIXES[:1]))
    assert "comparison" not in [e.attributes.get("id") for e in page.every("h2")]
    assert "One policy mix was run: there is no comparison." in [p.text for p in page.every("p")]


def test_one_set_has_no_range() -> None:
    forecast = sample(draws=1)
    text = page_of(forecast).every("main")[0].text
    assert "One draw was run, so no range is shown." in text
    assert "90 % range:" not in text


def test_another_model_leaves_out_what_it_lacks_and_says_so() -> None:
    forecast = sample(variables=["fentanyl share"])
    page = page_of(forecast)
    told = [p.text for p in page.every("p")]
    assert (
        "The model has no variable “synthetic opioid deaths”: headline, comparison and fit by month are left out."
        in told
    )
    assert "The model has none of the variables of the sector “Production”." in told
    assert [h.text for h in page.every("h3") if h.text in ABOUT] == ["Demand"]


def test_a_bare_forecast_still_gives_a_page(tmp_path: Path) -> None:
    full = sample(MIXES[:2], draws=2, variables=[DEATHS])
    bare = dataclasses.replace(
        full, targets=full.targets.iloc[:0], fit=full.fit.iloc[:0], parameters=full.parameters.iloc[:0],
        history=full.history.iloc[:0], summary={}, manifest={},
    )  # fmt: skip
    page = report_of(bare, tmp_path).page
    assert "taught" not in [e.attributes.get("id") for e in page.every("h2")]
    assert "No table of constants came with this model." in [p.text for p in page.every("p")]
