"""Labels beside lines: moved apart so that none covers another."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from sdforecast.plot.style import INK


def apart(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions near the wanted ones, in the same order of size, at least `gap` apart, inside the bounds.

    Where the bounds leave no room for that, positions are evenly spaced between them.
    """
    if not wanted:
        return []
    order = sorted(range(len(wanted)), key=lambda k: wanted[k])
    room = min(gap, (high - low) / max(1, len(wanted) - 1))
    blocks: list[list[float]] = []  # mean of the first member's wish, members
    for rank, k in enumerate(order):
        blocks.append([wanted[k] - rank * room, 1.0])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, members = blocks.pop()
            before, n = blocks.pop()
            blocks.append([(before * n + mean * members) / (n + members), n + members])
    bases = [base for base, members in blocks for _ in range(int(members))]
    placed = [0.0] * len(wanted)
    for rank, (k, base) in enumerate(zip(order, bases, strict=True)):
        last = high - (len(wanted) - 1) * room
        placed[k] = min(max(base, low), max(low, last)) + rank * room
    return placed


def label_ends(
    axes: Axes, ends: Sequence[tuple[float, str, str]], height: float, *, stroke: float = 0.03, size: float = 7.5
) -> None:
    """Write labels to the right of the axes, beside the ends of lines.

    `ends` holds (value on the vertical axis, text, colour of the stroke that ties the label to its line); `height`
    is that of the axes in inches, roughly, and `stroke` the length of the strokes as a share of its width. The limits
    of the axes must be set before.
    """
    low, high = axes.get_ylim()
    lines = max((text.count("\n") + 1 for _, text, _ in ends), default=1)
    gap = (high - low) * size * 1.3 * lines / (height * 72)
    for (value, text, colour), place in zip(ends, apart([end[0] for end in ends], gap, low, high), strict=True):
        axes.annotate(
            text, (1, value), (1 + stroke, place), ("axes fraction", "data"), ("axes fraction", "data"),
            fontsize=size, va="center", color=INK, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "shrinkA": 1, "shrinkB": 0, "relpos": (0, 0.5)},
        )  # fmt: skip
