"""One chain of the No-U-Turn sampler, by nutpie, in a thread of its own.

nutpie is called with functions of Python, so that nothing is compiled. Its mass matrix follows from draws and gradients
together: where the two are those of a standard normal it is the identity from the first windows on, so that a short
warm-up is enough for white coordinates. Where the Laplace approximation was wrong in some directions, a low-rank
correction of the matrix learns them: two to eight times fewer gradients on normal distributions whose root was off.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from sdforecast.errors import MachineError, Problem, SdforecastError
from sdforecast.inference.whitening import White, WhiteDensity

STATISTICS = {
    "lp": "logp", "diverging": "diverging", "energy": "energy", "tree_depth": "depth", "n_steps": "n_steps",
    "acceptance_rate": "mean_tree_accept", "step_size": "step_size", "reached_max_treedepth": "maxdepth_reached",
}  # fmt: skip
"""ArviZ's names of what is kept of each draw, and nutpie's."""


Statistics = dict[str, np.ndarray]
"""Values [draw] for each of `STATISTICS`."""


@dataclass(frozen=True)
class Drawn:
    """What a chain has given so far.

    Attributes
    ----------
    positions : [draw, n], in the caller's coordinates, without the warm-up.
    statistics : of these draws.
    warmup : of the warm-up.
    """

    positions: np.ndarray
    statistics: Statistics
    warmup: Statistics

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True)
class Settings:
    """How a chain is sampled: draws to keep and of the warm-up, acceptance to aim at, deepest tree, mass matrix."""

    draws: int
    tune: int
    target_accept: float
    max_treedepth: int
    low_rank: bool


def nutpie_or_error() -> Any:
    """Return the module; raises `MachineError` where it is not installed."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # ArviZ announces its next version at each start
            import nutpie
            from nutpie import compiled_pyfunc  # noqa: F401  loaded here, so that its absence is told here
    except ImportError as error:
        hint = 'pip install "sdforecast[calibrate]"'
        raise MachineError(Problem(f"sampling a posterior needs nutpie: {error}", hint=hint)) from error
    return nutpie


class Chain:
    """A chain that runs in the background from the moment it is made."""

    def __init__(self, density: WhiteDensity, white: White, start: np.ndarray, seed: int, settings: Settings) -> None:
        nutpie = nutpie_or_error()
        self._density, self._white, self._settings = density, white, settings
        self._completed = 0
        model = nutpie.compiled_pyfunc.from_pyfunc(
            ndim=len(start),
            make_logp_fn=lambda: density,
            make_expand_fn=self._counting,
            expanded_dtypes=[np.dtype(np.float64)],
            expanded_shapes=[(len(start),)],
            expanded_names=["w"],
            make_initial_point_fn=lambda _: start,
        )
        self._sampler = nutpie.sample(
            model, draws=settings.draws, tune=settings.tune, chains=1, cores=1, seed=seed, progress_bar=False,
            blocking=False, return_raw_trace=True, target_accept=settings.target_accept,
            maxdepth=settings.max_treedepth, **_mass_matrix(nutpie, settings.low_rank),
        )  # fmt: skip

    def _counting(self, *_: int) -> Callable[[np.ndarray], dict[str, np.ndarray]]:
        """Return the function that nutpie calls with each draw."""

        def keep(w: np.ndarray) -> dict[str, np.ndarray]:
            self._completed += 1
            return {"w": w}

        return keep

    @property
    def completed(self) -> int:
        """Draws so far, those of the warm-up with them."""
        return min(self._completed, self._settings.tune + self._settings.draws)

    @property
    def evaluations(self) -> int:
        """How often the density was asked."""
        return self._density.evaluations

    def ended(self, within: float) -> Drawn | None:
        """Wait for the end, at most `within` seconds; returns all draws, or None if there is more to come.

        Raises what the density raised, and `MachineError` where nutpie gives up.
        """
        try:
            trace = self._sampler.wait(timeout=within)
        except TimeoutError:
            if self._density.fault is not None:
                raise self._density.fault from None
            return None
        except (RuntimeError, ValueError) as error:
            raise self._density.fault or _gave_up(error) from error
        if self._density.fault is not None:
            raise self._density.fault
        return self._drawn(trace, self.completed)

    def so_far(self) -> Drawn:
        """Return the draws so far; the chain goes on."""
        return self._drawn(self._sampler.inspect(), self.completed)

    def statistics(self) -> tuple[Statistics, Statistics]:
        """Return the statistics so far, after the warm-up and of it: cheaper than the draws."""
        return self._split(_tables(self._sampler.inspect())[1], self.completed)

    def stop(self) -> Drawn:
        """End the chain within the time of one evaluation of the density; returns the draws before."""
        completed = self.completed  # before the density turns to -inf: later draws are spoilt
        self._density.stop()
        try:
            return self._drawn(self._sampler.abort(), completed)
        except (RuntimeError, ValueError, IndexError):  # it has given up before: nutpie has no draws
            return Drawn(np.empty((0, 0)), {}, {})

    def _drawn(self, trace: Any, completed: int) -> Drawn:
        draws, statistics = _tables(trace)
        after, warmup = self._split(statistics, completed)
        tune, rows = len(warmup["lp"]), len(warmup["lp"]) + len(after["lp"])
        w = np.reshape(draws.column("w").flatten().to_numpy(zero_copy_only=False), (-1, len(self._white.centre)))
        return Drawn(self._white.positions(w[tune:rows]), after, warmup)

    def _split(self, table: Any, rows: int) -> tuple[Statistics, Statistics]:
        columns = {name: _column(table, theirs)[:rows] for name, theirs in STATISTICS.items()}
        tune = self._settings.tune
        warmup = {name: values[:tune] for name, values in columns.items()}
        return {name: values[tune:] for name, values in columns.items()}, warmup


def _mass_matrix(nutpie: Any, low_rank: bool) -> dict[str, Any]:
    """Return the argument that chooses the mass matrix; it was renamed after nutpie 0.16.8."""
    if "adaptation" in inspect.signature(nutpie.sample).parameters:
        return {"adaptation": "low_rank" if low_rank else "diag"}
    return {"low_rank_modified_mass_matrix": low_rank}


def _tables(trace: Any) -> tuple[Any, Any]:
    """Return the draws and the statistics of the one chain of a trace, in the classes of PyArrow."""
    import pyarrow

    draws, statistics = (pyarrow.record_batch(batches[0]) for batches in trace.get_arrow_trace())
    return draws, statistics


def _column(table: Any, name: str) -> np.ndarray:
    values = np.asarray(table.column(name).to_numpy(zero_copy_only=False))
    return values.astype(np.int64) if values.dtype.kind == "u" else values


def _gave_up(error: Exception) -> SdforecastError:
    reason = str(error).strip().split("\n")[0]
    hint = "is the density smooth, and finite at the mode?"
    return MachineError(Problem(f"the sampler gave up: {reason}", hint=hint))
