"""Labels on numbers."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.engine.choosing import machine
from sdforecast.engine.layout import Layout, columns, dataset, layouts
from sdforecast.errors import InputError
from tests.engine.conftest import Write
from tests.small import small

EQUATIONS = """
Row: top, bottom
Column: left, middle, right
part: left, right
x[Row, Column] = 1
y[Row, part] = 2
scalar = 3
"""


def test_dimensions_and_cells_in_the_order_of_the_file(write: Write) -> None:
    program = machine(write(EQUATIONS)).base
    x, scalar = layouts(program, ["x", "scalar"])
    assert (x.dims, x.coords) == (("Row", "Column"), (("top", "bottom"), ("left", "middle", "right")))
    assert x.keys == tuple(f"x[{row}, {column}]" for row in x.coords[0] for column in x.coords[1])
    assert scalar == Layout("scalar", (), (), ("scalar",))
    assert columns(program, [x, scalar]) == [*x.keys, "scalar"]


def test_numbers_come_to_lie_under_their_labels(write: Write) -> None:
    model = write(EQUATIONS)
    chosen = layouts(machine(model).base, ["x", "scalar"])
    keys = columns(machine(model).base, chosen)[::-1]
    values = np.arange(2.0 * 7).reshape(2, 7)
    made = dataset(model, chosen, keys, values, ("time",), {"time": [0.0, 1.0]})
    assert made["x"].dims == ("time", "Row", "Column")
    for k, key in enumerate(keys[1:], start=1):
        row, column = key[2:-1].split(", ")
        assert made["x"].sel(time=1, Row=row, Column=column) == values[1, k]
    assert made["scalar"].to_numpy().tolist() == values[:, 0].tolist()


def test_a_cell_without_an_equation_is_nan(write: Write) -> None:
    model = write("Row: top, bottom, cellar\nx[top] = 1\nx[bottom] = 2")
    (layout,) = layouts(machine(model).base, ["x"])
    keys = columns(machine(model).base, [layout])
    made = dataset(model, [layout], keys, np.array([[1.0, 2.0]]), ("time",), {"time": [0.0]})["x"]
    assert made.sel(time=0, **{made.dims[1]: ["top", "bottom"]}).to_numpy().tolist() == [1, 2]
    assert made.notnull().sum() == 2


def test_units_and_comments_come_along() -> None:
    model = small("growth.mdl")
    chosen = layouts(machine(model).base, ["births"])
    made = dataset(model, chosen, ["births"], np.zeros((1, 1)), ("time",), {"time": [0.0]})
    assert made["births"].attrs == {"unit": "person/Month", "comment": "Births."}


def test_a_table_is_no_number(write: Write) -> None:
    program = machine(write("curve((0,0),(1,1))\ny = curve(Time)")).base
    with pytest.raises(InputError, match="'curve' is no number over time"):
        layouts(program, ["curve"])
