"""The sign of each link: does the effect rise or fall when only this cause rises?

Each equation is evaluated by itself where a run has been (:mod:`.local`): at moments of it the cause alone is moved
over the values that it takes in the run. The differences between neighbouring values are all one way (`+` or `-`),
both ways (`±`), or nothing; then four times that range is tried, and what has no effect there either, or stands in an
equation that the engine does not know, is `?`. Differences see the effect of a condition, to which a derivative is
blind. A stock's sign is that of the effect on its rate; a delay or smooth counts as what goes in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from sdforecast.engine.once import once
from sdforecast.model import ModelFile
from sdforecast.structure.graph import causal_graph
from sdforecast.structure.local import Equation, Moments, equations

SIGNS = ("+", "-", "±", "?")
VALUES = 9
"""Values between the least and the largest of a run to which a cause is moved."""
NEGLIGIBLE = 1e-9
"""Share of all change that must go the other way before a sign is called mixed: rounding gives less."""

Links = Mapping[tuple[str, str], str]
"""Sign of each link (cause, effect)."""


def polarities(model: ModelFile, run: xr.Dataset | None = None) -> Links:
    """Return the sign of every link that the engine can evaluate; what is missing has none (see :func:`sign_of`).

    Parameters
    ----------
    run : a run of all variables in the model's own time, over `time`; by default one is made.
    """
    at = Moments(once(model) if run is None else run)
    seen: dict[tuple[str, str], set[str]] = {}
    for equation in equations(model):
        for (name, cell), leaf in equation.causes:
            signs = _signs(equation, leaf, at, at.values((name, cell)))
            seen.setdefault((name, equation.effect[0]), set()).update(signs)
    causes = set(causal_graph(model).links)  # without what an equation looks at only at the start, as by INITIAL
    return {link: _together(signs) for link, signs in seen.items() if link in causes}


def sign_of(links: Links, cause: str, effect: str) -> str:
    """Return the sign of a link, `?` where it is not known."""
    return links.get((cause, effect), "?")


def product(signs: Sequence[str]) -> str:
    """Return the sign of a chain of links."""
    for unclear in ("?", "±"):
        if unclear in signs:
            return unclear
    return "-" if signs.count("-") % 2 else "+"


def _together(signs: set[str]) -> str:
    known = signs - {"?"}
    return "?" if not known else known.pop() if len(known) == 1 else "±"


def _signs(equation: Equation, cause: int, at: Moments, values: np.ndarray) -> set[str]:
    """Return which ways the effect goes while a cause rises: some of `+` and `-`, or `?`."""
    known = values[np.isfinite(values)]
    if not len(known):
        return {"?"}
    for times in (1, 4):
        results = at.moved(equation, cause, _points(known, times))
        with np.errstate(all="ignore"):
            change = np.diff(results, axis=0)
        change = change[np.isfinite(change)]
        up, down = float(change[change > 0].sum()), float(-change[change < 0].sum())
        total = up + down
        if np.isfinite(total) and total > 0:
            return {sign for sign, part in (("+", up), ("-", down)) if part > NEGLIGIBLE * total}
    return {"?"}


def _points(known: np.ndarray, times: int) -> np.ndarray:
    """Return rising values from the least to the largest; about a value that never changes, half of it either way.

    With `times` above one from nothing to so many times the largest, or its mirror image.
    """
    least, largest = float(known.min()), float(known.max())
    if times > 1:
        least, largest = min(least * times, 0.0), max(largest * times, 0.0)
    if largest - least <= 1e-9 * max(abs(least), abs(largest)):
        reach = abs(least) / 2 or 1.0
        least, largest = (least - reach if least else 0.0), largest + reach
    return np.unique(np.linspace(least, largest, VALUES))
