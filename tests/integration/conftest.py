"""Fixtures of other parts that the command line is tested with."""

from tests.issuing.conftest import made, written

__all__ = ["made", "written"]
