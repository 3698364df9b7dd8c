"""Issued forecasts: the hub that others can read, and the archive of editions that are scored later."""

from sdforecast.issuing.checking import Fault, check
from sdforecast.issuing.counts import Counts, counts, possible
from sdforecast.issuing.quantities import QUANTITIES, Quantity
from sdforecast.issuing.writing import FEWEST, FOLDER, write_hub

__all__ = ["FEWEST", "FOLDER", "QUANTITIES", "Counts", "Fault", "Quantity", "check", "counts", "possible", "write_hub"]
