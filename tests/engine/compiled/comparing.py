"""One model, run three ways: by PySD, by the interpreter and by machine code."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdforecast.engine.compiled.interpret import interpret
from sdforecast.engine.compiled.machine import Machine
from sdforecast.engine.reference import Simulator
from sdforecast.model import read

FEATURES = Path(__file__).parent / "features"

_CONTROL = {"INITIAL TIME": "0", "FINAL TIME": "8", "TIME STEP": "0.25", "SAVEPER": "TIME STEP"}


@dataclass(frozen=True)
class Runs:
    """What the compiled engine makes of a model [rows], by key; `code` by machine code, `read` by the interpreter."""

    times: np.ndarray
    code: dict[str, np.ndarray]
    read: dict[str, np.ndarray]


def compiled(path: Path) -> Runs:
    """Run all variables of a model file compiled."""
    machine = Machine(read(path))
    keys = [output.key for output in machine.base.outputs]
    ready = machine.ready(keys)
    assert ready.kernel is not None
    batch = ready.batch({})
    code, plain = ready.run(batch)[0], interpret(ready.leveled, batch.inputs)[0]
    by_key = [dict(zip(keys, values.T, strict=True)) for values in (code, plain)]
    return Runs(batch.times, *by_key)


def pysd(path: Path) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Run all variables of a model file with PySD: times and values by key; cells without an equation are left out."""
    table = Simulator(read(path)).run({})
    found = {_key(str(name)): np.asarray(table[name], dtype=float) for name in table.columns}
    return table.index.to_numpy(float), {key: values for key, values in found.items() if not np.isnan(values).all()}


def _key(column: str) -> str:
    """Return PySD's `name[one,two]` as we write it."""
    name, bracket, cell = column.rpartition("[")
    bracket = bracket if column.endswith("]") else ""  # not "a [name] in quotes"
    return f"{name}[{', '.join(part.strip() for part in cell[:-1].split(','))}]" if bracket else column


def error(one: np.ndarray, other: np.ndarray) -> float:
    """Return the largest difference relative to the larger of the two values and the variable's range."""
    if not np.array_equal(np.isnan(one), np.isnan(other)):
        return float("inf")
    finite = other[np.isfinite(other)]
    span = float(np.ptp(finite)) if len(finite) else 0.0
    with np.errstate(all="ignore"):
        scale = np.maximum(np.maximum(abs(one), abs(other)), span)
        apart = np.where((one == other) | np.isnan(other), 0.0, abs(one - other) / scale)
    return float(apart.max(initial=0.0))


def text(equations: str, **control: object) -> str:
    """Return a Vensim model of equations, one a line (or parted by `;;`), and control variables (`TIME_STEP=0.5`)."""
    given = _CONTROL | {name.replace("_", " "): str(value) for name, value in control.items()}
    parts = re.split(r";;|\n", equations)
    lines = [part.strip() for part in parts if part.strip()] + [f"{name} = {value}" for name, value in given.items()]
    return "{UTF-8}\n" + "\n".join(f"{line}\n\t~\t\n\t~\t|" for line in lines) + "\n"


def written(folder: Path, equations: str, **control: object) -> Path:
    """Write a Vensim model of equations into a folder; see :func:`text`."""
    file = folder / "model.mdl"
    file.write_text(text(equations, **control), encoding="utf-8")
    return file
