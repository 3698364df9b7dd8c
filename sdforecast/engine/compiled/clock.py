"""Time: the rows of a run and which of them are saved, by PySD's arithmetic to the last bit.

PySD adds the step again and again, stops once a step's hundred-thousandth would pass the final time, and saves where
the time since the start is a multiple of the saving period to within that hundred-thousandth.
"""

from __future__ import annotations

import math

import numpy as np

from sdforecast.errors import InputError, Problem

PRECISION = 1e-5
"""Part of a step that counts as rounding."""

MOST_ROWS = 50_000_000
"""Rows beyond which a run is refused: a step of zero, or a time in the wrong unit."""


def clock(
    initial: float, final: float, step: float, saving: float, *, moments: int = 1
) -> tuple[np.ndarray, np.ndarray]:
    """Return the time of each row [rows, moments], and which rows are saved [rows].

    Parameters
    ----------
    moments : 1, or 3 for begin, middle and end of each step.

    Raises
    ------
    InputError : a step or saving period that is not positive, or so many rows that something must be wrong.
    """
    if not all(math.isfinite(value) for value in (initial, final, step, saving)) or step <= 0 or saving <= 0:
        what = (
            f"times that do not make a run: from {initial:g} to {final:g} in steps of {step:g}, saved every {saving:g}"
        )
        raise InputError(Problem(what))
    if (final - initial) / step > MOST_ROWS:
        raise InputError(Problem(f"a run of {(final - initial) / step:.3g} steps", hint=f"at most {MOST_ROWS:,}"))
    rows = max(math.ceil((final - initial) / step) + 2, 1)
    begins = np.add.accumulate(np.array([initial] + [step] * (rows - 1), dtype=float))
    precision = step * PRECISION
    running = begins[:-1] + precision < final
    count = 1 + (int(np.argmin(running)) if not running.all() else len(running))
    begins = begins[:count]
    since = begins - initial
    saved = (np.mod(since, saving) < precision) | (np.mod(-since, saving) < precision)
    if moments == 1:
        return np.ascontiguousarray(begins[:, None]), saved
    return np.ascontiguousarray(np.stack([begins, begins + step / 2, begins + step], axis=1)), saved


def misses_final_time(times: np.ndarray, saved: np.ndarray, final: float, step: float) -> bool:
    """Return whether the last saved row is not the final time, which users rarely mean."""
    kept = times[saved, 0]
    return len(kept) == 0 or abs(float(kept[-1]) - final) > PRECISION * max(step, 1.0)


def labels(times: np.ndarray, step: float) -> np.ndarray:
    """Return times rounded as PySD labels its rows, so that the row at 0.3 is found under 0.3."""
    rounded: np.ndarray = np.round(times, -int(math.log10(step * PRECISION)))
    return rounded
