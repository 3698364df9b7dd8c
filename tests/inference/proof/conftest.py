"""Problems that several proofs share, since a density takes seconds to compile."""

from __future__ import annotations

import pytest

from tests.inference.proof.problems import Posed, boarding_school, everything, linear


@pytest.fixture(scope="session")
def linear_problem(tmp_path_factory: pytest.TempPathFactory) -> Posed:
    return linear(tmp_path_factory.mktemp("linear"))


@pytest.fixture(scope="session")
def every_kind(tmp_path_factory: pytest.TempPathFactory) -> Posed:
    return everything(tmp_path_factory.mktemp("everything"))


@pytest.fixture(scope="session")
def school() -> Posed:
    return boarding_school()
