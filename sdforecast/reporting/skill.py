"""How past forecasts did, for the page and for a folder of its own: figures, tables, sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdforecast import issuing, plot
from sdforecast.backtesting.judging import Backtest, shipped_backtest
from sdforecast.backtesting.names import OURS, RIVAL, WITH_RIVAL
from sdforecast.errors import SdforecastError
from sdforecast.evaluation.baselines import LAST_VALUE
from sdforecast.evaluation.levels import TARGETS
from sdforecast.forecasting import Forecast
from sdforecast.manifest import manifest, to_json
from sdforecast.plot.numbers import signed
from sdforecast.reporting import drawing, words
from sdforecast.reporting.charts import Chart, standalone
from sdforecast.reporting.tables import Table, to_csv
from sdforecast.reporting.theme import Theme
from sdforecast.writing import MARKER, write_text

HOLDS = ("scores.csv", "skill.csv", "by_origin.csv", "published.csv", "forecasts.csv", "figures", MARKER)
"""What the folder of a back-test has in it."""

SHOWN = (OURS, WITH_RIVAL, RIVAL)
"""Methods that figures show."""


@dataclass(frozen=True)
class Section:
    """What the page says of past forecasts; `pictures` names the figures of every origin."""

    said: list[str]
    finding: list[str]
    skill: list[Table]
    details: list[Table]
    turns: list[Table]
    worst: list[str]
    pictures: list[str]
    published: Table | None


def past(forecast: Forecast, told: Callable[[str], None] = lambda line: None) -> Backtest | None:
    """Return the shipped back-test, scored against the history of a forecast: what `write` of a report takes.

    None where none is shipped, or where the forecast has no deaths of its targets. What hinders goes to `told`: a
    forecast is published all the same.
    """
    if not issuing.possible(forecast):
        return None
    try:
        return shipped_backtest(forecast.history)
    except SdforecastError as error:
        told(f"the page says nothing of past forecasts: {error.problems[0]}")
        return None


def section(found: Backtest, model_sha256: str = "") -> Section:
    """Return the section of the page. `model_sha256` is the model's that the page is about, if that is known."""
    targets = list(dict.fromkeys(found.skill["target"]))
    said = found.said()
    made_with = {str(facts.get("model_sha256", "")) for facts in found.facts}
    if model_sha256 and made_with != {model_sha256}:
        said.append("The back-test was made with another version of the model file than this page.")
    return Section(
        said=said,
        finding=[_finding(found, target) for target in targets],
        skill=[_overview(found, target) for target in targets],
        details=[
            _detail(found, target, period)
            for target in targets
            for period in ("joint", "development", "verification")
            if ((found.skill["target"] == target) & (found.skill["period"] == period)).any()
        ],
        turns=[table for target in targets if (table := _turns(found, target)) is not None],
        worst=found.worst_in_words(),
        pictures=[_origins_name(target) for target in _foretold(found)],
        published=_published(found),
    )


def charts(found: Backtest) -> dict[str, Chart]:
    """Return the figures by name: relative scores, every origin's forecast over what came, coverage."""
    methods = [method for method in SHOWN if method in found.methods]
    targets = list(dict.fromkeys(found.skill["target"]))
    made = [drawing.relative(found, methods, targets, " ".join(_over_all(found, target) for target in targets))]
    made += [
        drawing.by_origin(found, OURS, target, _origins_name(target), _better(found, target))
        for target in _foretold(found)
    ]
    made.append(drawing.coverage(found, methods, _coverage(found)))
    return {chart.name: chart for chart in made}


def in_short(found: Backtest) -> str:
    """Return how past forecasts of the first target did, in one sentence; empty where there are none of ours."""
    cells = _cells(found, TARGETS[0], OURS)
    if not cells:
        return ""
    told = words.listed([f"{cell['relative']:.2f} at {cell['horizon']} months" for cell in cells])
    rows = found.scores[(found.scores["method"] == OURS) & (found.scores["target"] == TARGETS[0])]
    held = f"{100 * rows['covered_90'].mean():.0f} %"
    return (
        f"Put back to {rows['origin'].nunique()} past months, the model’s errors were these parts of those made by "
        "repeating "
        f"the last count: {told}. Its 90 % ranges held {held} of what came: they are too narrow. The structure was "
        "chosen with "
        "hindsight."
    ).replace(": they are too narrow" if rows["covered_90"].mean() >= 0.88 else "\0", "")


def _foretold(found: Backtest) -> list[str]:
    """Return the targets of which there are forecasts of ours."""
    return [str(target) for target in dict.fromkeys(found.scores.loc[found.scores["method"] == OURS, "target"])]


def _origins_name(target: str) -> str:
    return f"skill-origins-{target.replace(' ', '-')}"


def write(found: Backtest, folder: Path, command: str) -> None:
    """Write a back-test into `folder`.

    There will be `scores.csv` (a row a forecast), `skill.csv` (a row a period, target, horizon and method),
    `by_origin.csv`, `published.csv`, `forecasts.csv` (a row a quantile), `figures/` and `manifest.json`. The same
    back-test gives the same bytes. Raises `MachineError` where the folder cannot be written.
    """
    for name, table in (
        ("scores", found.scores), ("skill", found.skill), ("by_origin", found.by_origin),
        ("published", found.published), ("forecasts", found.forecasts),
    ):  # fmt: skip
        write_text(folder / f"{name}.csv", to_csv(table))
    for chart in charts(found).values():
        write_text(folder / "figures" / f"{chart.name}.svg", standalone(chart, Theme()))
        write_text(folder / "figures" / f"{chart.name}.csv", to_csv(chart.data))
    kept = ("origin", "model_sha256", "known_sha256", "forecasts_sha256", "plan", "variant", "noise", "deaths_from")
    origins = [{name: facts[name] for name in kept if name in facts} for facts in found.facts]
    write_text(folder / MARKER, to_json(manifest(command, said=found.said(), origins=origins)))


# --- Sentences ------------------------------------------------------------------------------------------------------


def _cells(found: Backtest, target: str, method: str, period: str = "joint") -> list[dict[str, Any]]:
    rows = found.skill
    rows = rows[(rows["target"] == target) & (rows["method"] == method) & (rows["period"] == period)]
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


def _finding(found: Backtest, target: str) -> str:
    """Return the relative scores of ours and of the best simple method known before."""
    told = []
    for method in SHOWN:
        cells = _cells(found, target, method)
        if cells:
            told.append(f"{method} {words.listed(['{relative:.2f}'.format(**cell) for cell in cells])}")
    months = words.listed([str(horizon) for horizon in sorted(found.skill["horizon"].unique())])
    return (
        f"{target[:1].upper() + target[1:]}, errors relative to “{LAST_VALUE}” at {months} months: {'; '.join(told)}."
    )


def _over_all(found: Backtest, target: str) -> str:
    """Return the relative scores over all horizons at once, with their intervals."""
    rows = found.overall[(found.overall["target"] == target) & (found.overall["period"] == "joint")]
    by_method = {row["method"]: row for row in rows.to_dict("records")}
    told = [f"{method} {_ratio(by_method[method])}" for method in SHOWN if method in by_method]
    return f"{target[:1].upper() + target[1:]}, over all horizons: {words.listed(told)}."


def _better(found: Backtest, target: str) -> str:
    """Return how many forecasts of ours did better than the last value, and how many held what came."""
    rows = found.by_origin[(found.by_origin["target"] == target) & (found.by_origin["method"] == OURS)]
    better, held = int((rows["relative_wis"] < 1).sum()), int(rows["covered_90"].sum())
    return (
        f"{target[:1].upper() + target[1:]}: {better} of {len(rows)} forecasts from {rows['origin'].nunique()} origins "
        f"did better than “{LAST_VALUE}”; {held} of {len(rows)} outcomes lay inside the 90 % interval."
    )


def _coverage(found: Backtest) -> str:
    rows = found.scores[found.scores["method"] == OURS]
    if rows.empty:
        return "The model's own forecasts are not among these."
    shares = [f"{100 * rows[f'covered_{level}'].mean():.0f} % in the {level} % interval" for level in (50, 90, 95)]
    return f"Over both targets and all horizons, of the outcomes of {OURS} lay {words.listed(shares)}."


# --- Tables ---------------------------------------------------------------------------------------------------------


def _overview(found: Backtest, target: str) -> Table:
    rows = found.skill[(found.skill["target"] == target) & (found.skill["period"] == "joint")]
    origins = rows.groupby("horizon")["origins"].max()
    lines = []
    for method in dict.fromkeys(rows["method"]):
        cells = {row["horizon"]: row for row in _cells(found, target, method)}
        lines.append([method, *(_ratio(cells[horizon]) if horizon in cells else "–" for horizon in origins.index)])
    caption = (
        f"{target[:1].upper() + target[1:]}: mean weighted interval score over that of “{LAST_VALUE}”, all outcomes "
        "(90 % interval of a paired bootstrap over origins); below 1 is better."
    )
    header = ["Method", *(f"{horizon} months, {count} origins" for horizon, count in origins.items())]
    return Table(caption, header, lines, frozenset(range(1, len(header))))


def _ratio(row: Mapping[Any, Any]) -> str:
    if row["low"] != row["low"] or row["low"] == row["high"]:
        return f"{row['relative']:.2f}"
    return f"{row['relative']:.2f} ({row['low']:.2f}–{row['high']:.2f})"


def _detail(found: Backtest, target: str, period: str) -> Table:
    rows = found.skill[(found.skill["target"] == target) & (found.skill["period"] == period)]
    lines = [
        [
            f"{row['horizon']} months, {row['method']}",
            str(row["origins"]),
            _ratio(row),
            *(f"{100 * row[f'covered_{level}']:.0f} %" for level in (50, 80, 90, 95)),
            f"{row['bias']:+.2f}".replace("-", words.MINUS),
            f"{signed(row['percent_error'])} %",
            f"{row['absolute_percent_error']:.0f} %",
        ]
        for row in rows.to_dict("records")
    ]
    header = ["Horizon and method", "Origins", "Relative score", "In 50 %", "In 80 %", "In 90 %", "In 95 %", "Bias",
              "Median off", "Size of that"]  # fmt: skip
    caption = f"{target[:1].upper() + target[1:]}, {plot.PERIOD_WORDS[period]}: scores, coverage and bias (−1 to 1)"
    return Table(caption, header, lines, frozenset(range(1, len(header))))


def _turns(found: Backtest, target: str) -> Table | None:
    """Return the origins at the two turns one by one, ours beside the best simple method known before."""
    rows = found.by_origin[(found.by_origin["target"] == target) & (found.by_origin["turn"] != "")]
    rows = rows[rows["method"].isin([OURS, RIVAL])]
    if rows.empty:
        return None
    horizons = sorted(rows["horizon"].unique())
    lines = []
    for origin in sorted(rows["origin"].unique()):
        for method in (OURS, RIVAL):
            cell = rows[(rows["origin"] == origin) & (rows["method"] == method)]
            by_horizon = {row["horizon"]: row for row in cell.to_dict("records")}
            text = [_off(by_horizon[horizon]) if horizon in by_horizon else "–" for horizon in horizons]
            if len(cell):
                lines.append([f"{origin:%B %Y}, {cell['turn'].iloc[0]}", method, *text])
    header = ["Origin", "Method", *(f"{horizon} months" for horizon in horizons)]
    caption = f"{target[:1].upper() + target[1:]} at the two turns: error of the median (relative score)"
    return Table(caption, header, lines, _right(header, 2))


def _off(row: Mapping[Any, Any]) -> str:
    return f"{signed(row['percent_error'])} % ({row['relative_wis']:.2f})"


def _right(header: list[str], first: int) -> frozenset[int]:
    return frozenset(range(first, len(header)))


def _published(found: Backtest) -> Table | None:
    """Return projections of others that were counted since, beside ours from the same month."""
    if found.published.empty:
        return None
    keys = ["model", "scenario", "series", "period_end"]
    beside = found.beside[found.beside["method"] == OURS].drop_duplicates(keys).set_index(keys)["method_percent_error"]
    lines = []
    for row in found.published.to_dict("records"):
        ours = beside.get(tuple(row[key] for key in keys))
        lines.append(
            [
                f"{row['model']}: {row['scenario']}",
                f"{str(row['series']).removesuffix('_deaths').replace('_', ' ')}, to {row['period_end']:%Y-%m}",
                str(row["months"]),
                _percent(row["percent_error"]),
                {True: "yes", False: "no"}.get(row["inside"], "–"),
                _percent(row["repeated_percent_error"]),
                _percent(ours),
            ]
        )
    header = ["Projection", "Deaths", "Months ahead", "Off", "Inside its interval", "Last value repeated", "Ours"]
    caption = (
        "Projections that others published, against what was counted. Ours: the nearest target, where there is a "
        "forecast from the same month to the same end (synthetic opioids for all opioids)."
    )
    return Table(caption, header, lines, _right(header, 2))


def _percent(value: Any) -> str:
    return "–" if value is None or value != value else f"{signed(value)} %"
