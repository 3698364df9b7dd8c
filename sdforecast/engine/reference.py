"""One run of a model through PySD."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import CONTROL

Override = float | pd.Series
"""A constant, or a series over model time that is interpolated linearly and held flat outside."""


class Simulator:
    """A model loaded into PySD, ready to run again and again.

    Every run starts from the model file's own values: what one run overrides does not reach the next.
    """

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        self._pysd = self._load()
        self._told: frozenset[str] = frozenset()
        table = model.variables
        self._no_scalars = {
            str(name): f"has the subscripts {dims}" if dims else "is a table"
            for name, kind, dims in zip(table["name"], table["kind"], table["subscripts"], strict=True)
            if dims or kind == "lookup"
        }

    def _load(self) -> Any:
        import pysd

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return pysd.load(str(self.model.translation), initialize=True)
        except Exception as error:  # a user's model may fail in any way
            raise InputError(self._fault("cannot be started", error)) from error

    def run(
        self, overrides: Mapping[str, Override], columns: Sequence[str] | None = None, until: float | None = None
    ) -> pd.DataFrame:
        """Run once and return the saved values.

        Parameters
        ----------
        overrides : constants and series by variable name, any case.
        columns : variables to return, any case; all that are saved if None.
        until : last time of the run, in the model's unit; its own final time if None.

        Returns
        -------
        One row a saved time (index `time`), one column a variable under the modeller's name.

        Raises
        ------
        InputError : an unknown name, a column that is no single number, or the model fails while it runs.
        """
        params = {self.model.name_of(name): value for name, value in overrides.items()}
        control = {name: params.pop(name) for name in CONTROL if name in params}
        if "INITIAL TIME" in control:
            raise InputError(Problem("PySD cannot begin at another INITIAL TIME", file=str(self.model.path)))
        final = control.pop("FINAL TIME", None)
        until = float(final) if until is None and isinstance(final, int | float) else until
        wanted = None if columns is None else [self._column(name) for name in columns]
        told = frozenset(params) | frozenset(control) | ({"FINAL TIME"} if until is not None else set())
        stale = not self._told <= told  # PySD keeps what it was told; reading anew takes as long as a run
        self._told = told
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                table: pd.DataFrame = self._pysd.run(
                    params=params or None,
                    return_columns=wanted,
                    final_time=until,
                    reload=stale,
                    progress=False,
                    time_step=control.get("TIME STEP"),
                    saveper=control.get("SAVEPER"),
                )
        except Exception as error:  # as above
            raise InputError(self._fault("failed while running", error)) from error
        table.index.name = "time"
        return table if wanted is None else table[wanted]

    def _column(self, word: str) -> str:
        name = self.model.name_of(word)
        if name in self._no_scalars:
            what = f"'{name}' {self._no_scalars[name]}, so it is no single number at a time"
            raise InputError(Problem(what, file=str(self.model.path)))
        return name

    def _fault(self, what: str, error: Exception) -> Problem:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        return Problem(f"{what}: {reason}", file=str(self.model.path))
