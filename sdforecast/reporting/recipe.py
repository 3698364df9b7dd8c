"""What a report was asked for, as its manifest keeps it: enough to make the same bytes again."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sdforecast import scenario
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import DEFAULT_SCENARIOS

_WORDS = {"title": str, "notes": str, "horizon": str, "compare_with": (str, type(None)),
          "theme": (dict, type(None)),
          "seed": int, "draws": (int, type(None)), "authors": list, "scenarios": list,
          "own_scenarios": dict}  # fmt: skip
_LONGEST = {"title": 300, "author": 200}
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)


@dataclass(frozen=True)
class Recipe:
    """What a report is made of, beside the shipped model, posterior, back-test and data.

    Attributes
    ----------
    scenarios : names; the first is the reference.
    own : scenarios that came from files of the user's, whole, by name.
    draws, seed, horizon : as of a forecast.
    title, authors, notes : what the authors add; notes are Markdown.
    theme : what differs from our look, as :func:`.theme.theme` takes it; None for ours.
    compare_with : folder of an earlier report.
    created : the moment of the report that is made again; empty for a new one.
    """

    scenarios: tuple[str, ...] = DEFAULT_SCENARIOS
    own: Mapping[str, Any] = field(default_factory=dict)
    draws: int | None = None
    seed: int = 1
    horizon: str = "2035-12"
    title: str = ""
    authors: tuple[str, ...] = ()
    notes: str = ""
    theme: Mapping[str, Any] | None = None
    compare_with: Path | None = None
    created: str = ""

    def record(self) -> dict[str, Any]:
        """Return it as JSON may hold it."""
        return {
            "scenarios": list(self.scenarios), "own_scenarios": dict(self.own), "draws": self.draws, "seed": self.seed,
            "horizon": self.horizon, "title": self.title, "authors": list(self.authors), "notes": self.notes,
            "theme": None if self.theme is None else dict(self.theme),
            "compare_with": None if self.compare_with is None else str(self.compare_with),
        }  # fmt: skip


def with_files(names: tuple[str, ...]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return names of scenarios, and whole those that are files. Raises `InputError`."""
    own: dict[str, Any] = {}
    found = []
    for given in names:
        mix = scenario.load(given)
        found.append(mix.name)
        if given != mix.name:
            own[mix.name] = mix.model_dump(mode="json", exclude_defaults=True)
    return tuple(found), own


def checked_words(what: str, text: str) -> str:
    """Return a title or an author's name; raise `InputError` where it is too long or cannot be printed."""
    text = " ".join(text.split())
    if len(text) > _LONGEST[what] or not text.isprintable():
        raise InputError(Problem(f"the {what} is to be one line of at most {_LONGEST[what]} printable letters"))
    return text


def text_of(file: Path) -> str:
    """Return the text of a file of notes. Raises `InputError` where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(f"cannot be read: {error}", file=str(file))) from error


def read_again(file: Path) -> tuple[Recipe, dict[str, Any]]:
    """Return the recipe in a manifest of a report, and the manifest.

    Raises `InputError` where the file cannot be read or is no such manifest.
    """
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValueError) as error:
        raise InputError(Problem(f"cannot be read: {error}", file=str(file))) from error
    asked = record.get("report") if isinstance(record, dict) else None
    if not isinstance(asked, dict):
        hint = "name the manifest.json that 'sdforecast report' wrote"
        raise InputError(Problem("is not the manifest of a report", file=str(file), hint=hint))
    bad = [name for name, kind in _WORDS.items() if not isinstance(asked.get(name), kind)]  # type: ignore[arg-type]
    bad += [
        name
        for name in ("authors", "scenarios")
        if name not in bad and not all(isinstance(t, str) for t in asked[name])
    ]
    if not bad and not _MONTH.fullmatch(asked["horizon"]):
        bad.append("horizon")
    if bad or not isinstance(record.get("created"), str):
        raise InputError(
            *(Problem(f"says nothing sensible of '{name}'", file=str(file)) for name in bad or ["created"])
        )
    compared = asked["compare_with"]
    recipe = Recipe(
        tuple(asked["scenarios"]), asked["own_scenarios"], asked["draws"], asked["seed"], asked["horizon"],
        checked_words("title", asked["title"]), tuple(checked_words("author", name) for name in asked["authors"]),
        asked["notes"], asked["theme"], None if compared is None else Path(compared), record["created"],
    )  # fmt: skip
    return recipe, record
