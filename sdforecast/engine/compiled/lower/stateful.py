"""Stocks, and what is made of them: delays, smooths, trends and forecasts, each expanded into states.

A third-order smooth is three stocks in a row, as if the modeller had written them; there is no second
implementation of it anywhere. Each function returns the value of one call: at the start by its initial value, at a
step from its states. The states' rates are lowered later, because they may depend on the value itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sdforecast.engine.compiled.lower.functions import zidz
from sdforecast.engine.compiled.program import Ring, State, keyed
from sdforecast.engine.compiled.unsupported import Unsupported

if TYPE_CHECKING:
    from sdforecast.engine.compiled.lower.context import Context
    from sdforecast.engine.compiled.lower.place import Place

LONGEST = 1000
"""Orders beyond which a delay is not expanded."""


def stock(low: Context, tree: Any, place: Place) -> int:
    """INTEG: the rate is the flow."""
    if place.start:
        return low.expression(tree.initial, place)

    def define(state: int) -> None:
        initial = low.expression(tree.initial, place.at_start)
        _set(low, state, place, "", initial, low.expression(tree.flow, place), non_negative=bool(tree.non_negative))

    return _states(low, tree, place, 1, lambda states: define(states[0]))[0]


def delay(low: Context, tree: Any, place: Place) -> int:
    """DELAY1, DELAY3: what each of `order` stages holds leaves it in delay time / order."""
    start = place.at_start

    def held() -> int:
        return low.op("mul", low.expression(tree.initial, start), low.expression(tree.delay_time, start))

    if place.start:
        return low.op("div", held(), low.expression(tree.delay_time, start))
    order = _order(low, tree, place)

    def define(states: list[int]) -> None:
        time = low.expression(tree.delay_time, place)
        out = [low.op("div", low.builder.leaf("state", state), time) for state in states]
        into = [low.builder.number(low.expression(tree.input, place)), *out[:-1]]
        for k, state in enumerate(states):
            rate = low.op("mul", low.op("sub", into[k], out[k]), low.lit(order))
            _set(low, state, place, f"stage {k + 1}", held(), rate)

    states = _states(low, tree, place, order, define)
    return low.op("div", states[-1], low.expression(tree.delay_time, place))


def delay_n(low: Context, tree: Any, place: Place) -> int:
    """DELAY N: as DELAY3, but what has entered a stage keeps the delay time that held when it entered the first."""
    start = place.at_start
    if place.start:
        return delay(low, tree, place)
    order = _order(low, tree, place)
    time_at_start = low.expression(tree.delay_time, start)

    def define(slots: list[int]) -> None:
        states, times = slots[:order], slots[order:]
        held = low.op("mul", low.expression(tree.initial, start), time_at_start)
        now = [low.builder.number(low.expression(tree.delay_time, place))]
        now += [low.builder.leaf("state", slot) for slot in times[:-1]]
        out = [low.op("div", low.builder.leaf("state", slot), time) for slot, time in zip(states, now, strict=True)]
        into = [low.builder.number(low.expression(tree.input, place)), *out[:-1]]
        for k, (state, time) in enumerate(zip(states, times, strict=True)):
            rate = low.op("mul", low.op("sub", into[k], out[k]), low.lit(order))
            _set(low, state, place, f"stage {k + 1}", held, rate)
            _set(low, time, place, f"delay time of stage {k + 1}", time_at_start, now[k], is_rate=False)

    slots = _states(low, tree, place, 2 * order, define)
    return low.op("div", slots[order - 1], slots[order])


def smooth(low: Context, tree: Any, place: Place) -> int:
    """SMOOTH, SMOOTH3, SMOOTH N: each stage adjusts to the one before it in smoothing time / order."""
    if place.start:
        return low.expression(tree.initial, place)
    order = _order(low, tree, place)

    def define(states: list[int]) -> None:
        time, initial = low.expression(tree.smooth_time, place), low.expression(tree.initial, place.at_start)
        levels = [low.builder.leaf("state", state) for state in states]
        targets = [low.builder.number(low.expression(tree.input, place)), *levels[:-1]]
        for k, state in enumerate(states):
            gap = low.op("mul", low.op("sub", targets[k], levels[k]), low.lit(order))
            _set(low, state, place, f"stage {k + 1}", initial, low.op("div", gap, time))

    return _states(low, tree, place, order, define)[-1]


def trend(low: Context, tree: Any, place: Place) -> int:
    """TREND: the fractional rate of change against an exponential average."""
    return _averaging(
        low, tree, place,
        initial=lambda given, change, time: low.op(
            "div", given, low.op("add", low.lit(1), low.op("mul", change, time))
        ),
        value=lambda given, average, time: zidz(
            low, low.op("sub", given, average), low.op("mul", time, low.op("abs", average)), low.lit(0)
        ),
    )  # fmt: skip


def forecast(low: Context, tree: Any, place: Place) -> int:
    """FORECAST: the input, extrapolated over a horizon by its trend."""

    def value(given: int, average: int, time: int) -> int:
        change = zidz(low, low.op("sub", given, average), low.op("mul", time, average), low.lit(0))
        ahead = low.op("mul", change, low.expression(tree.horizon, place))
        return low.op("mul", given, low.op("add", low.lit(1), ahead))

    return _averaging(
        low, tree, place,
        initial=lambda given, change, time: low.op("div", given, low.op("add", low.lit(1), change)), value=value,
    )  # fmt: skip


def _averaging(
    low: Context,
    tree: Any,
    place: Place,
    *,
    initial: Callable[[int, int, int], int],
    value: Callable[[int, int, int], int],
) -> int:
    """Return a value that compares the input with its exponential average."""

    def parts(at: Place) -> tuple[int, int, int]:
        trees = (tree.input, tree.initial_trend, tree.average_time)
        given, change, time = (low.builder.number(low.expression(part, at)) for part in trees)
        return given, change, time

    if place.start:
        given, change, time = parts(place)
        return value(given, initial(given, change, time), time)

    def define(states: list[int]) -> None:
        given, _, time = parts(place)
        gap = low.op("sub", given, low.builder.leaf("state", states[0]))
        _set(low, states[0], place, "average", initial(*parts(place.at_start)), low.op("div", gap, time))

    average = _states(low, tree, place, 1, define)[0]
    given, _, time = parts(place)
    return value(given, average, time)


def sample_if_true(low: Context, tree: Any, place: Place) -> int:
    """SAMPLE IF TRUE: the input while the condition holds, else what it was when it last held."""

    def sampled(held: int) -> int:
        return low.op("select", low.expression(tree.condition, place), low.expression(tree.input, place), held)

    if place.start:
        return sampled(low.expression(tree.initial, place))

    def define(states: list[int]) -> None:
        held = low.builder.leaf("state", states[0])
        initial = low.expression(tree.initial, place.at_start)
        _set(low, states[0], place, "held", initial, sampled(held), is_rate=False)

    return sampled(_states(low, tree, place, 1, define)[0])


def delay_fixed(low: Context, tree: Any, place: Place) -> int:
    """DELAY FIXED: a pipeline whose length is set at the start."""
    if place.start:
        return low.expression(tree.initial, place)
    key = ("ring", id(tree), place.key)
    if key not in low.expanded:
        ring = len(low.rings)
        low.rings.append(None)
        low.expanded[key] = low.builder.leaf("ring", ring)

        def define() -> None:
            number, start = low.builder.number, place.at_start
            low.rings[ring] = Ring(
                keyed(place.variable, place.cell),
                input=number(low.expression(tree.input, place)),
                delay=number(low.expression(tree.delay_time, start)),
                initial=number(low.expression(tree.initial, start)),
            )

        low.later.append(define)
    return int(low.expanded[key])


def _order(low: Context, tree: Any, place: Place) -> int:
    """Return the order of a delay; it shapes the program, so it must be a constant."""
    node = low.expression(tree.order, place.at_start)
    order = int(low.value(node, "an order that is not constant", place.variable))
    if not 1 <= order <= LONGEST:
        raise Unsupported(f"an order of {order}", place.variable)
    return order


def _states(low: Context, tree: Any, place: Place, count: int, define: Callable[[list[int]], None]) -> list[int]:
    """Return the leaves of the states that a call expands to; `define` fills them in later."""
    key = ("states", id(tree), place.key)
    if key not in low.expanded:
        slots = list(range(len(low.states), len(low.states) + count))
        low.states.extend([None] * count)
        low.expanded[key] = [low.builder.leaf("state", slot) for slot in slots]
        low.later.append(lambda: define(slots))
    return list(low.expanded[key])


def _set(
    low: Context,
    slot: int,
    place: Place,
    part: str,
    initial: int,
    root: int,
    *,
    is_rate: bool = True,
    non_negative: bool = False,
) -> None:
    name = keyed(place.variable, place.cell) + (f", {part}" if part else "")
    number = low.builder.number
    low.states[slot] = State(name, number(initial), number(root), is_rate, non_negative)
