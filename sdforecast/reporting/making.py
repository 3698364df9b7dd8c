"""From a recipe to a report in a folder: run, compare, write, set for paper."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdforecast import issuing
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import Forecast, forecast, parts
from sdforecast.reporting import earlier, paper, skill
from sdforecast.reporting.content import Content
from sdforecast.reporting.recipe import Recipe
from sdforecast.reporting.theme import Theme, theme
from sdforecast.reporting.writing import Setting, variables, write

_TIED = ("model_sha256", "data_vintage", "last_observed", "sdforecast")
"""What must be as it was for the same bytes."""


@dataclass(frozen=True)
class Made:
    """A report that was written: the forecast, what it says, and what could not be written."""

    forecast: Forecast
    content: Content
    lacking: tuple[str, ...]


def make(
    recipe: Recipe,
    folder: Path,
    *,
    told: Callable[[str], None] = lambda line: None,
    advance: Callable[[], None] = lambda: None,
    stage: Callable[[str], None] = lambda line: None,
    command: str = "sdforecast report",
    before: dict[str, Any] | None = None,
) -> Made:
    """Make the report of a recipe in `folder`.

    Parameters
    ----------
    told : called with a sentence for what a reader of the terminal should know.
    advance : called after each run.
    stage : called with what is done next.
    before : the manifest of the report that is made again; what does not agree with it is told.

    Raises
    ------
    InputError : an unknown scenario, a theme or notes with faults, an earlier report that cannot be read.
    """
    look = Theme() if recipe.theme is None else theme(recipe.theme)
    previous = None if recipe.compare_with is None else earlier.edition(recipe.compare_with)
    given = parts()
    model, found = given[0].model, given[0].posterior
    with tempfile.TemporaryDirectory() as place:
        run = forecast(
            _sources(recipe, Path(place)), given=given, draws=recipe.draws, horizon=recipe.horizon,
            seed=recipe.seed, variables=variables(model.names, found.residuals), command=command, told=told,
            advance=advance,
        )  # fmt: skip
    manifest = {**run.manifest, "report": recipe.record()}
    if recipe.created:
        manifest["created"] = recipe.created
    run = replace(run, manifest=manifest)
    if before is not None:
        for line in _differs(before, manifest):
            told(line)
    stage("writing the page")
    about, since = None, None
    if not issuing.lacking(run.trajectories.sizes["draw"]) and issuing.possible(run):
        counts = issuing.write_hub(run, folder / issuing.FOLDER)
        about = issuing.described(manifest, f"{counts.reference:%Y-%m-%d}", run.reference)
    if previous is not None:
        if about is None:
            raise InputError(
                Problem("to compare with an earlier report takes 100 draws or more", hint="leave --draws away")
            )
        since = issuing.since(previous, about, folder / issuing.FOLDER, run.history)
    past = skill.past(run, told)
    setting = Setting(recipe.title, recipe.authors, look, recipe.notes, since)
    content = write(run, folder, past, setting)
    stage("setting it for paper")
    lacks = paper.write(content, look, folder, str(manifest["created"]))
    return Made(run, content, (lacks,) if lacks else ())


def _sources(recipe: Recipe, place: Path) -> list[str | Path]:
    """Return names of scenarios, and files for those that the recipe holds whole."""
    sources: list[str | Path] = []
    for name in recipe.scenarios:
        if name not in recipe.own:
            sources.append(name)
            continue
        path = place / f"{len(sources)}.yaml"
        path.write_text(json.dumps(recipe.own[name]), encoding="utf-8")
        sources.append(path)
    return sources


def _differs(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Return what is no longer as it was when a report was made, so that the bytes cannot be the same."""
    found = [
        f"{name.replace('_', ' ')} was {str(before.get(name))[:16]} then and is {str(now.get(name))[:16]} now"
        for name in _TIED
        if before.get(name) != now.get(name)
    ]
    if before.get("posterior") != now.get("posterior"):
        found.append("the posterior is another one than then")
    if before.get("structures") != now.get("structures"):
        found.append("the structures are others than then, or have other weights")
    if before.get("packages") != now.get("packages") or before.get("python") != now.get("python"):
        found.append("Python or packages have other versions than then")
    return found
