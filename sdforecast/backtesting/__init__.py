"""Back-tests: what was known at an origin, and forecasts made from nothing else."""

from sdforecast.backtesting.dates import origin_of, origins, released
from sdforecast.backtesting.knowing import Known, known_at

__all__ = ["Known", "known_at", "origin_of", "origins", "released"]
