"""What `sdforecast run` prints: a table by year or time, the inputs of a sector, what is no number."""

from __future__ import annotations

import json
import shutil
import textwrap
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.tables import print_json, print_table

if TYPE_CHECKING:
    import xarray as xr

_YEARS = (2015, 2020, 2023, 2024, 2025, 2027, 2030, 2035)
_ROWS = 12
_WIDEST = 8
_NOTHING = 1e-9
"""Part of the largest number of a row below which a number is shown as 0."""


def print_runs(runs: xr.Dataset, monthly: bool) -> None:
    """Print a table: by year where the runs hold whole years, otherwise at some of their times."""
    from sdforecast.forecasting import single

    if not monthly:
        table = runs.isel(time=_spread(runs.sizes["time"])).to_dataframe().reset_index()
        print_table(_rounded(table.iloc[:, :_WIDEST].to_dict("records")))
        more = table.shape[1] - _WIDEST
        if more > 0:
            click.echo(f"({more} more variables: choose with --variables, or write all with -o)", err=True)
        return
    whole = single.whole_years(runs)
    years = [year for year in _YEARS if year in whole] or whole
    if not years:
        print_table(_rounded(single.tidy(runs).to_dict("records")[: 40 * _ROWS]))
        return
    print_table(_rounded(single.by_year(runs, years).to_dict("records")))


def _rounded(rows: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Return rows with four digits of each number; what is nothing beside the row's largest number becomes 0."""
    return [_row_rounded(row) for row in rows]


def _row_rounded(row: dict[Any, Any]) -> dict[Any, Any]:
    numbers = {key: float(value) for key, value in row.items() if isinstance(value, float) and key != "time"}
    largest = max((abs(value) for value in numbers.values() if abs(value) < float("inf")), default=0.0)
    shown = {key: 0.0 if abs(value) < _NOTHING * largest else float(f"{value:.4g}") for key, value in numbers.items()}
    return row | shown


def print_runs_json(runs: xr.Dataset, reference: xr.Dataset | None = None) -> None:
    """Print every value, and with a reference its value and the difference; of a sector also its inputs."""
    from sdforecast.forecasting import single
    from sdforecast.forecasting.differences import difference

    columns = ["value"]
    if reference is None:
        table = single.tidy(runs)
    else:
        apart = difference(runs, reference)
        table = single.tidy(runs[list(reference.data_vars)].sel(time=reference["time"]))
        table["reference"] = single.tidy(reference)["value"]
        table["difference"] = single.tidy(apart)["value"]
        columns += ["reference", "difference"]
    rows = [{**row, **{name: _finite(row[name]) for name in columns}} for row in table.to_dict("records")]
    if "sector" in runs.attrs:
        print_json({"sector": runs.attrs["sector"], "inputs": json.loads(runs.attrs["inputs"]), "values": rows})
    else:
        print_json(rows)


def tell_of_inputs(runs: xr.Dataset, wanted: str | None = None) -> None:
    """Say on stderr on which inputs a sector ran, where each came from, and that what was `wanted` has none."""
    origins: list[dict[str, Any]] = json.loads(runs.attrs["inputs"])
    head = f"sector '{runs.attrs['sector']}' alone"
    if not origins:
        click.echo(f"{head}: it takes nothing from other sectors", err=True)
        return
    click.echo(f"{head}, {len(origins)} inputs held:", err=True)
    spans: dict[str, list[str]] = {}
    for one in origins:
        if one["source"] != "run":
            said = f"from the {one['source']}, {one['first']} to {one['last']}, else a run of the whole model"
            spans.setdefault(said, []).append(one["variable"])
    if wanted == "history" and not spans:
        click.echo("  the history has none of them", err=True)
    for said, named in spans.items():
        _listed(said, named)
    _listed("from a run of the whole model", [one["variable"] for one in origins if one["source"] == "run"])


def _listed(said: str, names: list[str]) -> None:
    if names:
        room = max(shutil.get_terminal_size((100, 24)).columns, 40)
        text = f"{said}: {', '.join(sorted(names, key=str.casefold))}"
        click.echo(textwrap.fill(text, room, initial_indent="  ", subsequent_indent="    "), err=True)


def tell_of_gaps(runs: xr.Dataset) -> None:
    """Warn of variables that stop being numbers, as after a division by zero."""
    from sdforecast.engine.once import not_finite

    broken = not_finite(runs)
    if broken:
        named = ", ".join(f"{name} from {str(time)[:10]}" for name, time in broken[:3])
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        click.echo(f"warning: not a finite number at every time: {named}{more}", err=True)


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def _spread(n: int) -> list[int]:
    return sorted({round(k * (n - 1) / (_ROWS - 1)) for k in range(_ROWS)}) if n > 1 else [0]
