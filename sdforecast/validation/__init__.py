"""Confidence tests: what would make us distrust a model, tried one by one.

* :mod:`.validating` does them all; :mod:`.results` says what a result is;
* :mod:`.reading` and :mod:`.schema` read a file of checks, :mod:`.claims` the claims in it;
* :mod:`.bench` runs the model under changes, :mod:`.statements` tests claims about such runs;
* :mod:`.boundary`, :mod:`.conservation`, :mod:`.integration`, :mod:`.reproduction` and :mod:`.neutrality` are kinds of
  test with a form of their own; :mod:`.generic` has those that need no file of checks.
"""

from sdforecast.validation.results import FAILED, KINDS, NOT_DONE, PASSED, Result
from sdforecast.validation.validating import Validation, validate

__all__ = ["FAILED", "KINDS", "NOT_DONE", "PASSED", "Result", "Validation", "validate"]
