"""One sector of a model alone: what comes in from the others, and the series that stand for it."""

from sdforecast.sectors.boundary import Boundary, boundary, computed
from sdforecast.sectors.holding import HISTORY, RUN, Held, Inputs, Origin, held

__all__ = ["HISTORY", "RUN", "Boundary", "Held", "Inputs", "Origin", "boundary", "computed", "held"]
