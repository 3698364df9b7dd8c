"""What `sdforecast backtest` prints: skill by target and horizon, every origin, the worst, projections by others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.tables import print_table

if TYPE_CHECKING:
    import pandas as pd

    from sdforecast.backtesting.judging import Backtest

_PERIODS = {
    "development": "development: outcomes to December 2022",
    "verification": "verification: outcomes since January 2023",
}


def show(found: Backtest) -> None:
    """Print a back-test."""
    for target in dict.fromkeys(found.skill["target"]):
        _joint(found, target)
        for period, words in _PERIODS.items():
            _period(found, target, period, words)
        _origins(found, target)
    click.echo()
    for sentence in [*found.worst_in_words(), *found.said()]:
        click.echo(sentence)
    _published(found)


def _joint(found: Backtest, target: str) -> None:
    rows = found.skill[(found.skill["period"] == "joint") & (found.skill["target"] == target)]
    click.echo(f"\n{_capital(target)}, twelve months, all outcomes; relative: WIS over that of the last value repeated")
    print_table([_skill_row(row) for row in rows.to_dict("records")])


def _skill_row(row: dict[Any, Any]) -> dict[str, str]:
    return {
        "months": str(row["horizon"]),
        "method": row["method"],
        "origins": str(row["origins"]),
        "relative": _ratio(row),
        **{f"in {level} %": f"{100 * row[f'covered_{level}']:.0f} %" for level in (50, 80, 90, 95)},
        "bias": f"{row['bias']:+.2f}",
        "median off": f"{row['percent_error']:+.0f} %",
        "size": f"{row['absolute_percent_error']:.0f} %",
    }


def _ratio(row: dict[Any, Any]) -> str:
    """Return a relative score with its interval, if there is one."""
    if row["low"] != row["low"] or row["low"] == row["high"]:
        return f"{row['relative']:.2f}"
    return f"{row['relative']:.2f} ({row['low']:.2f}-{row['high']:.2f})"


def _period(found: Backtest, target: str, period: str, words: str) -> None:
    """Print the relative scores in one period, a column a horizon."""
    rows = found.skill[(found.skill["period"] == period) & (found.skill["target"] == target)]
    if rows.empty:
        return
    origins = rows.groupby("horizon")["origins"].max()
    lines = []
    for method in dict.fromkeys(rows["method"]):
        mine = {row["horizon"]: row for row in rows[rows["method"] == method].to_dict("records")}
        line = {"method": method}
        for horizon, count in origins.items():
            line[f"{horizon} months ({count})"] = _ratio(mine[horizon]) if horizon in mine else ""
        lines.append(line)
    click.echo(f"\n{_capital(target)}, {words}; in brackets: origins")
    print_table(lines)


def _origins(found: Backtest, target: str) -> None:
    """Print every origin of ours, and of the best simple method where the epidemic turned."""
    from sdforecast.backtesting.names import OURS, RIVAL

    rows = found.by_origin[found.by_origin["target"] == target]
    horizons = sorted(rows["horizon"].unique())
    lines = []
    for origin, cell in rows.groupby("origin"):
        for method in (OURS, RIVAL):
            mine = cell[cell["method"] == method]
            turn = str(cell["turn"].iloc[0])
            if len(mine) and (method == OURS or turn):
                lines.append({"origin": f"{origin:%Y-%m}", "turn": turn, "method": method} | _cells(mine, horizons))
    if lines:
        click.echo(f"\n{_capital(target)}, origin by origin: error of the median (relative WIS)")
        print_table(lines)


def _cells(rows: pd.DataFrame, horizons: list[int]) -> dict[str, str]:
    by_horizon = {row["horizon"]: row for row in rows.to_dict("records")}
    found = {}
    for horizon in horizons:
        row = by_horizon.get(horizon)
        text = "" if row is None else f"{row['percent_error']:+.0f} % ({row['relative_wis']:.2f})"
        found[f"{horizon} months"] = text
    return found


def _published(found: Backtest) -> None:
    """Print what others projected, and what our forecast from the same month was off by."""
    from sdforecast.backtesting.names import OURS

    rows = found.published
    if rows.empty:
        return
    ours = {
        (row["model"], row["scenario"], row["series"], row["period_end"]): row["method_percent_error"]
        for row in found.beside[found.beside["method"] == OURS].to_dict("records")
    }
    click.echo("\nProjections that others published, per cent off what was counted then")
    print_table(
        [
            {
                "model": row["model"],
                "scenario": row["scenario"],
                "deaths": row["series"].removesuffix("_deaths").replace("_", " "),
                "to": f"{row['period_end']:%Y-%m}",
                "months": str(row["months"]),
                "off": _percent(row["percent_error"]),
                "inside": {True: "yes", False: "no"}.get(row["inside"], ""),
                "last value": _percent(row["repeated_percent_error"]),
                "ours": _percent(ours.get((row["model"], row["scenario"], row["series"], row["period_end"]))),
            }
            for row in rows.to_dict("records")
        ]
    )
    click.echo("ours: the nearest target, from the same month to the same end (synthetic opioids for all opioids)")


def _percent(value: Any) -> str:
    return "" if value is None or value != value else f"{value:+.0f} %"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
