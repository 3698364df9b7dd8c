"""What somebody knew at an origin: the history of that day, made from the shipped one.

    known_at(origin, folder=None, *, variant="then", seed=0, day=None) -> Known
    Known.rows, Known.vintages          as history.load and history.load_vintages give them
    Known.write(folder) -> folder       a history folder that `Sources(folder=...)` of a study reads
    Known.sources                       series -> "file of YYYY-MM-DD", "simulated" or "today"
    origins(), origin_of(), released()  in .dates

An **origin** is the last day of the last month whose deaths are known; horizons count from it. The file with that month
came out on `Known.released`, five to seven months later. Everything else must have been public at the end of the
origin's own month already (`day`), which is stricter than it was: who waited for the file knew half a year more of it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sdforecast import history, shipped
from sdforecast.backtesting import dates
from sdforecast.backtesting.deaths import SERIES, Variant, deaths
from sdforecast.backtesting.published import published
from sdforecast.errors import InputError, Problem
from sdforecast.history import COLUMNS

_DESCRIPTIONS = "series.toml"
_OF_FILES = ("month", "12-month-ending", "calendar-year")


@dataclass(frozen=True, eq=False)
class Known:
    """What was known at an origin.

    Attributes
    ----------
    origin : last day of the last month whose deaths are known; horizons count from it.
    released : day on which that month was out: of the kept file if one is used, else by the lag of the time.
    day : day by which everything but deaths was public.
    variant : how deaths are known, see :mod:`.deaths`.
    rows, vintages : in the form of `history.load` and `history.load_vintages`; nothing in them ends after the origin.
    sources : by series of deaths, `file of YYYY-MM-DD`, `simulated` or `today`.
    folder : the history it was made from.
    """

    origin: pd.Timestamp
    released: pd.Timestamp
    day: pd.Timestamp
    variant: Variant
    rows: pd.DataFrame
    vintages: pd.DataFrame
    sources: Mapping[str, str]
    folder: Path

    def write(self, folder: Path) -> Path:
        """Write the history of the day into a folder and return it; `history.load(folder)` gives `rows` again."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in (("known.csv", self.rows), ("known_vintages.csv", self.vintages)):
            table[list(COLUMNS)].to_csv(folder / name, index=False, date_format="%Y-%m-%d", lineterminator="\n")
        words = self.folder / _DESCRIPTIONS
        shutil.copyfile(words if words.is_file() else shipped.history_dir() / _DESCRIPTIONS, folder / _DESCRIPTIONS)
        return folder


def known_at(
    origin: str | pd.Timestamp,
    folder: Path | None = None,
    *,
    variant: Variant = "then",
    seed: int = 0,
    day: pd.Timestamp | None = None,
) -> Known:
    """Return what was known at `origin`, a month (`YYYY-MM`) or a day in it.

    Parameters
    ----------
    folder : a history; the shipped one by default.
    variant : `then`: the file of the day where one is kept, simulated noise of reporting elsewhere; `simulated`: such
        noise everywhere; `today`: today's counts.
    seed : of the noise; together with the origin it fixes every draw.
    day : day by which all else was public; the origin by default. `released(origin)` is what one knew who waited.

    Raises
    ------
    InputError : not a month, a month without deaths, a series without a publication lag, a `day` after the file's.
    """
    end = dates.origin_of(origin)
    rows, vintages = history.load(folder), history.load_vintages(folder)
    return _known(rows, vintages, end, folder, variant, seed, day)


def _known(
    rows: pd.DataFrame,
    vintages: pd.DataFrame,
    origin: pd.Timestamp,
    folder: Path | None,
    variant: Variant,
    seed: int,
    day: pd.Timestamp | None,
) -> Known:
    due = dates.released(origin)
    found = {
        name: deaths(rows, vintages, name, origin, due, variant=variant, seed=seed)
        for name in SERIES
        if (rows["series"] == name).any()
    }
    # One file holds all drugs: where one series has it, the day of the release is that of the file.
    out = max((each.file for each in found.values() if each.file is not None), default=due)
    public = origin if day is None else day
    if public > max(out, due):
        raise InputError(Problem(f"{public:%Y-%m-%d} is after the release of {origin:%Y-%m}, {out:%Y-%m-%d}"))
    of_files = (
        rows["series"].isin(SERIES) & rows["aggregation"].isin(_OF_FILES)
        & (rows["breakdown"] == "occurrence") & (rows["geography"] == "US")
    )  # fmt: skip
    others = published(rows[~of_files], history.load_descriptions(folder), public)
    parts = [others[others["period_end"] <= public], *(each.rows for each in found.values())]
    return Known(
        origin, out, public, variant, pd.concat(parts, ignore_index=True), _vintages(vintages, origin, out),
        {name: each.source for name, each in found.items()}, folder or shipped.history_dir(),
    )  # fmt: skip


def _vintages(vintages: pd.DataFrame, origin: pd.Timestamp, released: pd.Timestamp) -> pd.DataFrame:
    """Return what files up to `released` said of months up to the origin; a vintage of a month or year is its end."""
    day = {v: pd.Period(v, {4: "Y", 7: "M", 10: "D"}[len(v)]).end_time.normalize() for v in vintages["vintage"].unique()}
    known = (vintages["vintage"].map(day) <= released) & (vintages["period_end"] <= origin)
    return vintages[known].reset_index(drop=True)
