"""Write the model that the engines are compared on: 25 stocks in a ring, each filled by the one before it.

    python benchmarks/models/make_ring.py

It has no meaning; it has what policy models have: tables, sines, steps, minima, smooths, a delay. Two files come out:
`ring.mdl` with its tables inside the equations (which PySD runs faster) and `ring-named.mdl` with named ones.
"""

import math
from pathlib import Path

STOCKS = 25
TABLES = (
    ((0, 0.3), (0.5, 0.7), (1, 1), (1.5, 1.2), (2, 1.3), (3, 1.4), (4, 1.45)),
    ((0, 1.5), (0.5, 1.3), (1, 1), (1.5, 0.75), (2, 0.55), (3, 0.4), (4, 0.35)),
    ((0, 0.5), (1, 1), (2, 1.25), (4, 1.4)),
    ((0, 1.4), (1, 1), (2, 0.8), (4, 0.65)),
)
CONTROL = {"INITIAL TIME": "0", "FINAL TIME": "312", "TIME STEP": "0.25", "SAVEPER": "1"}


def _points(table: tuple[tuple[float, float], ...]) -> str:
    return ", ".join(f"({x:g},{y:g})" for x, y in table)


def _stock(k: int, *, named: bool) -> dict[str, str]:
    """Return the equations of one stock, by name."""
    before, across = (k - 1) % STOCKS, (k + 9) % STOCKS
    level = f"stock {before} / {100 + 10 * before}"
    source = {3: "slow 3 / 130", 11: "slow 11 / 210"}.get(k, level)
    equations = {
        f"lifetime {k}": f"{5 + 0.25 * k:g}",
        f"stock {k}": f"INTEG(inflow {k} - outflow {k}, {100 + 10 * k})",
        f"fill {k}": source,
        f"season {k}": f"1 + {0.05 + 0.002 * k:g} * SIN({2 * math.pi / (10 + k):.9g} * Time) + STEP(0.1, {40 + 8 * k})",
        f"wish {k}": f"{20 + k} * response {k} * season {k} / lifetime {k} * {5 + 0.25 * k:g}",
        f"inflow {k}": f"MIN(wish {k}, {60 + 2 * k})",
        f"outflow {k}": f"MAX(stock {k}, 0) / lifetime {k}",
    }
    if k % 3 == 0:
        table = (k // 3) % len(TABLES)
        at = f"fill {k} * SQRT(MAX(stock {across} / {100 + 10 * across}, 0.01))"
        read = f"shape {table}({at})" if named else f"WITH LOOKUP({at}, ({_points(TABLES[table])}))"
        equations[f"response {k}"] = read
    elif k % 3 == 1:
        equations[f"response {k}"] = f"IF THEN ELSE(fill {k} > 1.1, 1 + LN(fill {k}), EXP(0.5 * (fill {k} - 1)))"
    else:
        equations[f"response {k}"] = f"MAX(fill {k}, 0.05) / (0.5 + 0.5 * fill {k})"
    return equations


def ring(*, named: bool) -> str:
    """Return the model file."""
    equations: dict[str, str] = {}
    for k in range(STOCKS):
        equations |= _stock(k, named=named)
    equations["slow 3"] = "SMOOTH(stock 2, 4)"
    equations["slow 11"] = "SMOOTH(stock 10, 6)"
    equations["fill 17"] = "late 17 / 25"
    equations["late 17"] = "DELAY3(inflow 16, 5)"
    text = ["{UTF-8}"]
    if named:
        text += [f"shape {k}({_points(table)})\n\t~\tDmnl\n\t~\tA shape.\n\t|" for k, table in enumerate(TABLES)]
    text += [f"{name} =\n\t{formula}\n\t~\tUnit\n\t~\tPart of the ring.\n\t|" for name, formula in equations.items()]
    text += [f"{name} =\n\t{value}\n\t~\tMonth\n\t~\tControl.\n\t|" for name, value in CONTROL.items()]
    return "\n\n".join(text) + "\n"


def write(folder: Path) -> tuple[Path, Path]:
    """Write both files into a folder; return their paths, tables inside first."""
    inside, named = folder / "ring.mdl", folder / "ring-named.mdl"
    inside.write_text(ring(named=False), encoding="utf-8")
    named.write_text(ring(named=True), encoding="utf-8")
    return inside, named


if __name__ == "__main__":
    write(Path(__file__).parent)
