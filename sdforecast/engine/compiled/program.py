"""What a program is: a list of operations in an order in which they can be done, and what to do with the results.

A program says how a model gets from one row of time to the next. It is plain immutable data: passes take one and
return another, :mod:`printing` writes it as text, :mod:`checking` says whether it is well formed, :mod:`interpret`
runs it with NumPy and :mod:`emit` turns it into machine code.

Numbers in it are positions: an argument is the position of a node, a state that of a stock.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Node:
    """One operation.

    Attributes
    ----------
    op : a name from :data:`operations.OPERATIONS`, `lookup`, `initial`, or a leaf.
    args : positions of the arguments, all before this node.
    data : what a leaf or a lookup needs, by `op`:

        * `lit`: the number; truth values are 0 and 1 made true by `ne`.
        * `par`: position of a parameter.
        * `time`: which moment of the step: 0 its begin, 1 its middle, 2 its end (1 and 2 in Runge-Kutta steps only).
        * `row time`: nothing; the time at the begin of the step in every stage of a Runge-Kutta step (STEP and
          PULSE change at rows only). :mod:`integrate` makes it `time` 0.
        * `start`: nothing; it is the initial time.
        * `state`: position of a state: its value at the begin of the step.
        * `ring`: position of a ring: what went in so many steps ago.
        * `series`: (position of a series, moment of the step).
        * `series start`: position of a series: its value at the initial time.
        * `lookup`: position of a table; the argument is where to read it.
        * `initial`: nothing; the value that its argument had at the initial time.
    """

    op: str
    args: tuple[int, ...] = ()
    data: float | int | tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that is given with each run: one element of a constant.

    Attributes
    ----------
    name : the variable, as the modeller wrote it.
    subscripts : the element, empty for a scalar.
    value : what the model file says.
    """

    name: str
    subscripts: tuple[str, ...]
    value: float

    @property
    def key(self) -> str:
        """Return `name` or `name[element, …]`."""
        return keyed(self.name, self.subscripts)


@dataclass(frozen=True, slots=True)
class State:
    """A number that is carried from one row to the next.

    Attributes
    ----------
    name : the variable it belongs to, with what it is where the variable has several.
    initial : node of its first value.
    root : node of its rate of change if `is_rate`, otherwise of its next value.
    is_rate : True before :mod:`integrate` for what flows integrate.
    non_negative : next values below zero are taken as zero (XMILE's option).
    """

    name: str
    initial: int
    root: int
    is_rate: bool = True
    non_negative: bool = False


@dataclass(frozen=True, slots=True)
class Ring:
    """A pipeline of fixed length: what goes in comes out `delay` later (DELAY FIXED).

    Attributes
    ----------
    name : the variable it belongs to.
    input : node of what goes in at each step.
    delay : node of the delay time. It must not differ between the members that are run together, nor change in time.
        The ring has max(1, round(delay / step + 1e-6)) places.
    initial : node of what is in all places at the start.
    """

    name: str
    input: int
    delay: int
    initial: int


@dataclass(frozen=True, slots=True)
class Table:
    """A function given by points, `x` rising.

    Attributes
    ----------
    name : the variable it belongs to.
    x, y : the points.
    kind : what is between and beyond them: `interpolate` (linear; ends held), `extrapolate` (linear; the end
        slopes go on), `hold backward` (the last point before), `look forward` (the next one), `raw` (NaN off points).
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    kind: str = "interpolate"


@dataclass(frozen=True, slots=True)
class Output:
    """One element of a variable, and the node that computes it."""

    name: str
    subscripts: tuple[str, ...]
    node: int

    @property
    def key(self) -> str:
        """Return `name` or `name[element, …]`."""
        return keyed(self.name, self.subscripts)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a variable over subscripts looks like: its dimensions and the subscripts along each."""

    name: str
    dims: tuple[str, ...]
    coords: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Program:
    """A model as a list of operations.

    Attributes
    ----------
    nodes : the operations; arguments stand before what uses them.
    parameters, states, rings, tables : what the leaves refer to.
    series : names of the inputs that are given as a value a row (parameters replaced by series).
    outputs : what may be saved.
    step, initial_time : the time step and the first time, fixed in the program. Each is also a parameter, so
        that equations may use them; final time and saving period are parameters only.
    method : how rates are integrated: `euler` or `rk4`.
    assumed : values of parameters that shaped the program (the order of a delay, say): with other values it
        must be lowered again.
    shapes : of the variables that have subscripts.
    """

    nodes: tuple[Node, ...]
    parameters: tuple[Parameter, ...] = ()
    states: tuple[State, ...] = ()
    rings: tuple[Ring, ...] = ()
    tables: tuple[Table, ...] = ()
    series: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    step: float = 1.0
    initial_time: float = 0.0
    method: str = "euler"
    assumed: tuple[tuple[int, float], ...] = field(default=())
    shapes: tuple[Shape, ...] = ()

    @property
    def roots(self) -> tuple[int, ...]:
        """Nodes that something outside the list needs, in a fixed order."""
        states = [node for state in self.states for node in (state.initial, state.root)]
        rings = [node for ring in self.rings for node in (ring.input, ring.delay, ring.initial)]
        return (*states, *rings, *(output.node for output in self.outputs))


def keyed(name: str, subscripts: tuple[str, ...]) -> str:
    """Return how an element of a variable is written: `name` or `name[element, …]`."""
    return f"{name}[{', '.join(subscripts)}]" if subscripts else name


def start_of(key: str) -> str:
    """Return the name of the parameter that a given initial value becomes; no variable can have it unquoted."""
    return f"initial: {key}"
