"""Whether a posterior is that of the model, the priors, the targets and the data in front of us.

What is compared is a fingerprint of what decides the result. Of a model these are its equations, with what they read
from other files: not its sketch, its comments, its units, its order and layout, nor the values of constants that have
a prior, which every draw sets anew. Of the tables these are the numbers and names that enter the fit, of the history
all rows: not sources, reasons and titles. So to redraw a view or to mend a citation orphans no posterior.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sdforecast import shipped
from sdforecast.errors import InputError, Problem
from sdforecast.inference.posterior import Posterior
from sdforecast.model import ModelFile
from sdforecast.model.sectors import plain
from sdforecast.model.vocabulary import VENSIM

PARTS = {"model": "the model's equations", "parameters": "the priors", "targets": "the targets", "history": "the data"}
"""What has a fingerprint, and how it is called in a message."""

_FORM = "1"
"""Grows when we take fingerprints in another way."""

_UNTOLD = {
    "parameters": {"source", "grade", "narrowed_by", "fixed_because", "unit"},
    # where a discrepancy counts in a forecast, and what is estimated after the fit
    "targets": {"title", "reason", "source", "note", "contained_in", "remainder"},
    "history": {"source", "licence", "reason", "basis", "title", "zero_means", "one_means"},
}
"""Keys and columns that decide nothing."""


def fingerprints(
    model: ModelFile, parameter_file: Path | None = None, target_file: Path | None = None, folder: Path | None = None
) -> dict[str, str]:
    """Return a SHA-256 for each of :data:`PARTS`, of what decides a posterior.

    Parameters
    ----------
    parameter_file, target_file, folder : tables and history (default: the shipped ones).

    Raises
    ------
    InputError : a file is missing or cannot be read.
    """
    where = shipped.calibration_dir()
    priors = _toml(parameter_file or where / "parameters.toml")
    return {
        "model": _hash(_equations(model.path, _with_prior(priors))),
        "parameters": _hash([_canonical(priors, _UNTOLD["parameters"])]),
        "targets": _hash([_canonical(_toml(target_file or where / "targets.toml"), _UNTOLD["targets"])]),
        "history": _hash(_rows(folder or shipped.history_dir())),
    }


def belongs(
    posterior: Posterior,
    model: ModelFile,
    parameter_file: Path | None = None,
    target_file: Path | None = None,
    folder: Path | None = None,
) -> list[Problem]:
    """Return what has changed since `posterior` was made, as one problem; empty if it belongs to what is given.

    The arguments are those of :func:`fingerprints`, and so is what is raised.
    """
    now = fingerprints(model, parameter_file, target_file, folder)
    told = posterior.manifest.get("fingerprints")
    then = told if isinstance(told, Mapping) else {}
    changed = [what for part, what in PARTS.items() if then.get(part) != now[part]]
    if not changed:
        return []
    listed = ", ".join(changed[:-1]) + " and " + changed[-1] if len(changed) > 1 else changed[0]
    options = {"--data": folder, "--targets": target_file, "--parameters": parameter_file}
    words = [f"{option} {path}" for option, path in options.items() if path is not None]
    words += [] if model.is_shipped else [f"--model {model.path}"]
    command = " ".join(["sdforecast calibrate", *words])
    what = f"the posterior was made from others: {listed} changed since"
    return [Problem(what, file=str(model.path), hint=f"make it anew: {command}")]


def _hash(parts: Iterable[str]) -> str:
    digest = hashlib.sha256(_FORM.encode())
    for part in parts:
        digest.update(b"\0" + part.encode("utf-8", errors="surrogatepass"))
    return digest.hexdigest()


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error


# Tables


def _toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(_bytes(file).decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise InputError(Problem(f"is not readable TOML: {error}", file=str(file))) from error


def _canonical(value: Any, untold: Collection[str]) -> str:
    """Return a value of TOML as one text, whatever the order of its keys and tables and the look of its numbers."""
    if isinstance(value, dict):
        items = {key: _canonical(inner, untold) for key, inner in value.items() if key not in untold}
        return json.dumps(sorted(items.items()))
    if isinstance(value, list):
        items_of = [_canonical(inner, untold) for inner in value]
        tables = bool(value) and all(isinstance(inner, dict) for inner in value)
        return json.dumps(sorted(items_of) if tables else items_of)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return repr(float(value))
    return json.dumps(str(value))


def _with_prior(priors: Mapping[str, Any]) -> set[str]:
    """Return the names of the constants that a draw sets, as the model's equations spell them when plain."""
    entries = priors.get("parameter", [])
    rows = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {plain(str(row.get("name", "")).strip('"')) for row in rows if row.get("kind") != "data"}


def _rows(folder: Path) -> list[str]:
    """Return the rows of the history, each with its file, sorted."""
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise InputError(Problem("holds no history files", file=str(folder), hint="expected *.csv"))
    return [f"{file.name}\0{row}" for file in files for row in sorted(_table(file))]


def _table(file: Path) -> list[str]:
    """Return the rows of one table, cells in the order of the names of their columns."""
    try:
        header, *rows = list(csv.reader(io.StringIO(_bytes(file).decode("utf-8-sig"), newline=""))) or [[]]
    except (csv.Error, UnicodeDecodeError) as error:
        raise InputError(Problem(f"is not a readable CSV file: {error}", file=str(file))) from error
    told = sorted((name, k) for k, name in enumerate(header) if name not in _UNTOLD["history"])
    names = "\x1f".join(name for name, _ in told)
    return [names, *("\x1f".join(_cell(row[k]) if k < len(row) else "" for _, k in told) for row in rows if row)]


@lru_cache(maxsize=20_000)  # days and words stand in many rows
def _cell(text: str) -> str:
    """Return a number as Python writes it, and anything else as it is."""
    try:
        return repr(float(text))
    except ValueError:
        return text


# Models

_SKETCH = "\\\\\\---///"
_BRACES = re.compile(r"\{[^{}|]*\}")
_EQUATION = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|[(,]\s*'[^'|\n]*'|[^~])*""")
_RANGE = re.compile(r"\[\s*\([^()\]]*\)\s*-\s*\([^()\]]*\)[^\]]*\]\s*,?")  # of the picture of a lookup
_QUOTED = re.compile(r"""("(?:[^"\\]|\\.)*"|'[^'\n]*')""")
_NUMBER = re.compile(r"(?<![\w. ])(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_CONSTANT = re.compile(r"""(?P<name>"(?:[^"\\]|\\.)*"|[^=\[\]()"]+)=[-+]?[\d.]+(?:[eE][-+]?\d+)?""")
_FILE = re.compile(r"\bGET\s+\w+\s+\w+\s*\(\s*'([^']+)'", re.IGNORECASE)
_FILE_TAG = re.compile(r"^30:(\?[^=\n]+)=(.+)$", re.MULTILINE)
_PICTURE = ("views", "header", "doc", "documentation", "style", "units", "format", "range", "scale", "data")


def _equations(file: Path, free: Collection[str]) -> list[str]:
    """Return the equations of a model file, and hashes of the files that they read."""
    content = _bytes(file)
    text = content.decode("utf-8", errors="replace")
    if file.suffix.lower() not in VENSIM:
        return [_of_xmile(text, free)]
    equations, _, sketch = text.partition(_SKETCH)
    entries = [_plain_equation(entry, free) for entry in _BRACES.sub("", equations).split("|")]
    kept = [entry for entry in entries if entry and not entry.startswith("****")]
    if not any(entry.startswith(":MACRO:") for entry in kept):  # what is in a macro has to stay between its ends
        kept.sort()
    tags = {tag: name.strip() for tag, name in _FILE_TAG.findall(sketch)}
    names = sorted({tags.get(name, name) for name in _FILE.findall(equations)})
    beside = [file.parent / name for name in names]
    return kept + [f"{path.name} {hashlib.sha256(_bytes(path)).hexdigest()}" for path in beside if path.is_file()]


def _plain_equation(entry: str, free: Collection[str]) -> str:
    """Return what stands before the unit, without layout: as Vensim would read it, whoever wrote it."""
    found = _EQUATION.match(entry)
    equation = _RANGE.sub("", (found[0] if found else "").replace("\\\n", " ").replace("\\\r\n", " "))
    pieces = _QUOTED.split(equation)
    plain_pieces = [piece if k % 2 else _plain_piece(piece) for k, piece in enumerate(pieces)]
    text = "".join(plain_pieces).strip()
    constant = _CONSTANT.fullmatch(text)
    return f"{constant['name']}=" if constant and plain(constant["name"].strip('"')) in free else text


def _plain_piece(text: str) -> str:
    text = " ".join(text.split())
    text = re.sub(r" ?([-+*/^=(),:;<>\[\]!]) ?", r"\1", text)
    return _NUMBER.sub(lambda found: repr(float(found[0])), text)


def _of_xmile(text: str, free: Collection[str]) -> str:
    """Return an XMILE file without what only draws or describes it; the file itself where it is no good XML."""
    try:
        root = ET.fromstring(text.encode("utf-8"))
    except ET.ParseError:
        return text
    for node in list(root.iter()):
        for child in list(node):
            if str(child.tag).rpartition("}")[2].lower() in _PICTURE:
                node.remove(child)
        name = node.get("name")
        equation = next((c for c in node if str(c.tag).rpartition("}")[2].lower() == "eqn"), None)
        if name and equation is not None and plain(name.replace("\\n", " ")) in free:
            equation.text = ""
    return ET.canonicalize(ET.tostring(root, encoding="unicode"), strip_text=True)
