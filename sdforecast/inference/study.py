"""What is estimated from what: the problem that targets, priors, history and model make together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sdforecast.inference.predictor import Predictor
from sdforecast.observation import on_scale
from sdforecast.observation.errors import Discrepancy, Evidence, Latent
from sdforecast.observation.targets import Target
from sdforecast.parameters import Parameter


@dataclass(frozen=True, eq=False)
class Study:
    """A problem of inference.

    Attributes
    ----------
    parameters : constants that are sampled, in the order of the predictor.
    later : constants with a prior that no observation can tell of: they keep it.
    observations : what is fitted, one row an observation.
    told : what is compared but not fitted.
    predictor : of `observations`.
    """

    parameters: Sequence[Parameter]
    later: Sequence[Parameter]
    evidence: Evidence
    observations: pd.DataFrame
    told: pd.DataFrame
    predictor: Predictor

    @property
    def targets(self) -> list[Target]:
        """Targets that are fitted, in the order of their observations."""
        names = list(dict.fromkeys(self.observations["target"]))
        known = {target.name: target for target in self.evidence.targets}
        return [known[name] for name in names]

    @property
    def knots(self) -> Mapping[str, np.ndarray]:
        """Times of the knots by variable."""
        return self.predictor.repeated.knots

    @property
    def latents(self) -> tuple[Latent, ...]:
        """Inputs that are inferred."""
        return self.evidence.latents

    @property
    def discrepancies(self) -> list[Discrepancy]:
        """Discrepancies that a fitted target has."""
        used = {target.discrepancy for target in self.targets}
        return [each for each in self.evidence.discrepancies if each.name in used]

    @property
    def observed(self) -> np.ndarray:
        """What was observed, on the scale of its errors."""
        return on_scale(self.observations, self.observations["observed"].to_numpy(float))


def knot_times(latent: Latent, last: int) -> np.ndarray:
    """Return the times of a latent series' knots: from its first to the first at or after time `last`."""
    count = max(-(-(last - latent.first) // latent.every), 1) + 1
    return latent.first + latent.every * np.arange(count, dtype=float)
