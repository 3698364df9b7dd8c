"""Structures that a forecast is made from, with their weights: the table `calibration/structures.toml`.

Fits of equal quality may rest on different laws, and these differ most where nobody has counted yet. A forecast is made
from all of them (:mod:`.pooling`); each stays visible beside the whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sdforecast import shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.inference.studying import Sources
from sdforecast.parameters import read_tables

POLICY = ("own", "borrowed")
_TEXTS = ("name", "title", "about")
_FILES = ("model", "posterior", "parameters", "targets")
_KEYS = (*_TEXTS, "weight", "hold", "policy", *_FILES)
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Structure:
    """One structure.

    Attributes
    ----------
    name, title, about : what it is called, and what it says about the world.
    weight : share of the draws of a forecast.
    model, posterior, parameters, targets : its files; None means the shipped ones.
    hold : constants that keep a value.
    borrows : whether it has no policies of its own; see :func:`.pooling.borrowed`.
    """

    name: str
    title: str
    about: str = ""
    weight: float = 1.0
    model: Path | None = None
    posterior: Path | None = None
    parameters: Path | None = None
    targets: Path | None = None
    hold: Mapping[str, float] = field(default_factory=dict)
    borrows: bool = False

    def sources(self, folder: Path | None = None) -> Sources:
        """Return its files beside a history (default: the shipped one)."""
        return Sources(folder, self.parameters, self.targets)


def load(path: Path | None = None) -> tuple[Structure, ...]:
    """Return the structures of a table, by default the shipped one. Raises `InputError` with all its faults."""
    file = path or shipped.calibration_dir() / "structures.toml"
    _, tables = read_tables(file, ("structure",))
    entries = tables.get("structure", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(each, dict) for each in entries):
        raise InputError(Problem("names no structure", str(file), hint="write [[structure]] tables"))
    problems = [Problem(what, str(file), hint=hint) for each in entries for what, hint in _faults(each, entries)]
    if not problems:
        problems = [Problem(what, str(file), hint=hint) for what, hint in _together(entries)]
    if problems:
        raise InputError(*problems)
    return tuple(_structure(each, file.parent) for each in entries)


def chosen(structures: Sequence[Structure], names: Sequence[str]) -> tuple[Structure, ...]:
    """Return some structures, their weights in the same proportion. Raises `InputError` with the nearest name."""
    known = [each.name for each in structures]
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise InputError(Problem(f"no structure '{unknown}'", hint=nearest(unknown, known)))
    kept = [each for each in structures if each.name in names]
    if all(each.borrows for each in kept):
        what = f"'{kept[0].name}' has no policies of its own" if kept else "no structure is chosen"
        raise InputError(Problem(what, hint="choose another one with it: the large ones have"))
    return tuple(kept)


def shares(structures: Sequence[Structure], draws: int) -> list[int]:
    """Return how many draws each structure has of `draws`, by largest remainder; each has one at least.

    Raises `InputError` where there are fewer draws than structures.
    """
    if draws < len(structures):
        what = f"{draws} draws are fewer than the {len(structures)} structures of the forecast"
        raise InputError(Problem(what, hint="ask for more draws, or for one structure"))
    total = math.fsum(each.weight for each in structures)
    exact = [draws * each.weight / total for each in structures]
    counts = [max(1, math.floor(share + _ROUNDING)) for share in exact]
    for _ in range(draws - sum(counts)):
        counts[max(range(len(counts)), key=lambda k: exact[k] - counts[k])] += 1
    while sum(counts) > draws:  # the least of them had less than one
        counts[max(range(len(counts)), key=lambda k: counts[k] - exact[k] if counts[k] > 1 else -math.inf)] -= 1
    return counts


# --- Reading --------------------------------------------------------------------------------------------------------


def _structure(entry: Mapping[str, Any], folder: Path) -> Structure:
    files = {key: (folder / entry[key]).resolve() if key in entry else None for key in _FILES}
    hold = {str(name): float(value) for name, value in entry.get("hold", {}).items()}
    return Structure(
        entry["name"], entry["title"], entry["about"], float(entry["weight"]), **files, hold=hold,
        borrows=entry.get("policy", "own") == "borrowed",
    )  # fmt: skip


def _faults(entry: Mapping[str, Any], entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with one entry, with a hint."""
    label = f"structure '{entry.get('name', '?')}'"
    if sum(other.get("name") == entry.get("name") for other in entries) > 1:
        yield f"{label} stands here a second time", None
    for key in entry:
        if key not in _KEYS:
            yield f"{label}: unknown key '{key}'", nearest(key, _KEYS)
    for key in _TEXTS:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            yield f"{label}: '{key}' is missing or is not text", None
    for key in _FILES:
        if key in entry and (not isinstance(entry[key], str) or not entry[key].strip()):
            yield f"{label}: '{key}' is no name of a file", None
    if not _is_number(entry.get("weight")) or entry["weight"] <= 0:
        yield f"{label}: 'weight' is missing or is no number above zero", None
    yield from ((f"{label}: {what}", hint) for what, hint in _acting(entry))


def _acting(entry: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    if entry.get("policy", "own") not in POLICY:
        yield f"unknown policy '{entry['policy']}'", nearest(str(entry["policy"]), POLICY)
    hold = entry.get("hold", {})
    if not isinstance(hold, dict) or not all(_is_number(value) for value in hold.values()):
        yield "'hold' is no table of numbers", 'write hold = { "a constant" = 0 }'


def _together(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with all of them together."""
    total = math.fsum(float(each["weight"]) for each in entries)
    if abs(total - 1) > _ROUNDING:
        yield f"the weights add up to {total:g}", "make it 1"
    if all(each.get("policy") == "borrowed" for each in entries):
        yield "no structure has policies of its own", 'one of them must be without policy = "borrowed"'


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
