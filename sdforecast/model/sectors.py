"""The sectors of a model file: its groups, or where it has none its views; and which one a user means.

An XMILE file has groups too: `<group name="…">` around `<entity name="…"/>` (XMILE 1.0, 4.9), or `<var>…</var>` as some
programs write it. Its modules are models of their own, which PySD does not read.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pandas as pd

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model.groups import groups
from sdforecast.model.views import views
from sdforecast.model.vocabulary import VENSIM

_CONTROL = "control"
"""The group into which Vensim itself puts the control variables of every file."""


def sectors(text: str, suffix: str) -> dict[str, str]:
    """Return the sector of each variable of a model file, by its name as :func:`plain` has it.

    Parameters
    ----------
    text, suffix : content and ending (`.mdl`, `.xmile`, …) of the file.
    """
    vensim = views if not has_groups(text) else groups
    found = (vensim if suffix.lower() in VENSIM else _xmile_groups)(text)
    return {plain(name): sector for name, sector in found.items()}


def plain(name: str) -> str:
    """Return a name without what Vensim does not tell apart: case, underscores and spaces."""
    return " ".join(name.replace("_", " ").split()).lower()


def has_groups(text: str) -> bool:
    """Return whether the modeller of a Vensim file has made groups."""
    return any(name.casefold() != _CONTROL for name in groups(text).values())


def _xmile_groups(text: str) -> dict[str, str]:
    try:
        root = ET.fromstring(text.encode("utf-8"))
    except ET.ParseError:  # PySD recovers from some faults of XML; groups are then not known
        return {}
    found: dict[str, str] = {}
    for group in root.iter():
        if _tag(group) == "group":
            for member in group.iter():
                name = {"entity": member.get("name"), "var": member.text}.get(_tag(member))
                if name and name.strip():
                    found.setdefault(name.replace("\\n", " "), plain_title(group.get("name") or ""))
    return {name: sector for name, sector in found.items() if sector}


def _tag(node: ET.Element) -> str:
    return str(node.tag).rpartition("}")[2].lower()


def plain_title(name: str) -> str:
    """Return a title as people write it: XMILE puts underscores for spaces, and `\\n` for line breaks."""
    return " ".join(name.replace("\\n", " ").replace("_", " ").split())


def named(variables: pd.DataFrame, file: Path, word: str) -> str:
    """Return the sector that `word` means, whatever its case.

    Parameters
    ----------
    variables : table of the variables of a model; see :class:`sdforecast.model.ModelFile`.
    file : the model file, for the message.

    Raises
    ------
    InputError : there is none of that name, with the nearest; the file has no sectors.
    """
    there = names(variables)
    found = next((name for name in there if plain(name) == plain(word)), None)
    if found is not None:
        return found
    if not there:
        what = "has neither groups nor views, so it has no sectors"
        raise InputError(Problem(what, file=str(file), hint="put its variables into groups or draw them in views"))
    drawn = file.suffix.lower() in VENSIM and not has_groups(file.read_text(encoding="utf-8", errors="replace"))
    what = f"no sector '{word}'" + (": the file has no groups, so its views are its sectors" if drawn else "")
    raise InputError(Problem(what, file=str(file), hint=nearest(word, there)))


def names(variables: pd.DataFrame) -> list[str]:
    """Return the sectors that have variables, in the order of the table."""
    return [str(name) for name in dict.fromkeys(variables["sector"]) if name]
