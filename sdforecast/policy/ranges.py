"""The full ranges of what is assumed: draws of every assumption from its prior, paired with draws of the posterior.

Data narrow some constants and leave others, the assumptions, nearly as they were. Here these are drawn from all of
their stated range by a scrambled Sobol' sequence (Owen 1998), and everything else, fitted constants, latent supply and
discrepancy, comes from a draw of the posterior that the sequence chooses, too. Such a draw is not conditioned on the
data: :mod:`.counting` tells how far it moves the past.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri
from scipy.stats import qmc

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.inference.positions import values_at
from sdforecast.parameters import Parameter

KIND = "assumption"


@dataclass(frozen=True)
class Ranges:
    """Assumptions and how a share of a range becomes a value.

    Attributes
    ----------
    parameters : what varies.
    even : every value of the range is as likely as any other (of the logarithm where the prior is log-normal);
        otherwise values follow the prior, cut at its bounds.
    """

    parameters: tuple[Parameter, ...]
    even: bool = False

    @property
    def names(self) -> list[str]:
        """Names of the constants."""
        return [each.name for each in self.parameters]

    def values(self, shares: np.ndarray) -> np.ndarray:
        """Return values [runs, parameters] of shares between 0 and 1: quantiles, 0 and 1 being the bounds."""
        if not self.even:
            with np.errstate(divide="ignore"):  # shares of 0 and 1 are infinitely far out, and then cut at the bounds
                return values_at(self.parameters, ndtri(shares))
        ends = np.array([p.bounds for p in self.parameters]).reshape(-1, 2)
        positions = ends[:, 0] + (ends[:, 1] - ends[:, 0]) * shares
        centre, spread = (np.array([getattr(p, of) for p in self.parameters]) for of in ("value", "spread"))
        logarithmic = np.array([p.distribution == "lognormal" for p in self.parameters], dtype=bool)
        moved = positions * spread
        found: np.ndarray = np.where(logarithmic, centre * np.exp(np.where(logarithmic, moved, 0.0)), centre + moved)
        return found


@dataclass(frozen=True)
class Design:
    """Draws of assumptions and of the posterior.

    Attributes
    ----------
    shares : [runs, assumptions], each between 0 and 1: where in its range a value lies.
    constants : the same as values, one row a run, one column an assumption.
    rows : which draw of the posterior gives the rest [runs].
    """

    shares: np.ndarray
    constants: pd.DataFrame
    rows: np.ndarray


def assumptions(parameters: Sequence[Parameter], varied: Sequence[str], only: Sequence[str] = ()) -> list[Parameter]:
    """Return the assumptions among the constants that a posterior has.

    Parameters
    ----------
    parameters : of the table of parameters.
    varied : constants that the posterior has draws of.
    only : these alone, in any case; without any, all.

    Raises
    ------
    InputError : an unknown name, with the nearest; a constant that is no assumption, with its kind; none at all.
    """
    kinds = {p.name.casefold(): p for p in parameters}
    there = {p.name.casefold(): p for p in parameters if p.kind == KIND and p.name in set(varied)}
    if not only:
        if not there:
            raise InputError(Problem(f"the posterior has no constant of kind '{KIND}'"))
        return list(there.values())
    problems, found = [], {}
    for name in only:
        key = name.strip().replace("_", " ").casefold()
        if key in there:
            found[key] = there[key]
        elif key in kinds and kinds[key].kind != KIND:
            what = f"'{kinds[key].name}' is no assumption: its kind is '{kinds[key].kind}'"
            problems.append(Problem(what, hint="the posterior gives its values"))
        elif key in kinds:
            problems.append(Problem(f"the posterior has no draws of '{kinds[key].name}'", hint="it was held"))
        else:
            hint = nearest(name, [p.name for p in there.values()])
            problems.append(Problem(f"no assumption '{name}'", hint=hint))
    if problems:
        raise InputError(*problems)
    return list(found.values())


def design(ranges: Ranges, runs: int, draws: int, seed: int = 1) -> Design:
    """Return so many runs, spread evenly over all ranges and over `draws` draws of the posterior.

    A number of runs that is a power of two is the best balanced, and its first half is as good a design.
    """
    sampler = qmc.Sobol(len(ranges.parameters) + 1, scramble=True, seed=seed)
    size = 1 << max(0, (runs - 1).bit_length())
    whole = sampler.random_base2(size.bit_length() - 1)[:runs]
    shares = whole[:, :-1]
    values = pd.DataFrame(ranges.values(shares), columns=pd.Index(ranges.names))
    return Design(shares, values, row_of(whole[:, -1], draws))


def row_of(shares: np.ndarray, draws: int) -> np.ndarray:
    """Return which of `draws` draws of a posterior belongs to shares between 0 and 1."""
    found: np.ndarray = np.minimum((shares * draws).astype(int), draws - 1)
    return found
