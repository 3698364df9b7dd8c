"""Storing: a program as text and back, so that a model that was lowered once need not be read again.

The text is JSON: numbers in hexadecimal where they must come back to the last bit. Nothing in it is ever executed, and
what is read is checked like a program that a stranger has written.

    %2 = mul %0, %1          ["mul",[0,1],null]
    %0 = lit 0.1             ["lit",[],"0x1.999999999999ap-4"]
"""

from __future__ import annotations

import json
import math
from typing import Any

from sdforecast.engine.compiled.checking import check
from sdforecast.engine.compiled.program import Node, Output, Parameter, Program, Ring, Shape, State, Table

FORMAT = 1
"""Grows when the text changes its meaning."""


def to_text(program: Program) -> str:
    """Return a program as text."""
    return json.dumps(
        {
            "format": FORMAT,
            "nodes": [[node.op, list(node.args), _written(node.data)] for node in program.nodes],
            "parameters": [[p.name, list(p.subscripts), p.value.hex()] for p in program.parameters],
            "states": [[s.name, s.initial, s.root, s.is_rate, s.non_negative] for s in program.states],
            "rings": [[r.name, r.input, r.delay, r.initial] for r in program.rings],
            "tables": [[t.name, [x.hex() for x in t.x], [y.hex() for y in t.y], t.kind] for t in program.tables],
            "series": list(program.series),
            "outputs": [[o.name, list(o.subscripts), o.node] for o in program.outputs],
            "step": program.step.hex(),
            "initial_time": program.initial_time.hex(),
            "method": program.method,
            "assumed": [[k, value.hex()] for k, value in program.assumed],
            "shapes": [[s.name, list(s.dims), [list(names) for names in s.coords]] for s in program.shapes],
        },
        separators=(",", ":"),
    )


def from_text(text: str) -> Program:
    """Return the program that a text holds. Raises `ValueError` if it holds none that is well formed."""
    try:
        record = json.loads(text)
        if record["format"] != FORMAT:
            raise ValueError("another format")
        program = _program(record)
    except (KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise ValueError(f"not a program: {error}") from error
    check(program)
    return program


def _program(record: dict[str, Any]) -> Program:
    return Program(
        nodes=tuple(Node(str(op), _whole(args), _read(data)) for op, args, data in record["nodes"]),
        parameters=tuple(Parameter(str(n), _texts(subs), _number(value)) for n, subs, value in record["parameters"]),
        states=tuple(
            State(str(name), _one(initial), _one(root), bool(is_rate), bool(non_negative))
            for name, initial, root, is_rate, non_negative in record["states"]
        ),
        rings=tuple(Ring(str(name), *_whole(places)) for name, *places in record["rings"]),
        tables=tuple(Table(str(n), _numbers(x), _numbers(y), str(kind)) for n, x, y, kind in record["tables"]),
        series=_texts(record["series"]),
        outputs=tuple(Output(str(n), _texts(subs), _one(node)) for n, subs, node in record["outputs"]),
        step=_number(record["step"]),
        initial_time=_number(record["initial_time"]),
        method=str(record["method"]),
        assumed=tuple((_one(k), _number(value)) for k, value in record["assumed"]),
        shapes=tuple(Shape(str(n), _texts(dims), tuple(map(_texts, coords))) for n, dims, coords in record["shapes"]),
    )


def _written(data: object) -> object:
    return data.hex() if isinstance(data, float) else list(data) if isinstance(data, tuple) else data


def _read(data: object) -> float | int | tuple[int, int] | None:
    if isinstance(data, str):
        return float.fromhex(data)
    if isinstance(data, list):
        first, second = _whole(data)
        return (first, second)
    return None if data is None else _one(data)


def _whole(values: Any) -> tuple[int, ...]:
    if any(type(value) is not int for value in values):
        raise ValueError(f"whole numbers expected, not {values!r}")
    return tuple(values)


def _one(value: object) -> int:
    return _whole((value,))[0]


def _number(text: str) -> float:
    return math.nan if text == "nan" else float.fromhex(text)


def _numbers(texts: Any) -> tuple[float, ...]:
    return tuple(_number(text) for text in texts)


def _texts(values: Any) -> tuple[str, ...]:
    if any(not isinstance(value, str) for value in values):
        raise ValueError(f"names expected, not {values!r}")
    return tuple(values)
