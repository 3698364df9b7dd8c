"""The sections of a report, one module each, in the order in which a reader meets them."""

from sdforecast.reporting.sections.whole import Extras, content

__all__ = ["Extras", "content"]
