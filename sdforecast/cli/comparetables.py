"""What `sdforecast compare` prints: figures with their interval and Monte Carlo error, rounded to what is known."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.tables import print_table

if TYPE_CHECKING:
    import pandas as pd

    from sdforecast.policy.comparing import Comparison
    from sdforecast.policy.interacting import Decomposition

_SIDE_BY_SIDE = 3
"""Scenarios whose intervals fit side by side; of more the medians are shown."""
_PAIRS = 12
"""Pairs that are printed; all are in the file."""


def show(made: Comparison) -> None:
    """Print a comparison: what, when, at what cost, by which stages."""
    years = made.outcomes.yearly["year"].to_numpy()
    click.echo(f"{years[0]} to {years[-1]}, against {made.outcomes.reference}:")
    print_table([_deaths(row) for _, row in made.summary.iterrows()])
    click.echo("\nDeaths averted by year:")
    print_table(_by_year(made))
    click.echo(f"\nMore than under the reference, over all years{_rate(made)}:")
    print_table(_added(made))
    click.echo("\nPer death averted:")
    print_table(_per_death(made))
    for _, row in made.summary[made.summary["assumed_prices"] != ""].iterrows():
        click.echo(
            f"note: prices by assumption, none published, in {row['scenario']}: {row['assumed_prices']}", err=True
        )
    click.echo("\nWhat changes on the way, % of the reference over all years:")
    print_table(_stages(made))
    draws = made.outcomes.yearly.sizes["draw"]
    click.echo(
        f"medians over {draws} paired draws from the posterior (nine in ten of them) ± Monte Carlo standard error of "
        "the median; conditions under a model, not advice",
        err=True,
    )


def show_decomposition(made: Decomposition) -> None:
    """Print what each instrument of a mix does."""
    whole = float(made.whole.mean())
    click.echo(
        f"\nWhat each instrument of {made.mix} averts, deaths over all years; the shares add up to {whole:,.0f}:"
    )
    print_table([_instrument(row, whole) for _, row in made.instruments.iterrows()])
    told = made.pairs[made.pairs["kind"] != ""]
    click.echo(f"\nPairs that avert more or less than the sum of each alone ({len(told)} of {len(made.pairs)}):")
    print_table(
        [
            {
                "pair": f"{row['first']} + {row['second']}",
                "": row["kind"],
                "deaths averted beyond the sum": _mean(row, "together", "low", "high", row["draw_error"]),
            }
            for _, row in told.head(_PAIRS).iterrows()
        ]
    )
    how = "all coalitions were run" if made.exact else f"{made.orders} sampled orders"
    click.echo(
        f"means over {len(made.whole)} paired draws (nine in ten of them) ± Monte Carlo standard error of the mean, of "
        f"draws and of orders together; {how}",
        err=True,
    )


def _instrument(row: pd.Series, whole: float) -> dict[str, str]:
    error = math.hypot(row["share_draw_error"], row["share_order_error"])
    return {
        "instrument": str(row["instrument"]),
        "Shapley share": _mean(row, "share", "share_low", "share_high", error),
        "of the whole": f"{100 * row['share'] / whole:.0f} %" if whole else "",
        "alone": _mean(row, "alone", "alone_low", "alone_high", row["alone_draw_error"]),
        "lost without it": _mean(row, "left_out", "left_out_low", "left_out_high", row["left_out_draw_error"]),
    }


def _mean(row: pd.Series, middle: str, low: str, high: str, error: float) -> str:
    return in_words({"median": row[middle], "low": row[low], "high": row[high], "error": error})


def in_words(row: pd.Series | dict[str, Any], prefix: str = "") -> str:
    """Return `31,000 (14,000 to 82,000) ± 2,100` of a row with median (or the prefix itself), low, high and error."""
    from sdforecast.plot.numbers import number, rounded, together

    names = [f"{prefix} {key}".strip() for key in ("low", "high", "error")]
    middle = float(row[prefix or "median"])
    low, high, error = (float(row[name]) for name in names)
    shown = [value for value in (low, middle, high) if math.isfinite(value)]
    near = dict(zip(shown, together(*shown), strict=True))
    text = f"{number(near[middle])} ({_bound(low, near)} to {_bound(high, near)})"
    return f"{text} ± {number(rounded(error, 2)) if error else '0'}" if math.isfinite(error) else text


def _bound(value: float, near: dict[float, float]) -> str:
    from sdforecast.plot.numbers import number

    return number(near[value]) if math.isfinite(value) else "no bound"


def _rate(made: Comparison) -> str:
    return f", money discounted at {100 * made.discount:g} % a year" if made.discount else ""


def _deaths(row: pd.Series) -> dict[str, str]:
    first = str(row["first_year"]) if row["first_year"] else "none"
    if row["harm_year"]:
        first += f" (more deaths: {row['harm_year']})"
    return {
        "scenario": str(row["scenario"]),
        "deaths averted": in_words(row, "deaths averted"),
        "life-years saved": in_words(row, "life years saved"),
        "fewer deaths in": _share(row["chance"], row["chance_error"]),
        "sure from": first,
        "1 % fewer from": str(row["month"] or "none"),
    }


def _share(value: float, error: float) -> str:
    return f"{100 * value:.0f} ± {100 * error:.1f} % of draws"


def _by_year(made: Comparison) -> list[dict[str, str]]:
    table = made.effects[(made.effects["effect"] == "deaths averted") & (made.effects["year"] != "all years")]
    years = sorted(table["year"].unique())
    shown = sorted({*years[:2], *years[3:4], years[-1]})
    return [
        {"scenario": str(mix), **{str(year): in_words(rows[rows["year"] == year].iloc[0]) for year in shown}}
        for mix, rows in table.groupby("scenario", sort=False)
    ]


def _added(made: Comparison) -> list[dict[str, str]]:
    from sdforecast.policy.kept import COSTS

    table = made.effects[(made.effects["year"] == "all years") & made.effects["effect"].isin(COSTS)]
    return [_row(rows, "effect") for _, rows in table.groupby("scenario", sort=False)]


def _row(rows: pd.DataFrame, key: str) -> dict[str, str]:
    found = {"scenario": str(rows["scenario"].iloc[0])}
    for _, row in rows.iterrows():
        found[f"{row[key]}, {_short(row['unit'])}"] = in_words(row)
    return found


def _short(unit: str) -> str:
    return unit.replace("billion 2024 USD", "bn USD").replace("million person hours", "m hours")


def _per_death(made: Comparison) -> list[dict[str, str]]:
    rows = []
    for _, row in made.costs.iterrows():
        figure = in_words(row) if math.isfinite(row["median"]) else ""
        told = "; ".join(part for part in (figure, row["words"]) if part)
        rows.append({"cost": f"{row['cost']}, {row['unit'].split(' per ')[0]}", "scenario": row["scenario"], "": told})
    return rows


def _stages(made: Comparison) -> list[dict[str, str]]:
    table = made.stages[made.stages["year"] == "all years"]
    mixes = table["scenario"].unique()
    return [
        {"stage": str(stage)}
        | {str(row["scenario"]): _change(row, whole=len(mixes) <= _SIDE_BY_SIDE) for _, row in rows.iterrows()}
        for stage, rows in table.groupby("stage", sort=False)
    ]


def _change(row: pd.Series, *, whole: bool) -> str:
    middle = f"{row['median']:+.1f}"
    return f"{middle} ({row['low']:+.1f} to {row['high']:+.1f})" if whole else middle


def rows_of(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table for JSON: what is not finite becomes null, and "no bound" an infinite one."""
    return [{str(key): _cell(value) for key, value in row.items()} for row in table.to_dict("records")]


def _cell(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "no bound" if value > 0 else None
    return value
