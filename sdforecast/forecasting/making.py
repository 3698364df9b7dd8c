"""Making a forecast from a posterior: its draws, carried on to the horizon, run under policy mixes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast import calendar, history, scenario
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.believed import believed
from sdforecast.forecasting.disturbing import LAST, Disturbances
from sdforecast.forecasting.mixing import CURRENT_COURSE, Asked, mixed
from sdforecast.forecasting.parts import Part, counts, parts
from sdforecast.forecasting.result import Forecast
from sdforecast.forecasting.structures import Structure
from sdforecast.inference import Posterior
from sdforecast.inference.belonging import belongs
from sdforecast.inference.posterior_files import CARRIED
from sdforecast.manifest import manifest
from sdforecast.model import ModelFile

DEFAULT_SCENARIOS = (
    CURRENT_COURSE,
    "soft-power-with-teeth",
    "military-only",
    "treatment-naloxone-surge",
    "demand-plus-essay",
)
"""What is run when nothing is named; the first is the reference."""

HORIZON = LAST


def forecast(
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    model: ModelFile | None = None,
    posterior: Posterior | None = None,
    structures: Sequence[Structure] | None = None,
    given: Sequence[Part] | None = None,
    draws: int | None = None,
    horizon: str = HORIZON,
    variables: Sequence[str] | None = None,
    seed: int = 1,
    targets: Path | None = None,
    engine: str = "auto",
    command: str = "sdforecast forecast",
    told: Callable[[str], None] = lambda line: None,
    advance: Callable[[], None] = lambda: None,
) -> Forecast:
    """Run draws of posteriors under scenarios: of all structures, or of one posterior.

    Latent series and discrepancies of a posterior go on after the last month, each draw's own, the same under every
    scenario (:mod:`.propagating`). A flow with a discrepancy is given with it, as counts would be, and beside it as
    the model alone gives it, under `<flow> of the model`. What is left of all deaths has an error of its own, which
    follows the months counted so far (:mod:`.remaining`): they are set against the current course where that is among
    the scenarios, else against the first that is not counterfactual. How structures go together: :mod:`.pooling`.

    Parameters
    ----------
    scenarios : names or files; the first is the reference.
    model, posterior, targets : of one structure alone: its posterior, the model and the table of targets that this was
        made with (default, where one of them is given: the shipped ones).
    structures : see :func:`.structures.load` (default: the shipped ones).
    given : instead of all these, what :func:`.parts.parts` makes of them.
    draws : how many in all, evenly spaced in each posterior (default: 600, or 300 of one structure alone; fewer where
        there are not so many).
    horizon : last month, YYYY-MM, at most 2035-12.
    variables : what to keep (default: every stock and auxiliary).
    seed : of what goes on after the last month.
    engine : see :data:`sdforecast.engine.ENGINES`.
    told : called with a sentence where model, priors, targets or data are no longer those of a posterior, and where
        all scenarios have another past than the one that was counted.
    advance : called after each run.

    Raises
    ------
    InputError : an unknown scenario, a horizon out of range, a posterior of another model or of other targets.
    """
    given = parts(posterior, model, targets, structures) if given is None else given
    mixes, last = _mixes(scenarios, given[0].model), _last(horizon)
    asked = Asked(mixes, last, seed, engine, variables, told, advance)
    count = counts(given, draws)
    changed = {each.structure.name: _unlike(each, told, alone=len(given) == 1) for each in given}
    found, beside = mixed(given, count, asked)
    first = given[0]
    return Forecast(
        trajectories=found,
        scenarios=mixes,
        levels={mix.name: scenario.levels(mix) for mix in mixes},
        reference=mixes[0].name,
        history=history.load(),
        targets=first.posterior.residuals,
        fit=first.posterior.fit,
        parameters=believed(first.posterior, first.model),
        summary=first.posterior.manifest["fit"],
        manifest=_manifest(command, given, count, mixes, seed, horizon, changed, beside),
        structures=_listed(given, count),
    )


def runs(given: Sequence[Part], draws: int | None, scenarios: int) -> int:
    """Return how many runs a forecast is."""
    each = zip(given, counts(given, draws), strict=True)
    return sum(count * (1 if part.structure.borrows else scenarios) for part, count in each)


def _listed(given: Sequence[Part], count: Sequence[int]) -> pd.DataFrame:
    """Return the structures in the order of the draws."""
    rows = [
        {"name": part.structure.name, "title": part.structure.title, "about": part.structure.about,
         "weight": part.structure.weight, "draws": n, "borrows": part.structure.borrows}
        for part, n in zip(given, count, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _mixes(scenarios: Sequence[str | Path], model: ModelFile) -> tuple[scenario.Scenario, ...]:
    mixes = scenario.load_all(scenarios, model)
    if not mixes:
        raise InputError(Problem("no scenario to run"))
    return mixes


def _last(horizon: str) -> int:
    try:
        last = calendar.parse_month(horizon)
    except ValueError as error:
        raise InputError(Problem(f"horizon: {error}")) from error
    end = calendar.parse_month(HORIZON)
    begin = calendar.parse_month("2025-12")
    if not begin <= last <= end:
        raise InputError(Problem(f"horizon {horizon} is out of range", hint=f"2025-12 to {HORIZON}"))
    return last


def _unlike(part: Part, told: Callable[[str], None], *, alone: bool) -> list[Problem]:
    """Return what is no longer as the posterior of a part was made, and tell it."""
    of = part.structure
    changed = belongs(part.posterior, part.model, of.parameters, of.targets)
    whose = "" if alone else f"structure '{of.name}': "
    for line in (*map(str, changed), *_unsettled(part.posterior)):
        told(f"{whose}{line}")
    return changed


def _unsettled(posterior: Posterior) -> list[str]:
    """Return why the posterior should not be published, in one sentence; nothing if it may be."""
    sampling = posterior.manifest.get("sampling") or {}
    if sampling.get("publishable", True):
        return []
    figures = {
        "rhat_max": "largest R-hat {:.3f}", "ess_min": "fewest effective draws {:.0f}",
        "divergences": "{:.0f} divergences",
    }  # fmt: skip
    found = [text.format(sampling[key]) for key, text in figures.items() if sampling.get(key) is not None]
    return ["the chains of the posterior have not settled enough to publish it: " + ", ".join(found)]


def _manifest(
    command: str,
    given: Sequence[Part],
    count: Sequence[int],
    mixes: Sequence[scenario.Scenario],
    seed: int,
    horizon: str,
    changed: Mapping[str, Sequence[Problem]],
    beside: Disturbances,
) -> dict[str, object]:
    first = given[0]
    facts: dict[str, Any] = {}
    if len(given) > 1:
        facts["structures"] = [
            {"name": part.structure.name, "weight": part.structure.weight, "draws": n,
             "model_sha256": part.model.sha256, "posterior": _about(part.posterior)}
            for part, n in zip(given, count, strict=True)
        ]  # fmt: skip
    differs = [problem.what for problems in changed.values() for problem in problems]
    unsettled = [line for part in given for line in _unsettled(part.posterior)]
    facts |= {"posterior_differs": differs} if differs else {}
    facts |= {"posterior_unsettled": unsettled} if unsettled else {}
    told = first.posterior.manifest
    return manifest(
        command,
        model_sha256=first.model.sha256,
        scenarios=[mix.name for mix in mixes],
        draws=sum(count),
        seed=seed,
        horizon=horizon,
        propagated=beside.names,
        posterior=_about(first.posterior),
        **facts,
        data_vintage=told["data_vintage"],
        last_observed=told["last_observed"],
        fit=told["fit"],
    )


def _about(posterior: Posterior) -> dict[str, Any]:
    """Return what a manifest says of a posterior."""
    told = posterior.manifest
    also = [key for key in ("method", "partial", "held", "left_out") if key in told]
    return {key: told[key] for key in (*CARRIED, *also) if key not in ("fit", "fingerprints")}
