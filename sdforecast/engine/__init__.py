"""Running models: compiled where that can be, with PySD where not. PySD's run is the definition of a right answer.

* :mod:`.reference` runs a model with PySD; :mod:`.processes` does it many times.
* :mod:`.compiled` turns a model into machine code, one pass a module.
* :mod:`.choosing` says which of the two it is, and tells the user.
* :mod:`.jobs`, :mod:`.members` and :mod:`.gradients` are the ways in: runs by name, draws as arrays, derivatives.
* :mod:`.layout` puts labels on numbers.
"""

from sdforecast.engine.choosing import ENGINES, NonFiniteWarning, SlowEngineWarning
from sdforecast.engine.jobs import Job, Runner, run_jobs, threads
from sdforecast.engine.reference import Simulator

__all__ = ["ENGINES", "Job", "NonFiniteWarning", "Runner", "Simulator", "SlowEngineWarning", "run_jobs", "threads"]
