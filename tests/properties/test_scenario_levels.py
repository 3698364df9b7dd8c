from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast.calendar import month_label
from sdforecast.scenario import InstrumentChange, Scenario, instrument_ids, levels
from sdforecast.scenario.levels import apply_change

PAST = 184  # 2025-05, the first month in which a change may start


@st.composite
def changes(draw: st.DrawFn) -> InstrumentChange:
    start = draw(st.integers(PAST, 311))
    ramp = draw(st.integers(0, min(60, 311 - start)))
    end = draw(st.none() | st.integers(start + max(ramp - 1, 0), 311))
    return InstrumentChange(
        instrument="moud",
        intensity=draw(st.floats(0, 1)),
        start=month_label(start),
        ramp_months=ramp,
        end=None if end is None else month_label(end),
    )


histories = st.lists(st.floats(0, 1), min_size=1, max_size=8).map(
    lambda knots: pd.DataFrame(
        [{"instrument": name, "time": 30 * k, "level": v} for name in instrument_ids() for k, v in enumerate(knots)]
    )
)


@settings(max_examples=60, deadline=None)
@given(changes(), histories)
def test_levels_stay_in_range_and_are_untouched_before_the_start(
    change: InstrumentChange, history: pd.DataFrame
) -> None:
    reference = levels(Scenario(name="x", title="X"), history)
    table = levels(Scenario(name="x", title="X", instruments=(change,)), history)
    assert table.to_numpy().min() >= 0
    assert table.to_numpy().max() <= 1
    assert table.loc[: change.first - 1].equals(reference.loc[: change.first - 1])
    assert table.drop(columns="moud").equals(reference.drop(columns="moud"))
    if change.reached <= 312 and (change.released is None or change.reached < change.released):
        assert table["moud"][change.reached] == change.intensity
    if change.released is not None:
        settled = change.released + change.ramp_months
        assert table.loc[settled:].equals(reference.loc[settled:])


@settings(max_examples=60, deadline=None)
@given(changes(), st.floats(0, 1), st.floats(0, 1))
def test_a_change_keeps_order_between_two_pasts(change: InstrumentChange, one: float, other: float) -> None:
    low, high = sorted((one, other))
    below = apply_change(np.full(313, low), change)
    above = apply_change(np.full(313, high), change)
    assert (below <= above + 1e-12).all()


@settings(max_examples=60, deadline=None)
@given(changes(), st.floats(0, 1))
def test_a_path_stays_between_the_level_before_and_the_intensity(change: InstrumentChange, before: float) -> None:
    path = apply_change(np.full(313, before), change)
    assert path.min() >= min(before, change.intensity) - 1e-12
    assert path.max() <= max(before, change.intensity) + 1e-12
