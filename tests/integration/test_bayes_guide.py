"""The tutorial docs/bayes.md: its model and its Python run as they stand, and give what it says."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pymc")
pytest.importorskip("nutpie")

from scipy.stats import norm

import sdforecast as sdf
from sdforecast.errors import InputError
from tests.small import MODELS

GUIDE = (Path(__file__).parents[2] / "docs" / "bayes.md").read_text(encoding="utf-8")
RATE, CAPACITY = np.meshgrid(np.linspace(0.15, 0.35, 81), np.linspace(900, 2200, 105), indexing="ij")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def by_grid(months: np.ndarray, counted: np.ndarray) -> dict[str, tuple[float, float]]:
    """Mean and standard deviation of the posterior: the logistic curve in closed form, priors and density by SciPy."""
    from scipy.stats import expon, nbinom

    noise = np.geomspace(1e-4, 0.6, 60)
    mean = CAPACITY[..., None] / (1 + (CAPACITY[..., None] / 10 - 1) * np.exp(-RATE[..., None] * months))
    alpha = 1 / noise[None, None, :, None]
    density = nbinom.logpmf(counted, alpha, alpha / (alpha + mean[:, :, None, :])).sum(axis=-1)
    prior = norm.logpdf(np.log(RATE), np.log(0.3), 0.3) - np.log(RATE)
    prior += norm.logpdf(np.log(CAPACITY), np.log(1000), 0.5) - np.log(CAPACITY)
    density += prior[..., None] + expon.logpdf(noise, scale=0.1) + np.log(noise)  # the grid of noise is even in its log
    weight = np.exp(density - density.max()).sum(axis=-1)
    weight /= weight.sum()
    found = {}
    for name, values in (("growth rate", RATE), ("capacity", CAPACITY)):
        centre = float((weight * values).sum())
        found[name] = (centre, float(np.sqrt((weight * (values - centre) ** 2).sum())))
    return found


@pytest.mark.slow  # half a minute, most of it Numba's
@pytest.mark.filterwarnings("ignore")  # ArviZ's announcement, Numba's object mode
def test_the_tutorial_runs_and_gives_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    model, printed = blocks("text")
    (code,) = blocks("python")
    (tmp_path / "logistic.mdl").write_text(model, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    told: dict[str, object] = {}
    exec(compile(code, "docs/bayes.md", "exec"), told)
    found = told["found"]
    exact = by_grid(told["months"], told["counted"])  # type: ignore[arg-type]
    said = {
        name: (float(mean), float(sd))
        for name, mean, sd in re.findall(r"(\w[\w ]*?)\s{2,}([\d.]+) ± ([\d.]+)", printed)
    }
    assert set(said) == set(exact)
    for name, (mean, sd) in exact.items():
        draws = found[name].to_numpy()  # type: ignore[index]
        assert draws.mean() == pytest.approx(mean, abs=0.25 * sd)  # 1,000 draws, some hundreds independent
        assert draws.std() == pytest.approx(sd, rel=0.25)
        assert said[name][0] == pytest.approx(mean, abs=0.15 * sd)
        assert said[name][1] == pytest.approx(sd, rel=0.15)


class TestOperator:
    @pytest.fixture(scope="class")
    @staticmethod
    def model() -> sdf.Model:
        return sdf.load_model(MODELS / "logistic.mdl")

    def test_values_are_those_of_a_run(self, model: sdf.Model) -> None:
        op = sdf.model_op(model, ["net growth", "Population"], ["Capacity", "growth rate"], until=20)
        assert (op.parameters, op.variables) == (("capacity", "growth rate"), ("net growth", "Population"))
        np.testing.assert_array_equal(op.defaults, [1000, 0.3])
        found = op(np.array([800.0, 0.2])).eval()
        run = model.run({"capacity": 800.0, "growth rate": 0.2}, variables=["net growth", "Population"], until=20)
        np.testing.assert_allclose(op.times, run["time"])
        np.testing.assert_allclose(found, np.stack([run[name] for name in op.variables], axis=1), rtol=1e-12)

    def test_its_derivative_is_that_of_differences(self, model: sdf.Model) -> None:
        import pytensor
        import pytensor.tensor as pt

        op = sdf.model_op(model, ["net growth", "Population"], ["capacity", "growth rate"], until=20)
        point = pt.vector("point")
        weights = np.random.default_rng(1).normal(size=op.matrix)
        value = (weights * op(point)).sum()
        both = pytensor.function([point], [value, pytensor.grad(value, point)], mode="FAST_COMPILE")
        at = np.array([800.0, 0.2])
        step = np.array([1e-2, 1e-5])
        differences = [
            (both(at + h)[0] - both(at - h)[0]) / (2 * h.max()) for h in np.diag(step)
        ]  # fmt: skip
        np.testing.assert_allclose(both(at)[1], differences, rtol=1e-5)

    @pytest.mark.parametrize(
        ("variables", "parameters", "options", "message"),
        [
            (["Populaton"], ["capacity"], {}, r"no variable 'Populaton' \(did you mean 'Population'\?\)"),
            (["Population"], ["capcity"], {}, r"no variable 'capcity' \(did you mean 'capacity'\?\)"),
            (["Population"], ["net growth"], {}, r"'net growth' is no constant \(its kind is '\w+'\)"),
            (["Population"], [], {}, "no list of parameters"),
            ("Population", ["capacity"], {}, r"no list of variables: 'Population' \(\[\"Population\"\]\)"),
            (["Population"], ["capacity", "Capacity"], {}, "parameter 'capacity' is named twice"),
            (["Population"], ["capacity"], {"fixed": {"capacity": 1.0}}, "'capacity' is a parameter of the operator"),
            (["Population"], ["capacity"], {"fixed": {"capcity": 1.0}}, "no variable 'capcity'"),
            (["Population"], ["capacity"], {"integration": "rk5"}, r"no integration 'rk5' \(did you mean 'rk4'\?\)"),
        ],
    )  # fmt: skip
    def test_what_is_wrong_is_told(
        self, model: sdf.Model, variables: list[str], parameters: list[str], options: dict[str, object], message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            sdf.model_op(model, variables, parameters, **options)  # type: ignore[arg-type]

    def test_a_vector_of_another_length_is_told(self, model: sdf.Model) -> None:
        op = sdf.model_op(model, ["Population"], ["capacity"])
        with pytest.raises(InputError, match="one vector of 1 constants: capacity"):
            op(np.zeros(2))
