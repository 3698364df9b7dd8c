"""The sentences of the page that state a finding, made from the numbers and from nothing else."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.forecasting import Forecast, twelve_month_sums
from sdforecast.plot import series
from sdforecast.plot.comparison import totals_data
from sdforecast.plot.sectors import shown, unit_words
from sdforecast.reporting import words


def headline(forecast: Forecast) -> list[str]:
    """Return the answer in two sentences: deaths under the reference, and how the other policy mixes compare."""
    year, last = series.compared_years(forecast)
    deaths = series.yearly(forecast.trajectories[series.DEATHS]).sel(scenario=forecast.reference)
    name, values = series.titles(forecast)[forecast.reference], deaths.sel(year=year).to_numpy()
    first = f"Under “{name}”, the model has {words.about(values, f'deaths in {year}')}{_than_now(forecast, values)}."
    if series.others(forecast):
        return [first, ranking(forecast)]
    return [first] if last == year else [first, f"For {last} it has {words.about(deaths.sel(year=last).to_numpy())}."]


def _than_now(forecast: Forecast, values: np.ndarray) -> str:
    """Return the last count of twelve months, and how likely it is that there will be more, or fewer."""
    rolling = series.counted(forecast, "12-month-ending")
    if rolling.empty:
        return ""
    end = rolling.iloc[-1]
    text = f"; {words.published(end['value'])} were counted in the twelve months to {words.month(end['period_end'])}"
    if len(values) < 2:
        return text
    share = float((values > end["value"]).mean())
    way = "more" if share >= 0.5 else "fewer"
    times = words.times(
        int((values > end["value"]).sum() if way == "more" else (values < end["value"]).sum()), len(values)
    )
    return f"{text}, and {way} than that is {words.chance(max(share, 1 - share))} ({times})"


def ranking(forecast: Forecast) -> str:
    """Return which policy mix has the fewest deaths by median, by how much, and how firmly."""
    totals = compared_totals(forecast)
    order, count = by_median(totals), series.draws(forecast)
    best, period = order[0], "{}–{}".format(*series.compared_years(forecast))
    titles = series.titles(forecast)
    lowest = int((totals.to_numpy().min(axis=1) >= totals.sel(scenario=best).to_numpy()).sum())
    held = words.times(lowest, count)
    if best == forecast.reference:
        return f"Over {period}, no other policy mix compared here has fewer; that holds in {held}."
    less = (totals.sel(scenario=best) - totals.sel(scenario=forecast.reference)).to_numpy()
    many = f"Of the {words.how_many(len(order))} policy mixes compared"
    gap = f"{words.fewer(less)} than under “{titles[forecast.reference]}”"
    firm = f"; in the model it is {words.chance(lowest / count)} to be the lowest of them ({held})" if count > 1 else ""
    return f"{many}, “{titles[best]}” has the fewest deaths over {period}, {gap}{firm}."


def whole_order(forecast: Forecast) -> str:
    """Return all policy mixes from fewest to most deaths by median, and in how many draws the whole order holds."""
    totals = compared_totals(forecast)
    order, titles = by_median(totals), series.titles(forecast)
    ranked = totals.sel(scenario=order).transpose("draw", "scenario").to_numpy()
    same = int((np.diff(ranked, axis=1) >= 0).all(axis=1).sum())
    names = "; ".join(titles[name] for name in order)
    held = words.times(same, series.draws(forecast))
    return f"From fewest to most deaths by the median: {names}. This order as a whole holds in {held}."


def compared_totals(forecast: Forecast) -> xr.DataArray:
    """Return deaths over the compared years (dimensions draw, scenario)."""
    first, last = series.compared_years(forecast)
    return series.yearly(forecast.trajectories[series.DEATHS]).sel(year=slice(first, last)).sum("year")


def structures(forecast: Forecast) -> str:
    """Return where each structure ends under the reference."""
    _, last = series.compared_years(forecast)
    parts = []
    for row in forecast.structures.to_dict("records"):
        runs = forecast.structure(str(row["name"])).trajectories[series.DEATHS].sel(scenario=[forecast.reference])
        middle = float(series.yearly(runs).sel(year=last).median())
        parts.append(f"{words.count(middle)} where {str(row['title'])[:1].lower()}{str(row['title'])[1:]}")
    return f"Median deaths in {last}, policies as they are: {words.listed(parts)}."


def by_median(totals: xr.DataArray) -> list[str]:
    """Return the scenarios from the fewest to the most deaths by the median over the draws."""
    return [str(name) for name in totals["scenario"].to_numpy()[np.argsort(totals.median("draw").to_numpy())]]


def fan(forecast: Forecast) -> str:
    """Return what the headline figure shows."""
    rolling = series.counted(forecast, "12-month-ending")
    text = ""
    if len(rolling):
        peak, end = rolling.iloc[int(rolling["value"].to_numpy().argmax())], rolling.iloc[-1]
        text = (
            f"Counted deaths in twelve months peaked at {words.published(peak['value'])} in "
            f"{words.month(peak['period_end'])} and stood at {words.published(end['value'])} in "
            f"{words.month(end['period_end'])}. "
        )
    sums = twelve_month_sums(forecast.trajectories[series.DEATHS]).sel(scenario=forecast.reference)
    last = sums.isel(time=-1)
    name = series.titles(forecast)[forecast.reference]
    moment = words.month(pd.Timestamp(sums["time"].to_numpy()[-1]))
    return f"{text}Under “{name}” the twelve months to {moment} have {words.about(last.to_numpy(), 'deaths')}."


def fan_title(forecast: Forecast) -> str:
    """Return the finding of the headline figure as its title."""
    sums = twelve_month_sums(forecast.trajectories[series.DEATHS]).sel(scenario=forecast.reference)
    end = pd.Timestamp(sums["time"].to_numpy()[-1])
    period = f"{end.year}" if end.month == 12 else f"the twelve months to {words.month(end)}"
    name = series.titles(forecast)[forecast.reference]
    told = words.about(sums.isel(time=-1).to_numpy(), f"deaths in {period} under “{name}”")
    return told[:1].upper() + told[1:]


def paths(forecast: Forecast) -> str:
    """Return where each condition ends, beside the reference."""
    _, last = series.compared_years(forecast)
    deaths = series.yearly(forecast.trajectories[series.DEATHS]).sel(year=last).median("draw")
    titles = series.titles(forecast)
    parts = [f"{words.count(float(deaths.sel(scenario=name)))} under “{titles[name]}”" for name in titles]
    return f"Median deaths in {last}: {words.listed(parts)}."


def totals(forecast: Forecast) -> str:
    """Return the difference of each condition from the reference over all compared years."""
    table, titles = totals_data(forecast), series.titles(forecast)
    first, last = series.compared_years(forecast)
    parts = [
        f"{titles[name]}: {words.fewer(table.loc[table['scenario'] == name, 'value'].to_numpy())}"
        for name in series.others(forecast)
    ]
    return f"Deaths over {first}–{last} against “{titles[forecast.reference]}”. {'; '.join(parts)}."


def by_year(forecast: Forecast) -> str:
    """Return in which year each condition has its first clear and its largest median difference."""
    first, last = series.compared_years(forecast)
    deaths = series.yearly(forecast.trajectories[series.DEATHS]).sel(year=slice(first, last))
    gaps, titles = series.against(deaths, forecast.reference).median("draw"), series.titles(forecast)
    parts = []
    for name in series.others(forecast):
        gap = gaps.sel(scenario=name)
        year = int(gap["year"].to_numpy()[int(np.abs(gap.to_numpy()).argmax())])
        value = float(gap.sel(year=year))
        parts.append(f"{titles[name]}: {words.count(abs(value))} {'fewer' if value < 0 else 'more'} in {year}")
    return f"Largest yearly difference of the median: {'; '.join(parts)}."


def sector(forecast: Forecast, name: str) -> str:
    """Return what the panels of a sector show: observed variables with their error, the others from then to the end."""
    variables = shown(forecast, name)
    observed = [v for v in variables if (forecast.targets["variable"] == v).any()]
    texts = [_against_data(forecast, variable) for variable in observed]
    texts += [_course(forecast, variable) for variable in variables if variable not in observed][:2]
    opening = "" if observed else "None of these variables is observed: they rest on structure and assumptions. "
    return opening + " ".join(texts)


def _against_data(forecast: Forecast, variable: str) -> str:
    rows = forecast.targets[forecast.targets["variable"] == variable]
    error = float((rows["model"] / rows["observed"] - 1).abs().mean() * 100)
    plural = "observation" if len(rows) == 1 else "observations"
    return f"{_capital(variable)}: off by {words.percent(error)} on average over {len(rows)} {plural}."


def _course(forecast: Forecast, variable: str) -> str:
    path = forecast.trajectories[variable].sel(scenario=forecast.reference).median("draw").to_series()
    last = series.last_counted(forecast)
    times = pd.DatetimeIndex(path.index)
    then, end = times[max(0, int(times.searchsorted(last, side="right")) - 1)], times[-1]
    unit = unit_words(str(forecast.trajectories[variable].attrs.get("unit", "")))
    unit = "" if unit == "no unit" else f" {unit}"
    return (
        f"{_capital(variable)}: {words.level(path[then])}{unit} in {words.month(then)}, "
        f"{words.level(path[end])} in {words.month(end)} (median)."
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def months(forecast: Forecast) -> str:
    """Return how far modelled months are from counted ones."""
    text = "Counted and modelled deaths by month."
    if "recent_mape" in forecast.summary:
        error = words.percent(float(forecast.summary["recent_mape"]))
        text += f" From January 2023 to April 2025 the median of the model alone is off by {error} a month on average."
    if "peak_model" in forecast.summary:
        model, seen = (words.month(forecast.summary[key]) for key in ("peak_model", "peak_observed"))
        text += f" The sum of twelve months peaks in {model} in the model and in {seen} in the counts."
    return text


def targets(forecast: Forecast) -> str:
    """Return how many observations are met within a factor of two, and which targets miss most."""
    ratio = forecast.targets["model"] / forecast.targets["observed"]
    inside = int(((ratio <= 2) & (ratio >= 0.5)).sum())
    return f"{inside} of {len(ratio)} observations are met within a factor of two. {misses(forecast)}"


def misses(forecast: Forecast) -> str:
    """Return the targets with points off by more than a factor of two, or that there are none."""
    bad = forecast.fit[forecast.fit["worst_factor"] > 2].sort_values("worst_factor", ascending=False, kind="stable")
    if bad.empty:
        return "No point of any target is off by more than a factor of two."
    parts = [
        f"{row['title']} (worst: a factor of {row['worst_factor']:.1f}, {words.span(str(row['worst_when']))})"
        for _, row in bad.iterrows()
    ]
    return f"Missed by more than a factor of two: {words.listed(parts)}."


def levels(forecast: Forecast) -> str:
    """Return how many instruments each condition changes."""
    parts = [
        f"{scenario.title}: {len({change.instrument for change in scenario.instruments}) or 'none'}"
        for scenario in forecast.scenarios
    ]
    return f"Instruments changed by each condition: {'; '.join(parts)}."
