"""What a ready program is run on: numbers only, in arrays that the interpreter and the machine code share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Inputs:
    """The inputs of a batch of members that share everything but their draw.

    `rows` counts the steps and the first row; `moments` is 1 (Euler) or 3 (Runge-Kutta: begin, middle and end of a
    step). All arrays are C-ordered doubles but `saved`.

    Attributes
    ----------
    clock : time [rows, moments].
    saved : which rows are kept, bool [rows].
    parameters : values of all parameters of the program [parameters]; those that vary are not read from here.
    varied : values of the parameters that differ between members [members, varied].
    series : values of the series that members share [rows, moments, shared series].
    own : values of the series that differ between members [members, rows, moments, own series].
    """

    clock: np.ndarray
    saved: np.ndarray
    parameters: np.ndarray
    varied: np.ndarray
    series: np.ndarray
    own: np.ndarray

    @property
    def members(self) -> int:
        """Return how many members there are."""
        return int(self.varied.shape[0])
