"""Estimating constants from the history, and the sets of them that fit acceptably."""

from sdforecast.inference.calibrating import calibrate
from sdforecast.inference.estimate import Estimate, load, write
from sdforecast.inference.into_model import with_constants
from sdforecast.inference.problem import Problem as FitProblem
from sdforecast.inference.search import Start, search
from sdforecast.inference.sets import Acceptance, acceptable_sets

__all__ = [
    "Acceptance",
    "Estimate",
    "FitProblem",
    "Start",
    "acceptable_sets",
    "calibrate",
    "load",
    "search",
    "with_constants",
    "write",
]
