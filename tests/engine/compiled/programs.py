"""Small programs written by hand, as lowering would make them, for the tests of the passes and of machine code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.clock import clock
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.integrate import integrate
from sdforecast.engine.compiled.level import Leveled, level
from sdforecast.engine.compiled.program import Output, Parameter, Program, Ring, State, Table
from sdforecast.engine.compiled.specialise import specialise


class Sketch:
    """A program in the making: a builder that also numbers parameters, states and outputs."""

    def __init__(self, *, step: float, method: str = "euler", initial_time: float = 0.0) -> None:
        self.step, self.method, self.initial_time = step, method, initial_time
        self.builder = Builder()
        self.parameters: list[Parameter] = []
        self.states: list[State] = []
        self.rings: list[Ring] = []
        self.tables: list[Table] = []
        self.series: list[str] = []
        self.outputs: list[Output] = []
        self.par("INITIAL TIME", initial_time)
        self.par("TIME STEP", step)

    def __call__(self, name: str, *args: int | float) -> int:
        """Return an operation; plain floats are literals."""
        return self.builder.op(name, *(self.builder.lit(x) if isinstance(x, float) else x for x in args))

    def par(self, name: str, value: float) -> int:
        """Return a new parameter."""
        self.parameters.append(Parameter(name, (), value))
        return self.builder.leaf("par", len(self.parameters) - 1)

    def time(self) -> int:
        """Return the time."""
        return self.builder.leaf("time", 0)

    def input(self, name: str) -> int:
        """Return a new series."""
        self.series.append(name)
        return self.builder.leaf("series", (len(self.series) - 1, 0))

    def lookup(self, table: Table, x: int) -> int:
        """Return a new table read at `x`."""
        self.tables.append(table)
        return self.builder.lookup(x, len(self.tables) - 1)

    def state(self, k: int) -> int:
        """Return state `k`, defined or not."""
        return self.builder.leaf("state", k)

    def output(self, name: str, node: int) -> None:
        """Save a node."""
        self.outputs.append(Output(name, (), self.builder.number(node)))

    def program(self) -> Program:
        """Return the program."""
        return Program(
            nodes=tuple(self.builder.nodes),
            parameters=tuple(self.parameters),
            states=tuple(self.states),
            rings=tuple(self.rings),
            tables=tuple(self.tables),
            series=tuple(self.series),
            outputs=tuple(self.outputs),
            step=self.step,
            initial_time=self.initial_time,
            method=self.method,
        )


def teacup(*, step: float = 0.125, method: str = "euler") -> Program:
    """Return a cup that cools: T' = -(T - room) / time."""
    sketch = Sketch(step=step, method=method)
    room, first, time = sketch.par("room", 70.0), sketch.par("first", 180.0), sketch.par("cooling time", 10.0)
    loss = sketch("div", sketch("sub", sketch.state(0), room), time)
    sketch.states.append(State("temperature", first, sketch("neg", loss)))
    sketch.output("temperature", sketch.state(0))
    sketch.output("loss", loss)
    return sketch.program()


def factory(*, step: float = 0.25, method: str = "euler") -> Program:
    """Return two stocks with most kinds of nodes between them: lookup, min, select, power, series, INITIAL, time.

    stock     = INTEG(making - sales, 20 + demand at the start)
    skill     = INTEG(learning, 1)
    making    = MIN(capacity * skill ^ learning power, wish), wish = demand * effect(stock / INITIAL(stock))
    sales     = IF THEN ELSE(time > opening, demand * EXP(-price / 10), 0)
    """
    sketch = Sketch(step=step, method=method)
    names = {"capacity": 7.0, "learning power": 0.7, "opening": 1.9, "price": 3.0, "rate": 0.11}
    capacity, power, opening, price, rate = (sketch.par(name, value) for name, value in names.items())
    stock, skill, demand = sketch.state(0), sketch.state(1), sketch.input("demand")
    effect = Table("effect", (0.0, 0.5, 1.0, 1.5, 3.0), (2.0, 1.7, 1.0, 0.4, 0.1))
    first = sketch("add", demand, 20.0)
    wish = sketch("mul", demand, sketch.lookup(effect, sketch("div", stock, sketch.builder.initial(first))))
    making = sketch("min", sketch("mul", capacity, sketch("pow", skill, power)), wish)
    dear = sketch("exp", sketch("div", sketch("neg", price), 10.0))
    sales = sketch("select", sketch("gt", sketch.time(), opening), sketch("mul", demand, dear), 0.0)
    sketch.states.append(State("stock", first, sketch("sub", making, sales)))
    sketch.states.append(State("skill", sketch.builder.lit(1.0), sketch("mul", rate, sketch("log", making))))
    for name, node in {"stock": stock, "skill": skill, "making": making, "sales": sales}.items():
        sketch.output(name, node)
    return sketch.program()


def pipeline(*, delay: float = 1.0, step: float = 0.25) -> Program:
    """Return a DELAY FIXED: what goes in (gain * time) comes out `delay` later, `first` before that."""
    sketch = Sketch(step=step)
    time, first, gain = sketch.par("delay", delay), sketch.par("first", -1.0), sketch.par("gain", 3.0)
    put_in = sketch("mul", gain, sketch.time())
    sketch.rings.append(Ring("out", put_in, time, first))
    sketch.output("out", sketch.builder.leaf("ring", 0))
    return sketch.program()


def oscillator(*, step: float, method: str = "rk4") -> Program:
    """Return a spring: x' = v, v' = -x, x(0) = 1; x is the cosine of time."""
    sketch = Sketch(step=step, method=method)
    x, v, stiff = sketch.state(0), sketch.state(1), sketch.par("stiffness", 1.0)
    sketch.states.append(State("x", sketch.builder.lit(1.0), v))
    sketch.states.append(State("v", sketch.builder.lit(0.0), sketch("neg", sketch("mul", stiff, x))))
    sketch.output("x", x)
    return sketch.program()


def ready(program: Program, *, varied: Sequence[str] = (), own: Sequence[str] = (), **more: Sequence[str]) -> Leveled:
    """Return a program with all its outputs (or `outputs`) made ready to run."""
    outputs = more.pop("outputs", [output.key for output in program.outputs])
    made = integrate(specialise(program, outputs=outputs, **more))
    keys = [parameter.key for parameter in made.parameters]
    return level(made, varied=[keys.index(name) for name in varied], own=[made.series.index(name) for name in own])


def inputs(
    leveled: Leveled,
    final: float,
    *,
    saving: float | None = None,
    varied: np.ndarray | None = None,
    fixed: Mapping[str, float] | None = None,
    demand: float = 8.0,
) -> Inputs:
    """Return numbers to run on: the file's, but for `fixed` and `varied` [members, varied]; every series is a ramp."""
    program = leveled.program
    moments = 3 if program.method == "rk4" else 1
    times, saved = clock(program.initial_time, final, program.step, saving or program.step, moments=moments)
    values = [(fixed or {}).get(parameter.key, parameter.value) for parameter in program.parameters]
    if varied is None:
        varied = np.array([[values[k] for k in leveled.varied]])
    ramp = demand + 0.3 * times[..., None]
    return Inputs(
        clock=times,
        saved=saved,
        parameters=np.array(values),
        varied=np.ascontiguousarray(varied),
        series=np.repeat(ramp, len(program.series) - len(leveled.own), axis=-1),
        own=np.tile(np.repeat(ramp, len(leveled.own), axis=-1), (len(varied), 1, 1, 1)),
    )
