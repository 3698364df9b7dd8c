"""What changed since an earlier report, and how that one did."""

from __future__ import annotations

from sdforecast.issuing import Since
from sdforecast.plot.numbers import signed
from sdforecast.reporting import words
from sdforecast.reporting.content import Block, Heading, Paragraph, Section
from sdforecast.reporting.tables import Table


def section(found: Since) -> Section:
    """Return the section about an earlier report."""
    blocks: list[Block] = [Paragraph(_in_short(found))]
    if found.months:
        blocks.append(_months(found))
    blocks.append(Heading("What went in"))
    blocks.append(_changed(found) if found.changed else Paragraph("Nothing that goes into a forecast has changed."))
    blocks.append(Heading("How the earlier report did"))
    if found.scores:
        blocks.append(_scores(found))
    if found.waiting or not found.scores:
        blocks.append(Paragraph("No month that it foretold was counted yet."))
    return Section("since", f"What changed since the report of {found.previous}", "Since the last", blocks)


def _in_short(found: Since) -> str:
    """Return by how much the last month that both foretell has moved."""
    rows = [row for row in found.months if row["target"] == "synthetic opioid deaths"] or found.months
    if not rows:
        return "The two reports foretell no month in common."
    row = rows[-1]
    moved = row["now"] - row["before"]
    way = (
        "as before" if abs(moved) < 50 else f"{words.count(abs(moved))} {'fewer' if moved < 0 else 'more'} than before"
    )
    return (
        f"For {row['target']} in the twelve months to {words.month(row['twelve_months_to'])} the median is now "
        f"{words.count(row['now'])}, {way}."
    )


def _months(found: Since) -> Table:
    rows = [
        [f"{row['target'][:1].upper()}{row['target'][1:]}, to {row['twelve_months_to']}", words.count(row["before"]),
         _range(row, "before"), words.count(row["now"]), _range(row, "now"), signed(row["now"] - row["before"])]
        for row in found.months
    ]  # fmt: skip
    header = ["Twelve months", "Before", "90 % range before", "Now", "90 % range now", "Difference"]
    caption = f"Deaths in the same twelve months, as the report of {found.previous} had them and as this one has them"
    return Table(caption, header, rows, frozenset({1, 2, 3, 4, 5}), "since-months")


def _range(row: dict[str, float], which: str) -> str:
    return f"{words.count(row[f'{which}_low'])} to {words.count(row[f'{which}_high'])}"


def _changed(found: Since) -> Table:
    rows = [[entry["what"], entry["before"], entry["now"]] for entry in found.changed]
    return Table("What goes into a forecast and has changed", ["What", "Before", "Now"], rows, name="since-changed")


def _scores(found: Since) -> Table:
    rows = [
        [f"{row['target'][:1].upper()}{row['target'][1:]}, {row['kind']}", str(row["months"]),
         f"{signed(row['median_error_percent'])} %", _number(row["relative_wis"]),
         f"{100 * row['covered_50']:.0f} %", f"{100 * row['covered_95']:.0f} %", str(row["real_time"])]
        for row in found.scores
    ]  # fmt: skip
    header = ["Target", "Months counted since", "Median off", "Score (last value repeated = 1)", "In 50 %", "In 95 %",
              "Months in real time"]  # fmt: skip
    caption = f"How the report of {found.previous} did on what was counted since"
    return Table(caption, header, rows, frozenset(range(1, 7)), "since-scores")


def _number(value: float | None) -> str:
    return "–" if value is None or value != value else f"{value:.2f}"
