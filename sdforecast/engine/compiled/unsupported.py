"""What is not compiled (yet), as one exception: who catches it runs the model with PySD instead, or says so."""

from __future__ import annotations


class Unsupported(Exception):  # noqa: N818  reads as what it says: raise Unsupported("…")
    """A construct that the compiled engine does not know.

    Attributes
    ----------
    what : the construct, as it goes on after "uses": "ALLOCATE AVAILABLE", "random numbers".
    variable : whose equation holds it, if it is known.
    """

    def __init__(self, what: str, variable: str = "") -> None:
        self.what, self.variable = what, variable
        super().__init__(what)

    def __str__(self) -> str:
        return f"'{self.variable}' uses {self.what}" if self.variable else f"the model uses {self.what}"
