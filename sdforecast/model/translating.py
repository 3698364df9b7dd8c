"""From the text of a model file to PySD's tree, with what its translator loses of subscript ranges put back.

Vensim maps ranges on each other, by position or one by one:

    Place: north, south, west -> Zone                     north is the first of Zone, and so on
    Place: north, south, west -> (Zone: cold, warm, warm) the list says which is which

PySD (3.14) takes the list for further subscripts of `Place` and forgets it. Here they are taken out again, and kept.
Also it forgets the brackets of `(-2)^2`, which is then -(2^2) as it is without them. Here it reads `(-1*2)^2`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pysd.translators.structures.abstract_model import AbstractSubscriptRange

from sdforecast.model.vocabulary import CONTROL, VENSIM

_BRACKETED = re.compile(r"\(\s*-\s*(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)\s*\)(?=\s*\^)")
_FILE_TAG = re.compile(r"^30:(\?[^=\n]+)=(.+)$", re.MULTILINE)
_LISTED = re.compile(r"\(\s*([^():]+?)\s*:\s*([^()]*?)\s*\)")


@dataclass
class MappedRange(AbstractSubscriptRange):  # type: ignore[misc]  # PySD has no types
    """A range that is mapped on others one by one.

    Attributes
    ----------
    listed : for each range it maps to what is listed, in the order of its own subscripts: subscripts or ranges.
    """

    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def abstract_model(file: Path) -> Any:
    """Return PySD's `AbstractModel` of a file. PySD's parsers raise whatever their libraries raise."""
    from pysd.translators.vensim.vensim_file import VensimFile
    from pysd.translators.xmile.xmile_file import XmileFile

    is_vensim = file.suffix.lower() in VENSIM
    parsed = (VensimFile if is_vensim else XmileFile)(file)
    if is_vensim:
        parsed.model_text = _BRACKETED.sub(r"(-1*\1)", _with_files(parsed.model_text, file))
    else:
        for node in parsed.xmile_root.iter("{*}eqn"):
            node.text = _BRACKETED.sub(r"(-1*\1)", node.text or "")
    parsed.parse()
    model = parsed.get_abstract_model()
    for section in model.sections:
        for element in section.elements:  # TIME_STEP and Time Step are the same to Vensim
            spelled = element.name.replace("_", " ").upper()
            element.name = spelled if spelled in CONTROL else element.name
        for known in section.subscripts:
            known.mapping = list(known.mapping)  # PySD shares one list between all ranges of all models, and adds to it
    if is_vensim:
        for section, read in zip(model.sections, parsed.sections, strict=True):
            section.subscripts = tuple(_mended(each, read.content) for each in section.subscripts)
    return model


def _with_files(text: str, file: Path) -> str:
    """Return equations with file names for what stands for them: `'?data'`, which the settings at the end explain."""
    for tag, name in _FILE_TAG.findall(file.read_text(encoding="utf-8", errors="replace")):
        text = text.replace(f"'{tag}'", f"'{name.strip()}'")
    return text


def _mended(known: Any, text: str) -> Any:
    """Return a range without the subscripts that are only listed in its mappings."""
    if not known.mapping or not isinstance(known.subscripts, list):
        return known
    name = r"\s+".join(re.escape(word) for word in known.name.split())
    found = re.search(rf"(?:^|\|)\s*{name}\s*:[^~|]*?->([^~|]*)", text)
    listed = {
        target: tuple(" ".join(part.split()) for part in names.split(","))
        for target, names in _LISTED.findall(found.group(1) if found else "")
    }
    extra = sum(len(names) for names in listed.values())
    if not extra:
        return known
    return MappedRange(known.name, known.subscripts[:-extra], known.mapping, listed)


def with_external_ranges(model: Any, folder: Path) -> Any:
    """Read subscript ranges that are in files below `folder` into the tree, which is changed and returned."""
    from pysd.py_backend.external import ExtSubscript

    for section in model.sections:
        for known in section.subscripts:
            where = known.subscripts
            if isinstance(where, dict):
                loaded = ExtSubscript(
                    where["file"], where["tab"], where["firstcell"], where["lastcell"], where["prefix"], root=folder
                )
                known.subscripts = list(loaded.subscript)
    return model
