"""Fit statistics against their definitions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sdforecast.validation.reproduction import statistics

SERIES = arrays(float, 8, elements=st.floats(1, 1000))


@given(SERIES, SERIES)
def test_the_parts_of_the_error_add_up(model: np.ndarray, observed: np.ndarray) -> None:
    found = statistics(model, observed)
    if found.rmse > 1e-6:
        assert found.um + found.us + found.uc == pytest.approx(1, abs=1e-6)
        assert min(found.um, found.us, found.uc) > -1e-9


def test_each_kind_of_error_is_named() -> None:
    observed = np.array([1.0, 2.0, 4.0, 3.0, 5.0])
    assert statistics(observed + 1, observed).um == pytest.approx(1)
    assert statistics(observed.mean() + 2 * (observed - observed.mean()), observed).us == pytest.approx(1)
    assert statistics(observed[::-1].copy(), observed).uc == pytest.approx(1)


def test_a_perfect_fit() -> None:
    found = statistics(np.array([1.0, 2.0, 4.0]), np.array([1.0, 2.0, 4.0]))
    assert (found.mape, found.rmse, found.bias, found.r2) == (0, 0, 0, pytest.approx(1))


def test_too_few_observations_have_no_correlation() -> None:
    assert np.isnan(statistics(np.array([1.0, 2.0]), np.array([1.0, 3.0])).r2)
