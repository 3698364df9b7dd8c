"""The hub folder of a forecast, written and held to the hub's rules before anyone reads it."""

from __future__ import annotations

import importlib.util
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import history
from sdforecast.errors import CheckError, InputError, MachineError, Problem
from sdforecast.evaluation.levels import TARGETS
from sdforecast.forecasting import Forecast
from sdforecast.issuing import checking, configuration, tables, target_data
from sdforecast.issuing.counts import Counts, counts
from sdforecast.manifest import to_json
from sdforecast.writing import write_bytes, write_text

FOLDER = "hub"
"""Name of the folder in the results of a forecast."""

SINCE = "since-last.json"
"""What changed since the edition before, beside the hub."""

HOLDS = (FOLDER, SINCE)
"""What the results of a forecast may have in them beside the report."""

FEWEST = tables.PAIRED
"""Draws that a forecast needs: fewer give no 100 trajectories, and no quantile of 0.01."""


def lacking(draws: int) -> str:
    """Return what is needed for a hub of so many draws and is not there, in words; nothing if all is."""
    if draws < FEWEST:
        return f"{FEWEST} draws, not {draws}"
    return "" if importlib.util.find_spec("pyarrow") else "pyarrow (pip install pyarrow)"


def write_hub(forecast: Forecast, folder: Path, vintages: pd.DataFrame | None = None) -> Counts:
    """Write the hub of a forecast into `folder`, check it, and return what is in it.

    `model-output` has quantiles as CSV, those of repeating the last sum beside them, and 100 paired trajectories as
    Parquet; `target-data` what was counted, with
    every vintage; `hub-config` the tasks; `model-abstracts` what this round assumes.

    Raises
    ------
    InputError : fewer than 100 draws, a variable that is not in the forecast.
    MachineError : the folder cannot be written, or pyarrow is missing.
    CheckError : the hub breaks its own rules.
    """
    draws = forecast.trajectories.sizes["draw"]
    if draws < FEWEST:
        raise InputError(Problem(f"a hub needs {FEWEST} draws, not {draws}", hint=f"--draws {FEWEST} or more"))
    vintages = history.load_vintages() if vintages is None else vintages
    found = counts(forecast, vintages)
    names = tuple(mix.name for mix in forecast.scenarios)
    ordered = (forecast.reference, *(name for name in names if name != forecast.reference))
    day = f"{found.reference:%Y-%m-%d}"
    _configure(folder, found, ordered)
    _models(folder, forecast.manifest)
    output = folder / "model-output"
    quantiles, paths, simple = configuration.MODEL_ID, configuration.PATHS_ID, configuration.BASELINE_ID
    _csv(tables.quantiles(found), output / quantiles / f"{day}-{quantiles}.csv")
    repeated = tables.baseline(found, forecast.reference, _sums(forecast.history))
    _csv(repeated, output / simple / f"{day}-{simple}.csv")
    write_bytes(output / paths / f"{day}-{paths}.parquet", parquet(tables.samples(found)))
    _csv(target_data.time_series(forecast.history, vintages), folder / "target-data" / "time-series.csv")
    _csv(target_data.oracle_output(forecast.history), folder / "target-data" / "oracle-output.csv")
    write_text(folder / "model-abstracts" / quantiles / f"{day}.md", _abstract(forecast, found))
    faults = checking.check(folder)
    if faults:
        raise CheckError(*(fault.problem for fault in faults))
    return found


def parquet(table: pd.DataFrame) -> bytes:
    """Return rows of model output as a Parquet file with the types that the tasks give. Raises `MachineError`."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MachineError(Problem("Parquet needs pyarrow", hint="pip install pyarrow")) from error
    days = {name: pd.to_datetime(table[name]).dt.date for name in ("reference_date", "target_end_date")}
    types = {
        **dict.fromkeys(tables.COLUMNS, pa.string()),
        "reference_date": pa.date32(), "target_end_date": pa.date32(), "horizon": pa.int32(),
        "output_type_id": pa.float64(), "value": pa.float64(),
    }  # fmt: skip
    schema = pa.schema([(name, types[name]) for name in tables.COLUMNS])
    content = pa.Table.from_pandas(table.assign(**days), schema=schema, preserve_index=False)
    buffer = io.BytesIO()
    pq.write_table(content.replace_schema_metadata(None), buffer, compression="zstd")
    return buffer.getvalue()


def _csv(table: pd.DataFrame, path: Path) -> None:
    write_text(path, table.to_csv(index=False, float_format="%.10g", lineterminator="\n"))


def _configure(folder: Path, found: Counts, scenarios: tuple[str, ...]) -> None:
    files = {
        "admin": configuration.admin(),
        "tasks": configuration.tasks(found, scenarios),
        "target-data": configuration.target_data(),
        "model-metadata-schema": configuration.metadata_schema(),
    }
    for name, content in files.items():
        write_text(folder / "hub-config" / f"{name}.json", to_json(content))


def _models(folder: Path, manifest: dict[str, Any]) -> None:
    from ruamel.yaml import YAML

    writer = YAML()
    writer.width = 100
    for name, about in configuration.metadata(manifest).items():
        text = io.StringIO()
        writer.dump(about, text)
        write_text(folder / "model-metadata" / f"{name}.yml", text.getvalue())


def _sums(observed: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the 12-month sums as published, by target, in order of time."""
    found = target_data.outcomes(observed).sort_values("target_end_date")
    return {name: found.loc[found["target"] == name, "value"].to_numpy(float) for name in TARGETS}


def _abstract(forecast: Forecast, found: Counts) -> str:
    """Return what this round assumes, in Markdown."""
    open_months = "\n".join(
        f"- {target}: {number} to {found.reference:%B %Y}" for target, number in found.incomplete.items()
    )
    mixes = "\n".join(
        f"- `{mix.name}`: {mix.title}{' (the reference)' if mix.name == forecast.reference else ''}"
        for mix in forecast.scenarios
    )
    fitted = forecast.manifest.get("last_observed", "a day that is not told")
    return f"""# Round of {found.reference:%Y-%m-%d}

Made by `{forecast.manifest["command"]}`, sdforecast {forecast.manifest["sdforecast"]}, {forecast.manifest["created"]}.

Deaths were counted to {found.reference:%B %Y}; the posterior knows them to {fitted}.
Horizons count months from the last counted one, not from the day of the forecast. What is foretold is the count once
the year is closed.

Months and 12-month sums that were not closed, horizons of zero or less, are a **nowcast**, not a forecast:

{open_months}

A scenario is a condition: what happens if instruments move so. No chance is given to any.

{mixes}

Sample k of `{configuration.PATHS_ID}` is the same draw under every scenario, for every target and month.
"""
