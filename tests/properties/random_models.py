"""Random small models as Vensim text: what a modeller might write, but for what PySD is known to get wrong.

Divisors are away from zero, delays longer than their steps and initial values no whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hypothesis import strategies as st

from tests.engine.compiled.comparing import text

RANGE = ("North", "South", "West")

NUMBERS = st.floats(0.125, 4.0, allow_nan=False).map(lambda x: round(x, 3) + 0.0005)
TIMES = st.integers(0, 24).map(lambda n: n / 4)


@dataclass
class Model:
    """A model so far: names that an equation may use, and equations."""

    constants: list[str] = field(default_factory=list)
    scalars: list[str] = field(default_factory=list)
    arrays: list[str] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    equations: list[str] = field(default_factory=list)

    @property
    def source(self) -> str:
        return text("\n".join(self.equations), TIME_STEP=0.25, FINAL_TIME=6, SAVEPER=0.5)


Draw = Callable[[st.SearchStrategy[object]], object]


@st.composite
def models(draw: Draw) -> Model:
    """Return a model with some constants, tables, stocks, auxiliaries and, half of the time, a range."""
    model = Model()
    for k in range(draw(st.integers(2, 4))):
        model.constants.append(f"constant {k}")
        model.equations.append(f"constant {k} = {draw(NUMBERS)}")
    for k in range(draw(st.integers(0, 2))):
        model.tables.append(f"table {k}")
        model.equations.append(f"table {k}({draw(_points())})")
    model.scalars += [*model.constants, "Time"]
    stocks = [f"stock {k}" for k in range(draw(st.integers(1, 3)))]
    model.scalars += stocks
    over_range = bool(draw(st.booleans()))
    if over_range:
        _begin_range(draw, model)
    for k in range(draw(st.integers(2, 6))):
        array = over_range and bool(draw(st.booleans()))
        _auxiliary(draw, model, f"auxiliary {k}", array)
    for stock in stocks:
        model.equations.append(_stock(draw, model, stock, "", array=False))
    if over_range:
        model.equations.append(_stock(draw, model, "level", "[Region]", array=True))
    return model


def _begin_range(draw: Draw, model: Model) -> None:
    model.equations.append(f"Region: {', '.join(RANGE)}")
    model.equations.append(f"weight[Region] = {', '.join(str(draw(NUMBERS)) for _ in RANGE)}")
    for element in RANGE:
        model.equations.append(f"part[{element}] = {draw(NUMBERS)} * Time - {draw(_name(model, array=False))}")
    model.arrays += ["weight[Region]", "part[Region]", "level[Region]"]


def _auxiliary(draw: Draw, model: Model, name: str, array: bool) -> None:
    left = f"{name}[Region]" if array else name
    value = draw(st.one_of(_delays(model, array), _expressions(model, array)))
    model.equations.append(f"{left} = {value}")
    (model.arrays if array else model.scalars).append(left)


def _stock(draw: Draw, model: Model, name: str, brackets: str, array: bool) -> str:
    inflow = draw(_expressions(model, array))
    begin = draw(st.sampled_from(model.constants))
    return f"{name}{brackets} = INTEG(({inflow}) / 3 - {name}{brackets} / {draw(NUMBERS) + 0.5}, {begin} * 2)"


def _points() -> st.SearchStrategy[str]:
    knots = st.lists(st.integers(-8, 8), min_size=2, max_size=7, unique=True).map(sorted)
    return knots.flatmap(
        lambda xs: st.lists(NUMBERS, min_size=len(xs), max_size=len(xs)).map(
            lambda ys: ", ".join(f"({x}, {y})" for x, y in zip(xs, ys, strict=True))
        )
    )


def _name(model: Model, array: bool) -> st.SearchStrategy[str]:
    return st.sampled_from(model.scalars + (model.arrays if array else []))


def _expressions(model: Model, array: bool) -> st.SearchStrategy[str]:
    """Return expressions over what is there: finite whatever their arguments are, and of no great size."""
    one = st.one_of(_name(model, array), NUMBERS.map(str))

    def more(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        pair = st.tuples(inner, inner)
        of_one = st.sampled_from(
            ["ABS({0})", "SIN({0})", "COS({0})", "EXP(-ABS({0}))", "SQRT(ABS({0}))", "LN(1 + ABS({0}))", "-({0})",
             "ARCTAN({0})", "TANH({0})", "INTEGER({0})", "MODULO({0}, 3)", "({0}) / 7", "SIN({0}) ^ 2", "INITIAL({0})"]
        )  # fmt: skip
        of_two = st.sampled_from(
            ["({0}) + ({1})", "({0}) - ({1})", "{0} * SIN({1})", "({0}) / (1.5 + ABS({1}))", "MIN({0}, {1})",
             "MAX({0}, {1})", "ZIDZ({0}, 2 + ABS({1}))", "XIDZ({0}, 0, {1})", "(1 + ABS(SIN({0}))) ^ COS({1})",
             "IF THEN ELSE({0} > {1}, {0}, {1} / 2)", "IF THEN ELSE({0} > 1 :AND: {1} < 2, {1}, -1.5)",
             "IF THEN ELSE({0} <= {1} :OR: Time < 2, {1}, {0})", "IF THEN ELSE(:NOT: Time = 3, {0}, {1})"]
        )  # fmt: skip
        choices = [
            st.builds(lambda form, x: form.format(x), of_one, inner),
            st.builds(lambda form, both: form.format(*both), of_two, pair),
        ]
        if model.tables:
            choices.append(st.builds(lambda table, x: f"{table}({x})", st.sampled_from(model.tables), inner))
        if model.arrays and not array:
            sums = st.sampled_from(["SUM", "VMIN", "VMAX"])
            marked = st.sampled_from([name.replace("Region", "Region!") for name in model.arrays])
            choices.append(st.builds(lambda how, name: f"{how}({name} * 0.5)", sums, marked))
        return st.one_of(choices)

    steps = st.one_of(
        st.builds(lambda height, time: f"STEP({height}, {time})", NUMBERS, TIMES),
        st.builds(lambda time, width: f"PULSE({time}, {width + 0.25})", TIMES, TIMES),
        st.builds(lambda slope, time: f"RAMP({slope}, {time}, {time} + 2)", NUMBERS, TIMES),
    )
    return st.recursive(st.one_of(one, steps), more, max_leaves=6)


def _delays(model: Model, array: bool) -> st.SearchStrategy[str]:
    forms = st.sampled_from(
        ["SMOOTHI({x}, {t}, {c})", "SMOOTH3I({x}, {t}, {c})", "SMOOTH N({x}, {t}, {c}, 2)", "DELAY1I({x}, {t}, {c})",
         "DELAY3I({x}, {t}, {c})", "DELAY N({x}, {t}, {c}, 3)", "DELAY FIXED({x}, {t}, {c})", "SMOOTH({x} + 0.5, {t})",
         "DELAY1({x} + 0.5, {t})", "SAMPLE IF TRUE(Time < {t}, {x}, {c})", "2 * SMOOTHI({x}, {t} + 1, {c}) - 1"]
    )  # fmt: skip
    times = st.sampled_from([1.0, 1.5, 2.0, 3.25])
    return st.builds(
        lambda form, x, t, c: form.format(x=x, t=t, c=c),
        forms, _expressions(model, array), times, st.sampled_from(model.constants),
    )  # fmt: skip
