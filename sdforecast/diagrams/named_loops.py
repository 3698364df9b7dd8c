"""The named loops beside a model file, `loops.yaml`: which variables they pass, and where they are cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.structure.graph import CausalGraph

FILE = "loops.yaml"
POLARITIES = ("reinforcing", "balancing", "open")
"""`open`: a chain of responses that does not come back to where it began."""
_NEEDED = ("id", "name", "polarity", "path", "delay", "cut")
_LARGEST = 1_000_000


@dataclass(frozen=True)
class NamedLoop:
    """A loop as its modeller names it.

    Attributes
    ----------
    id, name : `R1` and `Contact`.
    polarity : one of :data:`POLARITIES`.
    path : variables, each a cause of the next; unless open the last one of the first.
    delay : what makes it slow, in words.
    cut : for each constant that cuts the loop its value then: a number, or `large`.
    does : what the loop does, in a sentence; may be empty.
    """

    id: str
    name: str
    polarity: str
    path: tuple[str, ...]
    delay: str
    cut: Mapping[str, float | str]
    does: str = ""

    @property
    def links(self) -> list[tuple[str, str]]:
        """The links of the loop as pairs of cause and effect."""
        after = self.path[1:] if self.polarity == "open" else (*self.path[1:], self.path[0])
        return list(zip(self.path, after, strict=False))


def beside(model: Path) -> Path:
    """Return where the loops of a model file would be."""
    return model.parent / FILE


def load(file: Path) -> list[NamedLoop]:
    """Return the loops of a file in its order; raises `InputError` with all that is wrong in it."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error
    if len(content) > _LARGEST:
        raise InputError(Problem("is larger than a megabyte", file=str(file)))
    try:
        tree = YAML(typ="safe", pure=True).load(content.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        reason = (str(error).splitlines() or ["broken"])[0]
        raise InputError(Problem(f"is not readable YAML: {reason}", file=str(file))) from error
    entries = tree.get("loops") if isinstance(tree, dict) else tree
    if not isinstance(entries, list) or not entries:
        raise InputError(Problem("has no list of loops", file=str(file), hint="see models/loops.yaml"))
    problems = [problem for k, entry in enumerate(entries, 1) for problem in _faults(entry, k, str(file))]
    if not problems:
        loops = [_loop(entry) for entry in entries]
        ids = [loop.id for loop in loops]
        problems = [Problem(f"loop '{each}' stands twice", file=str(file)) for each in ids if ids.count(each) > 1][:1]
    if problems:
        raise InputError(*problems)
    return loops


def _faults(entry: Any, k: int, file: str) -> Iterator[Problem]:
    if not isinstance(entry, dict):
        yield Problem(f"entry {k} is no loop", file=file, hint="each needs " + ", ".join(_NEEDED))
        return
    label = f"loop '{entry.get('id', k)}'"
    for key in _NEEDED:
        if entry.get(key) in (None, "", [], {}):
            yield Problem(f"{label}: '{key}' is missing", file=file)
    polarity, path, cut = entry.get("polarity"), entry.get("path"), entry.get("cut")
    if polarity is not None and polarity not in POLARITIES:
        yield Problem(f"{label}: '{polarity}' is no polarity", file=file, hint=nearest(str(polarity), POLARITIES))
    if path and not (isinstance(path, list) and all(isinstance(name, str) for name in path)):
        yield Problem(f"{label}: 'path' is not a list of variables", file=file)
    elif path and len(set(path)) < len(path):
        yield Problem(f"{label}: a variable stands twice in 'path'", file=file)
    if cut and not (isinstance(cut, dict) and all(isinstance(value, float | int | str) for value in cut.values())):
        yield Problem(
            f"{label}: 'cut' is not constants with values", file=file, hint="for example {social influence: 0}"
        )


def _loop(entry: Mapping[str, Any]) -> NamedLoop:
    return NamedLoop(
        id=str(entry["id"]), name=str(entry["name"]), polarity=str(entry["polarity"]), path=tuple(entry["path"]),
        delay=str(entry["delay"]), cut=dict(entry["cut"]), does=str(entry.get("does") or ""),
    )  # fmt: skip


def check(loops: list[NamedLoop], graph: CausalGraph, file: Path) -> None:
    """Raise `InputError` for every variable that the model does not have and every link that is none."""
    problems = []
    for loop in loops:
        unknown = [name for name in (*loop.path, *loop.cut) if name not in graph.variables]
        for name in unknown:
            what = f"loop '{loop.id}': the model has no variable '{name}'"
            problems.append(Problem(what, file=str(file), hint=nearest(name, graph.variables)))
        for cause, effect in [] if unknown else loop.links:
            if cause not in graph.variables[effect].inputs:
                what = f"loop '{loop.id}': '{cause}' is not in the equation of '{effect}'"
                problems.append(Problem(what, file=str(file)))
    if problems:
        raise InputError(*problems)


def chosen(loops: list[NamedLoop], ids: tuple[str, ...]) -> list[NamedLoop]:
    """Return the loops of these ids whatever their case, all for none; raises `InputError` with the nearest."""
    known = {loop.id.casefold(): loop for loop in loops}
    for word in ids:
        if word.casefold() not in known:
            raise InputError(Problem(f"no loop '{word}'", hint=nearest(word, [loop.id for loop in loops])))
    return [known[word.casefold()] for word in ids] if ids else loops
