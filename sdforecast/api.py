"""What `import sdforecast as sdf` offers: load a model, run it, estimate it, forecast, publish."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sdforecast import scenario as scenarios_
from sdforecast import writing
from sdforecast.forecasting import DEFAULT_SCENARIOS, Forecast, single
from sdforecast.forecasting import forecast as _forecast
from sdforecast.inference import Estimate
from sdforecast.inference import calibrate as _calibrate
from sdforecast.model import ModelFile, read

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr


class Model:
    """A Vensim or XMILE model that can be run.

    Attributes
    ----------
    file : what was read; see :class:`sdforecast.model.ModelFile`.
    """

    def __init__(self, file: ModelFile) -> None:
        self.file = file

    @property
    def variables(self) -> pd.DataFrame:
        """One row a variable: name, kind, unit, subscripts, sector, value, comment."""
        return self.file.variables.copy()

    def run(
        self,
        parameters: Mapping[str, float] | None = None,
        scenario: str | Path | None = None,
        variables: Sequence[str] | None = None,
    ) -> xr.Dataset:
        """Run once; returns a Dataset over `time` with units and comments in the attributes.

        Parameters
        ----------
        parameters : constants by name, any case.
        scenario : name or file of a policy mix, for a model with our instruments.
        variables : what to keep (default: every scalar stock and auxiliary).

        Raises
        ------
        InputError : an unknown name, with the nearest.
        """
        mixes = [] if scenario is None else [scenarios_.load(scenario)]
        runs = single.run(self.file, mixes, parameters, variables)
        return runs.isel(scenario=0, drop=True) if "scenario" in runs.dims else runs

    def __repr__(self) -> str:
        return f"Model({str(self.file.path)!r}, {len(self.file.variables)} variables)"


def load_model(path: str | Path | None = None) -> Model:
    """Read a model file (.mdl, .xmile, .xml, .stmx), by default the shipped one. PySD runs it as code."""
    return Model(read(path))


def calibrate(
    model: Model | None = None,
    *,
    starts: int = 3,
    sets: int = 24,
    seed: int = 1,
    told: Callable[[str], None] = lambda line: None,
) -> Estimate:
    """Estimate the constants of a model from the shipped history; minutes a start through PySD."""
    file = model.file if model is not None else read()
    command = f"sdf.calibrate(starts={starts}, sets={sets}, seed={seed})"
    return _calibrate(file, starts=starts, sets=sets, seed=seed, command=command, told=told)


def forecast(
    estimate: Estimate | None = None,
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    horizon: str = "2035-12",
    sets: int | None = None,
) -> Forecast:
    """Run the acceptable parameter sets of an estimate (default: the shipped one) under scenarios."""
    return _forecast(scenarios, estimate=estimate, horizon=horizon, sets=sets, command="sdf.forecast(...)")


def report(made: Forecast, folder: str | Path) -> None:
    """Write page, figures and data of a forecast to `folder`, which is replaced as a whole."""
    from sdforecast import reporting  # draws with matplotlib: only who publishes waits for it

    with writing.replaced_folder(Path(folder), reporting.HOLDS) as fresh:
        reporting.write(made, fresh)
