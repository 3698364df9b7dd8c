"""A hub held to the hubverse's rules (schema v6.0.0): our own validator, for our hub and for any other.

The checks bear the names of those of R's `hubValidations`, which our machines do not have. An *error* is what makes
further checks of the file pointless, a *failure* what is wrong with a file that can be read.
"""

from sdforecast.issuing.checking.faults import Fault
from sdforecast.issuing.checking.whole import check

__all__ = ["Fault", "check"]
