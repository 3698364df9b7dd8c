import itertools

import pytest
from matplotlib.figure import Figure

from sdforecast.plot.style import INK, QUIET, REFERENCE, grid, layout, lines, styled, wrap


def _luminance(colour: str) -> float:
    """Relative luminance by WCAG 2.2."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_texts_and_lines_stand_out_from_white() -> None:
    assert min(contrast(INK, "#ffffff"), contrast(QUIET, "#ffffff")) >= 4.5
    look = lines([f"s{k}" for k in range(7)], "s0")
    assert min(contrast(line.colour, "#ffffff") for line in look.values()) >= 3


def test_the_reference_is_grey_and_the_others_keep_their_order() -> None:
    look = lines(["a", "b", "c"], "b")
    assert list(look) == ["b", "a", "c"]
    assert look["b"] == REFERENCE
    assert look["a"] == lines(["a", "b"], "b")["a"]


def test_up_to_36_scenarios_differ_and_the_first_six_differ_in_grey_print_too() -> None:
    look = lines([f"s{k}" for k in range(37)], "s0")
    assert len(set(look.values())) == 37
    first = list(look.values())[:7]  # the reference, the only solid one, among them
    assert all(a.dashes != b.dashes for a, b in itertools.combinations(first, 2))


def test_style_does_not_leak_into_the_caller() -> None:
    import matplotlib as mpl

    before = mpl.rcParams["font.size"], mpl.rcParams["text.parse_math"]
    styled(lambda: None)()
    assert (mpl.rcParams["font.size"], mpl.rcParams["text.parse_math"]) == before


def test_unused_places_of_a_grid_are_empty() -> None:
    panels = grid(5, layout(False, 3), panel_height=1, title="T", source="S")
    assert len(panels.axes) == 5
    assert isinstance(panels.figure, Figure)
    assert [axes.axison for axes in panels.figure.axes] == [True] * 5 + [False]


@pytest.mark.parametrize("narrow", [True, False])
def test_long_texts_are_broken_and_cut(narrow: bool) -> None:
    text = wrap("word " * 60, layout(narrow).width, 8, lines=2)
    assert len(text.splitlines()) == 2
    assert text.endswith("…")
