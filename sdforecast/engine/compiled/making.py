"""The compiler, read from top to bottom: which pass follows which, from a model file to something that runs.

    read → unroll → lower                   once a model (:func:`lowered`; kept on disk)
    specialise → integrate → level          once a question (:func:`made`): what is saved, given and varied
    emit → machine code, or interpret       once a question (:mod:`kernel`; kept on disk)

A question fixes names, never values: another draw or scenario is only other numbers in the same arrays.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path

from sdforecast import shipped
from sdforecast.engine.compiled.checking import check
from sdforecast.engine.compiled.integrate import integrate
from sdforecast.engine.compiled.level import Leveled, level
from sdforecast.engine.compiled.lower import lower
from sdforecast.engine.compiled.program import Program, Table
from sdforecast.engine.compiled.reading import abstract_model, integration_method
from sdforecast.engine.compiled.reciprocals import reciprocals
from sdforecast.engine.compiled.sources import source_hash
from sdforecast.engine.compiled.specialise import specialise
from sdforecast.engine.compiled.storing import from_text, to_text
from sdforecast.engine.compiled.unroll import Unrolled, unroll
from sdforecast.errors import InputError, MachineError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.model.reading import TREATMENT
from sdforecast.writing import write_text

_SOURCES = ("reading", "unroll", "lower", "building", "operations", "program", "storing")
"""What a lowered program depends on beside the model file."""


@dataclass(frozen=True)
class Question:
    """What is asked of a model: names only.

    Attributes
    ----------
    columns : keys of what is saved, in order.
    series : variables that are given by row instead of by their equation.
    constants : variables that are given as a number though their equation is no constant.
    shaping : values of constants that shape the program, where they differ from the file's.
    varied : keys of parameters that differ between members.
    own : keys of series that differ between members.
    initials : keys of stocks whose initial value is given: each becomes a parameter, see :func:`.program.start_of`.
    tables : tables that replace those of the same name.
    fast : whether to multiply by reciprocals of constants instead of dividing.
    method : `euler` or `rk4`, where it is not to be the file's.
    """

    columns: tuple[str, ...]
    series: frozenset[str] = frozenset()
    constants: frozenset[str] = frozenset()
    shaping: tuple[tuple[str, float], ...] = ()
    varied: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    initials: tuple[str, ...] = ()
    tables: tuple[Table, ...] = ()
    fast: bool = False
    method: str = ""


def lowered(
    model: ModelFile,
    series: frozenset[str] = frozenset(),
    constants: frozenset[str] = frozenset(),
    shaping: tuple[tuple[str, float], ...] = (),
) -> Program:
    """Return the program of a model file, from our cache if neither it nor a file that it reads has changed.

    Raises `Unsupported` for what is not compiled and `InputError` for what is wrong.
    """
    place = _place(model, series, constants, shaping)
    program = _kept(place)
    if program is None:
        _forget_files()
        unrolled = _unrolled(model)
        method = integration_method(model.path)
        try:
            program = lower(unrolled, method, series=series, constants=constants, values=dict(shaping))
        except InputError as error:
            raise InputError(*(replace(problem, file=str(model.path)) for problem in error.problems)) from error
        check(program)
        _keep(place, program, unrolled.files)
    return program


_last: dict[tuple[str, str], Unrolled] = {}  # the last model read: parsing takes longer than all else together


def _unrolled(model: ModelFile) -> Unrolled:
    """Return a model read and unrolled; one that reads no other files is kept until another is read."""
    key = (str(model.path.resolve()), model.sha256)
    if key in _last:
        return _last[key]
    found = unroll(abstract_model(model), model.path.parent)
    _last.clear()
    if not found.files:
        _last[key] = found
    return found


def made(program: Program, question: Question) -> Leveled:
    """Return a lowered program made ready for a question."""
    points = {table.name: (table.x, table.y) for table in question.tables}
    tables = tuple(_with_points(table, points) for table in program.tables)
    given = replace(program, tables=tables, method=question.method or program.method)
    special = specialise(given, initials=question.initials, outputs=question.columns)
    integrated = integrate(special)
    if question.fast:
        integrated = reciprocals(integrated)
    parameters = {parameter.key: k for k, parameter in enumerate(integrated.parameters)}
    if strange := next((key for key in question.varied if key not in parameters), None):
        raise InputError(Problem(f"'{strange}' is no number that could be given", hint=nearest(strange, parameters)))
    varied = tuple(parameters[key] for key in question.varied)
    own = tuple(integrated.series.index(key) for key in question.own)
    return level(integrated, varied=varied, own=own)


def _with_points(table: Table, points: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]]) -> Table:
    """Return a table with the points that are given for it, or for all cells of its variable."""
    x, y = points.get(table.name, points.get(table.name.partition("[")[0], (table.x, table.y)))
    return replace(table, x=x, y=y)


def _forget_files() -> None:
    """Let PySD read spreadsheets anew: it keeps those of the last model, which may have changed."""
    external = sys.modules.get("pysd.py_backend.external")
    if external is not None:
        external.Excels.clean()


# --- the cache of lowered programs ---------------------------------------------------------------------


def _place(
    model: ModelFile, series: frozenset[str], constants: frozenset[str], shaping: tuple[tuple[str, float], ...]
) -> Path | None:
    """Return where a program is kept; None if there is nowhere."""
    parts = (
        source_hash(*_SOURCES), TREATMENT, metadata.version("pysd"), model.sha256, str(model.path.resolve()),
        sorted(series), sorted(constants), [(name, value.hex()) for name, value in shaping],
    )  # fmt: skip
    key = hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
    folder = shipped.cache_room("programs")
    return folder / f"{key}.json" if folder is not None else None


def _kept(place: Path | None) -> Program | None:
    if place is None or not place.is_file():
        return None
    try:
        record = json.loads(place.read_text(encoding="utf-8"))
        if any(_hash(Path(name)) != known for name, known in record["files"].items()):
            return None
        return from_text(record["program"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _keep(place: Path | None, program: Program, files: tuple[Path, ...]) -> None:
    if place is None:
        return
    with contextlib.suppress(OSError, MachineError):
        record = {"files": {str(file): _hash(file) for file in files}, "program": to_text(program)}
        write_text(place, json.dumps(record))


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
