"""What somebody knew at an origin: history, inputs, priors and targets of that day, made from the shipped ones.

    known_at(origin, folder=None, *, variant="then", seed=0, day=None, hindsight=None) -> Known
    Known.rows, Known.vintages       as history.load and history.load_vintages give them
    Known.deaths_from                series -> "file of YYYY-MM-DD", "simulated" or "today"
    Known.inputs(model)              variable -> series: instruments and tables over time, the future held or carried on
    Known.scenario                   the same instruments as a Scenario, for a forecast
    Known.priors(table), Known.held  constants as they may be used at the origin
    Known.write(folder) -> Sources   all of it as files: history, parameters.toml, targets.toml
    origins(), origin_of(), released()  in .dates

An **origin** is the last day of the last month whose deaths are known; horizons count from it. The file with that month
came out on `Known.released`, five to seven months later. Everything else must have been public at the end of the
origin's own month already (`day`), which is stricter than it was: who waited for the file knew half a year more of it.

A study reads the folder that `write` makes and nothing else of the history, provided that its completeness is estimated
from `Known.vintages` and that `Known.inputs` stands for the instruments and the tables of the model file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from sdforecast import history, scenario, shipped
from sdforecast.backtesting import dates, timeline, writing
from sdforecast.backtesting import hindsight as rules
from sdforecast.backtesting.deaths import SERIES, Variant, deaths
from sdforecast.backtesting.hindsight import Hindsight
from sdforecast.backtesting.published import published
from sdforecast.errors import InputError, Problem
from sdforecast.inference.studying import Sources
from sdforecast.model import ModelFile
from sdforecast.parameters import Parameter
from sdforecast.scenario import events

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
    rows, vintages : in the form of `history.load` and `history.load_vintages`; nothing in them ends after the origin
        (`rows` besides deaths: after `day`).
    deaths_from : by series of deaths, `file of YYYY-MM-DD`, `simulated` or `today`.
    instruments : knots of the instruments, in the form of `scenario.instrument_history`.
    tables : by name of the input, its course to the end of a run.
    hindsight : what stands for what was learnt later.
    folder : the history it was made from.
    """

    origin: pd.Timestamp
    released: pd.Timestamp
    day: pd.Timestamp
    variant: Variant
    rows: pd.DataFrame
    vintages: pd.DataFrame
    deaths_from: Mapping[str, str]
    instruments: pd.DataFrame
    tables: Mapping[str, pd.Series]
    hindsight: Hindsight
    folder: Path

    @cached_property
    def scenario(self) -> scenario.Scenario:
        """The scenario in which every instrument keeps the last level known."""
        return timeline.held(self.instruments, self.day)

    @property
    def levels(self) -> pd.DataFrame:
        """The level of every instrument by month, as `scenario.levels` gives them under `scenario`."""
        return scenario.levels(self.scenario, self.instruments)

    @property
    def held(self) -> dict[str, float]:
        """Constants that keep a value at this origin, with it: what a study is to `hold`."""
        return self.hindsight.held(self.day)

    def inputs(self, model: ModelFile) -> dict[str, pd.Series]:
        """Return all that enters from outside by its name in `model`: by model time, linear between, flat outside.

        What the model lacks is left out.
        """
        names = {name.casefold(): name for name in model.names}
        levels = self.levels
        given = {str(name).replace("_", " "): levels[name].astype(float) for name in levels} | dict(self.tables)
        return {names[name.casefold()]: series for name, series in given.items() if name.casefold() in names}

    def priors(self, table: Sequence[Parameter], *, whole: bool = True) -> list[Parameter]:
        """Return a table of parameters with the priors that may be used at this origin; see `Hindsight.priors`."""
        return self.hindsight.priors(table, self.day, whole=whole)

    def write(self, folder: Path, sources: Sources | None = None) -> Sources:
        """Write the history, the priors and the targets of the day into a folder and return them as sources of a study.

        `sources` names the tables of parameters and of targets to start from, by default the shipped ones. Targets that
        find no observation yet are left out. `history.load(folder)` gives `rows` again.
        """
        given = sources or Sources()
        priors = self.priors(writing.table(given.parameters), whole=given.parameters is None)
        writing.history(folder, self.rows, self.vintages, self.folder)
        writing.instruments(folder, self.instruments)
        return Sources(
            folder=folder,
            parameters=writing.parameters(folder, priors),
            targets=writing.targets(folder, given.targets, self.rows, self.folder),
        )


def known_at(
    origin: str | pd.Timestamp,
    folder: Path | None = None,
    *,
    variant: Variant = "then",
    seed: int = 0,
    day: pd.Timestamp | None = None,
    hindsight: Path | None = None,
) -> Known:
    """Return what was known at `origin`, a month (`YYYY-MM`) or a day in it.

    Parameters
    ----------
    folder : a history; the shipped one by default.
    variant : `then`: the file of the day where one is kept, simulated noise of reporting elsewhere; `simulated`: such
        noise everywhere; `today`: today's counts.
    seed : of the noise; together with the origin it fixes every draw.
    day : day by which all else was public; the origin by default. `released(origin)` is what one knew who waited.
    hindsight : the file of what was learnt later; the shipped one by default.

    Raises
    ------
    InputError : not a month, a month without deaths, a series without a publication lag, an input without a rule, a
        `day` after the file's.
    """
    end = dates.origin_of(origin)
    rows, vintages, told = history.load(folder), history.load_vintages(folder), rules.load(hindsight)
    due = dates.released(end)
    found = {
        name: deaths(rows, vintages, name, end, due, variant=variant, seed=seed)
        for name in SERIES
        if (rows["series"] == name).any()
    }
    # One file holds all drugs: where one series has it, the day of the release is that of the file.
    out = max((each.file for each in found.values() if each.file is not None), default=due)
    public = end if day is None else day
    if public > max(out, due):
        raise InputError(Problem(f"{public:%Y-%m-%d} is after the release of {end:%Y-%m}, {out:%Y-%m-%d}"))
    of_files = (
        rows["series"].isin(SERIES) & rows["aggregation"].isin(_OF_FILES)
        & (rows["breakdown"] == "occurrence") & (rows["geography"] == "US")
    )  # fmt: skip
    others = published(rows[~of_files], history.load_descriptions(folder), public)
    parts = [others, *(each.rows for each in found.values())]
    place = folder or shipped.history_dir()
    return Known(
        end, out, public, variant, pd.concat(parts, ignore_index=True), _vintages(vintages, end, out),
        {name: each.source for name, each in found.items()},
        timeline.instruments(scenario.instrument_history(_own(place, "instruments.csv")), told, public),
        timeline.tables(events.events(_own(place, "events.csv")), told, public), told, place,
    )  # fmt: skip


def _own(folder: Path, name: str) -> Path | None:
    """Return the table of a folder of the user's, None (the shipped one) where it has none."""
    return folder / name if (folder / name).is_file() else None


def _vintages(vintages: pd.DataFrame, origin: pd.Timestamp, released: pd.Timestamp) -> pd.DataFrame:
    """Return what files up to `released` said of months up to the origin; a vintage of a month or year is its end."""
    days = pd.to_datetime(vintages["vintage"].map({v: _last_day(v) for v in vintages["vintage"].unique()}))
    return vintages[(days <= released) & (vintages["period_end"] <= origin)].reset_index(drop=True)


def _last_day(vintage: str) -> pd.Timestamp | None:
    """Return the last day that a vintage may mean, None for one that is not dated: nobody knows when it was known."""
    kind = {4: "Y", 7: "M", 10: "D"}.get(len(vintage))
    return None if kind is None else pd.Timestamp(pd.Period(vintage, kind).end_time.normalize())
