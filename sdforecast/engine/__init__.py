"""Running models. PySD's own run is the definition of a right answer."""

from sdforecast.engine.ensemble import Job, run_jobs, workers
from sdforecast.engine.reference import Simulator

__all__ = ["Job", "Simulator", "run_jobs", "workers"]
