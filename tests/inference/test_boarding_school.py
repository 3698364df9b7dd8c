"""The worked example of another subject: influenza in a boarding school, 1978.

The published posterior, by integration over a grid with the published likelihood and priors and runs of our engine; the
most probable point by SciPy; and the commands as a user types them. More in `proof/test_independent.py`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import minimize
from scipy.stats import nbinom, norm, truncnorm

from sdforecast import history, observation, parameters
from sdforecast.cli import main
from sdforecast.engine.members import Draws, run_members
from sdforecast.inference.mode import search
from sdforecast.model import ModelFile, read
from sdforecast.observation.times import Clock
from tests.inference.proof.problems import boarding_school

EXAMPLE = Path(__file__).parents[2] / "calibration" / "examples" / "boarding_school"
IN_BED = [3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4]


@pytest.fixture(scope="module")
def model() -> ModelFile:
    return read(EXAMPLE / "sir.mdl")


@pytest.fixture(scope="module")
def observed(model: ModelFile) -> pd.DataFrame:
    targets = observation.load(EXAMPLE / "targets.toml")
    rows = history.load(EXAMPLE / "data")
    observation.check(targets, rows, model, parameters.load(EXAMPLE / "parameters.toml"))
    return observation.on_rows(observation.observations(targets, rows), targets[0].clock, model)


def test_the_folder_is_sound(model: ModelFile) -> None:
    described = history.load_descriptions(EXAMPLE / "data")
    assert history.check(history.load(EXAMPLE / "data"), described) == []
    assert parameters.disagreements(parameters.load(EXAMPLE / "parameters.toml"), model) == []


def test_the_days_become_model_time(observed: pd.DataFrame) -> None:
    assert observed["observed"].tolist() == IN_BED
    assert observed["first"].tolist() == list(range(1, 15))  # one boy at time 0, 21 January; 3 in bed on the 22nd
    assert observation.load(EXAMPLE / "targets.toml")[0].clock == Clock(pd.Timestamp("1978-01-21").date(), "day")


def by_scipy(beta: float, gamma: float) -> np.ndarray:
    """Boys in bed on the 14 days, by a solver of SciPy."""

    def slope(_: float, state: np.ndarray) -> list[float]:
        infection = beta * state[0] * state[1] / 763
        return [-infection, infection - gamma * state[1]]

    found: np.ndarray = solve_ivp(slope, (0, 14), [762, 1], t_eval=range(1, 15), rtol=1e-9, atol=1e-9).y[1]
    return found


def test_the_mode_is_that_of_scipy() -> None:
    """The most probable positions under the negative binomial and the priors of the files, by a simplex of SciPy."""
    pytest.importorskip("pymc")
    problem = boarding_school()
    (found,) = search(problem.density.value_and_gradient, 3, 1, np.random.default_rng(1))

    def unlikely(z: np.ndarray) -> float:
        # positions are quantiles of normals cut at their bounds
        beta = truncnorm.ppf(norm.cdf(z[0]), (0.01 - 2) / 1, 4, loc=2, scale=1)
        gamma = truncnorm.ppf(norm.cdf(z[1]), (0.01 - 0.4) / 0.5, 4, loc=0.4, scale=0.5)
        mean, size = by_scipy(beta, gamma), (0.372 * np.exp(0.64 * z[2])) ** -2
        return float(-nbinom.logpmf(IN_BED, size, size / (size + mean)).sum() + z @ z / 2)

    best = minimize(unlikely, [-0.2, 0.2, 0.0], method="Nelder-Mead", options={"xatol": 1e-5, "fatol": 1e-8})
    assert found.position == pytest.approx(best.x, abs=3e-3)
    assert found.value == pytest.approx(-best.fun - 1.5 * np.log(2 * np.pi), abs=1e-3)


def test_the_published_posterior_by_integration_over_a_grid(model: ModelFile, observed: pd.DataFrame) -> None:
    """Grinsztajn et al. (2021): negative binomial, beta ~ N(2, 1), gamma ~ N(0.4, 0.5), 1/phi ~ Exp(5).

    Their program prints means (standard deviations) beta 1.74 (0.05), gamma 0.54 (0.05), R0 3.22 (0.28), recovery
    time 1.86 (0.16) days; the run is one of 4,000 draws of which some 2,000 are independent.
    """
    beta, gamma, inverse = np.linspace(1.5, 2.05, 56), np.linspace(0.35, 0.8, 46), np.geomspace(0.02, 1.2, 30)
    pairs = np.stack(np.meshgrid(beta, gamma, indexing="ij"), axis=-1).reshape(-1, 2)
    columns = observation.columns_needed(observed, model)
    _, runs = run_members(model, columns, Draws(("transmission rate", "recovery rate"), pairs))
    mean = np.array([observation.predicted(observed, run, columns) for run in runs])[:, None, :]
    phi = 1 / inverse[None, :, None]
    density = nbinom.logpmf(np.array(IN_BED), phi, phi / (phi + mean)).sum(axis=-1)
    density += (-((pairs[:, 0] - 2) ** 2) / 2 - (pairs[:, 1] - 0.4) ** 2 / 2 / 0.5**2)[:, None]
    density += -5 * inverse + np.log(inverse)  # the grid of 1/phi is even in its logarithm
    weight = np.exp(density - density.max()).sum(axis=1)
    weight /= weight.sum()

    def moments(x: np.ndarray) -> tuple[float, float]:
        centre = float(weight @ x)
        return centre, float(np.sqrt(weight @ (x - centre) ** 2))

    b, g = pairs.T
    for values, published in ((b, (1.74, 0.05)), (g, (0.54, 0.05)), (b / g, (3.22, 0.28)), (1 / g, (1.86, 0.16))):
        assert moments(values) == pytest.approx(published, abs=0.0075)  # printed to two digits, and chance


@pytest.mark.slow
def test_the_command_of_the_readme(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pytest.importorskip("nutpie")
    words = ["calibrate", "--model", "sir.mdl", "--data", "data", "--targets", "targets.toml", "--parameters",
             "parameters.toml", "--kept", "4000"]  # fmt: skip
    readme = (EXAMPLE / "README.md").read_text("utf-8")
    assert "sdforecast " + " ".join(words) in " ".join(readme.replace("\\\n", " ").split())
    full = [str(EXAMPLE / word) if (EXAMPLE / word).exists() else word for word in words]
    assert main([*full, "-o", str(tmp_path / "posterior")]) == 0
    told = capsys.readouterr()
    heading, row = told.out.splitlines()[:2]
    assert f"    {heading}\n" in readme
    assert float(row.removeprefix("boys in bed").split()[1]) == pytest.approx(42.56, abs=1)
    assert told.err.splitlines()[-1].startswith("fit to publish: 4 chains of 1000 draws")


def test_a_fault_as_the_readme_shows_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(EXAMPLE, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "targets.toml"
    file.write_text(file.read_text().replace('"Infectious"', '"Infectius"'))
    words = "calibrate --model sir.mdl --data data --targets targets.toml --parameters parameters.toml -q"
    assert main(words.split()) == 2
    (line,) = [each for each in capsys.readouterr().err.splitlines() if each.startswith("error: ")]
    assert f"    {line.removeprefix('error: ')}\n" in (EXAMPLE / "README.md").read_text("utf-8")
