"""What a report says of the structures that a forecast mixes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from sdforecast.forecasting import Forecast
from sdforecast.reporting.content import Figure, Paragraph, plain
from sdforecast.reporting.sections import structures
from sdforecast.reporting.tables import Table
from tests.sample_forecast import sample


def several() -> Forecast:
    listed = pd.DataFrame(
        {"name": ["low", "high"], "title": ["Deaths <i>follow</i>", "Deaths wait"], "about": ["One.", "Two."],
         "weight": [0.4, 0.6], "draws": [2, 3], "borrows": [False, True]}
    )  # fmt: skip
    return replace(sample(), structures=listed)


def test_one_structure_needs_no_section() -> None:
    assert structures.section(sample()) is None


def test_each_structure_has_its_weight_its_panel_and_its_numbers() -> None:
    found = structures.section(several())
    assert found is not None and found.anchor == "structures"
    words = [plain(block.words) for block in found.blocks if isinstance(block, Paragraph)]
    assert "Deaths <i>follow</i> (40 % of draws). One." in words
    [figure] = [block for block in found.blocks if isinstance(block, Figure)]
    assert [panel.title for panel in figure.chart.panels] == [
        "Deaths <i>follow</i>: 40 % of draws", "Deaths wait: 60 % of draws",
    ]  # fmt: skip
    levels, gaps = (block for block in found.blocks if isinstance(block, Table))
    assert [row[0] for row in levels.rows] == ["Deaths <i>follow</i>", "Deaths wait", "All together"]
    # The sample has 2,000 deaths in the first month, one more in each, and ten more a draw.
    months = np.arange(204, 216)
    middle = (2000 + months).sum() + 12 * 10 * 0.5
    assert levels.rows[0][levels.header.index("2027")].startswith(f"{round(middle, -3):,.0f} (")
    # From 2027 on the second mix has 100 deaths a month fewer than the first, in every draw.
    assert [row[:2] for row in gaps.rows[:2]] == [["Military action only", "Deaths <i>follow</i>"],
                                                  ["Military action only", "Deaths wait"]]  # fmt: skip
    assert all(row[2] == "−11,000" for row in gaps.rows[:3])
