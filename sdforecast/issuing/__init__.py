"""Issued forecasts: the hub that others can read, and the archive of editions that are scored later."""

from sdforecast.issuing.archive import ARCHIVE, Edition, described, editions, faults, issue, ready
from sdforecast.issuing.checking import Fault, check
from sdforecast.issuing.counts import Counts, counts, possible
from sdforecast.issuing.evaluating import Evaluation, evaluate
from sdforecast.issuing.quantities import QUANTITIES, Quantity
from sdforecast.issuing.since import Since, since
from sdforecast.issuing.writing import FOLDER, HOLDS, SINCE, lacking, write_hub

__all__ = [
    "ARCHIVE",
    "FOLDER",
    "HOLDS",
    "QUANTITIES",
    "SINCE",
    "Counts",
    "Edition",
    "Evaluation",
    "Fault",
    "Quantity",
    "Since",
    "check",
    "counts",
    "described",
    "editions",
    "evaluate",
    "faults",
    "issue",
    "lacking",
    "possible",
    "ready",
    "since",
    "write_hub",
]
