"""The posteriors that ours and the peers sample: what is free, what is held, and the density as ours computes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdforecast import inference, shipped
from sdforecast.inference.compiling import LogDensity
from sdforecast.inference.density import density
from sdforecast.inference.mode import search
from sdforecast.inference.studying import Setting, Sources, study
from sdforecast.model import read

EXAMPLE = Path(__file__).parents[2] / "calibration/examples/boarding_school"

CONSTANTS = (
    "overdose hazard", "eastern growth rate", "western growth rate", "eastern entry", "western entry",
    "break even dose", "detection base", "COVID effect size", "producer growth rate", "direct vendor growth rate",
)  # fmt: skip
"""Constants of the shipped model that its data inform; all others are held at the shipped mode."""


@dataclass(frozen=True, eq=False)
class Problem:
    """A log density on R^n.

    Attributes
    ----------
    free : which numbers of the whole density are sampled [n]; the others stay at `base` [size].
    """

    name: str
    setting: Setting
    whole: LogDensity
    free: np.ndarray
    base: np.ndarray

    @property
    def size(self) -> int:
        """How many numbers are sampled."""
        return len(self.free)

    @property
    def labels(self) -> list[str]:
        """Their names."""
        return [self.whole.labels[k] for k in self.free]

    def embedded(self, points: np.ndarray) -> np.ndarray:
        """Return points [..., n] among what is held [..., size]."""
        whole = np.broadcast_to(self.base, (*np.shape(points)[:-1], len(self.base))).copy()
        whole[..., self.free] = points
        return whole

    def value_and_gradient(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density and its gradient, as `sdforecast calibrate` computes them."""
        value, gradient = self.whole.value_and_gradient(self.embedded(point))
        return value, gradient[self.free]


def school(folder: Path, integration: str = "rk4") -> Problem:
    """Return influenza in the boarding school: two rates and the size of errors.

    PySD knows Euler's method only: for it the same equations at the same step by that method, another posterior.
    """
    targets = folder / f"targets-{integration}.toml"
    text = (EXAMPLE / "targets.toml").read_text(encoding="utf-8")
    targets.write_text(f'{text}\n[fitting]\nintegration = "{integration}"\n', encoding="utf-8")
    setting = study(read(EXAMPLE / "sir.mdl"), Sources(EXAMPLE / "data", EXAMPLE / "parameters.toml", targets))
    whole = LogDensity(density(setting.study))
    name = "school" if integration == "rk4" else "school, Euler"
    return Problem(name, setting, whole, np.arange(whole.size), np.zeros(whole.size))


def reduced(folder: Path) -> Problem:
    """Return the shipped model with the constants of `CONSTANTS` and its errors free, without its latent series."""
    targets = folder / "targets.toml"
    text = (shipped.calibration_dir() / "targets.toml").read_text(encoding="utf-8")
    targets.write_text(re.sub(r"^\[\[latent\]\]\n(?:[^\[\n].*\n|\n)*", "", text, flags=re.MULTILINE), encoding="utf-8")
    best = inference.load().best
    held = dict(zip(best["parameter"], best["value"].astype(float), strict=True))
    missing = set(CONSTANTS) - set(held)
    if missing:
        raise SystemExit(f"the shipped posterior has no {', '.join(sorted(missing))}: correct CONSTANTS")
    for name in CONSTANTS:
        del held[name]
    setting = study(read(), Sources(targets=targets), hold=held)
    whole = LogDensity(density(setting.study))
    return Problem(f"fentanyl, {whole.size}", setting, whole, np.arange(whole.size), np.zeros(whole.size))


def constants_alone(of: Problem) -> Problem:
    """Return a problem with what belongs to errors held at the mode."""
    mode = search(of.value_and_gradient, of.size, 1, np.random.default_rng(1))[0].position
    free = np.arange(len(of.setting.study.parameters))
    return Problem(f"fentanyl, {len(free)}", of.setting, of.whole, free, mode)


def national() -> Problem:
    """Return the shipped problem as it is."""
    setting = study(read())
    whole = LogDensity(density(setting.study))
    return Problem(f"fentanyl, {whole.size}", setting, whole, np.arange(whole.size), np.zeros(whole.size))


Makers = dict[str, Callable[[], Problem]]
