"""Each structure alone, beside all of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sdforecast import plot
from sdforecast.plot.structures import WHOLE
from tests.sample_forecast import sample


def several() -> object:
    listed = pd.DataFrame(
        {"name": ["low", "high"], "title": ["Low", "High <b>"], "about": ["", ""], "weight": [0.4, 0.6],
         "draws": [2, 3], "borrows": [False, True]}
    )  # fmt: skip
    return replace(sample(), structures=listed)


def test_each_structure_has_its_own_draws() -> None:
    table = plot.structures_data(several())  # type: ignore[arg-type]
    assert list(dict.fromkeys(table["structure"])) == [WHOLE, "low", "high"]
    end = table[table["time"] == pd.Timestamp("2020-12-31")]
    months = np.arange(120, 132)
    year = {draw: (2000 + months + 10 * draw).sum() for draw in range(5)}  # as the sample is made
    middle = end[end["quantile"] == 0.5].set_index("structure")["value"]
    assert middle["low"] == pytest.approx((year[0] + year[1]) / 2)
    assert middle["high"] == pytest.approx(year[3])
    assert middle[WHOLE] == pytest.approx(year[2])


@pytest.mark.parametrize("narrow", [False, True])
def test_there_is_a_panel_a_structure(narrow: bool) -> None:
    drawn = plot.structures(several(), narrow=narrow)  # type: ignore[arg-type]
    assert len([axes for axes in drawn.axes if axes.lines]) == 2
    words = " ".join(" ".join(text.get_text() for text in drawn.texts).split())
    assert "5 draws from 2 structures, each with its weight" in words
