"""What a picture is made of, without a word about how it was laid out or how it will be written.

Lengths are pixels of the drawing, x to the right, y downwards; a box is told by its centre and its size.
"""

from __future__ import annotations

from dataclasses import dataclass

LABELS = ("auxiliary", "input", "flow", "constant", "lookup", "data", "shadow", "outside", "note")
"""Kinds of boxes that are words only."""


@dataclass(frozen=True)
class Box:
    """A thing with a place: a stock, a valve, a cloud or a word.

    Attributes
    ----------
    key : its name within the picture; that of a variable is the variable's own.
    kind : stock, valve, cloud or one of :data:`LABELS`; `flow` is the word at a valve, `shadow` a copy of a variable
        that has its place elsewhere, `outside` a copy of one that comes from outside the model, `note` a comment.
    x, y, width, height : centre and size.
    lines : the words, broken into lines.
    about : a longer text for those who point at it or hear it read.
    """

    key: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...] = ()
    about: str = ""

    @property
    def edges(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom."""
        w, h = self.width / 2, self.height / 2
        return self.x - w, self.y - h, self.x + w, self.y + h

    def overlaps(self, other: Box, gap: float = 0.0) -> bool:
        """Return whether two boxes share more than an edge, or come closer than `gap`."""
        return (
            abs(self.x - other.x) < (self.width + other.width) / 2 + gap - 1e-9
            and abs(self.y - other.y) < (self.height + other.height) / 2 + gap - 1e-9
        )


@dataclass(frozen=True)
class Pipe:
    """A flow between two of stock and cloud, through a valve.

    Attributes
    ----------
    source, valve, target : keys of boxes.
    points : corners of the pipe from source to target, all its parts level or upright.
    two_way : whether it may run either way.
    """

    source: str
    valve: str
    target: str
    points: tuple[tuple[float, float], ...]
    two_way: bool = False


@dataclass(frozen=True)
class Arrow:
    """A link of cause and effect.

    Attributes
    ----------
    source, target : keys of boxes.
    middle : the point half way that its arc passes through.
    polarity : "+", "-" or nothing where it is not known or changes.
    initial : whether it counts for the value at the start only.
    """

    source: str
    target: str
    middle: tuple[float, float]
    polarity: str = ""
    initial: bool = False


@dataclass(frozen=True)
class Picture:
    """A stock-and-flow diagram.

    Attributes
    ----------
    title : its heading.
    about : one or two sentences on what is seen, for those who cannot see it.
    boxes : by their keys, in the order in which they are drawn.
    """

    title: str
    about: str
    boxes: dict[str, Box]
    pipes: tuple[Pipe, ...] = ()
    arrows: tuple[Arrow, ...] = ()
