"""The generated tables of the guide, one function a block; `BLOCKS` is the list of them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Any

from sdforecast import calendar
from sdforecast.diagrams.named_loops import NamedLoop
from sdforecast.documentation.acting import Action, actions
from sdforecast.documentation.crossing import follows, into, is_counter, net_flow, out_of
from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.markdown import code, dated, listed, number, plain, table
from sdforecast.engine.compiled.reading import integration_method
from sdforecast.parameters import GRADES, KINDS
from sdforecast.structure import Variable

_METHODS = {"euler": "Euler", "rk4": "Runge-Kutta of fourth order"}

SECTOR = "sector "
"""A block `sector Demand` tells of that sector."""


def blocks(subject: Subject) -> dict[str, str]:
    """Return the text of every block by its name."""
    found = {name: make(subject) for name, make in BLOCKS.items()}
    with_stocks = dict.fromkeys(each.sector for each in subject.graph.of_kind("stock"))
    return found | {SECTOR + name: one_sector(subject, name) for name in with_stocks if name}


def sectors(subject: Subject) -> str:
    """Say for each sector how much there is in it."""
    kinds = ("stock", "flow", "auxiliary", "constant", "input", "instrument")
    rows = []
    for name, comment in subject.equations.sectors.items():
        of_sector = [subject.kind(each.name) for each in subject.equations.of(name)]
        rows.append([name, *(of_sector.count(kind) or "" for kind in kinds), plain(comment)])
    total = [sum(int(row[k] or 0) for row in rows) for k in range(1, len(kinds) + 1)]
    header = ["sector", "stocks", "flows", "auxiliaries", "constants", "inputs", "instruments", "in a line"]
    return table(header, [*rows, ["all", *total, ""]])


def one_sector(subject: Subject, name: str) -> str:
    """List a sector's stocks with unit, start and what moves them, and what crosses its border."""
    stocks = [each for each in subject.graph.of_kind("stock") if each.sector == name]
    counters = [each.name for each in stocks if is_counter(subject.graph, each)]
    rows = [
        [code(each.name), plain(each.unit), number(subject.starts[each.name]), _moved(subject, each)]
        for each in stocks
        if each.name not in counters
    ]
    parts = [table(["stock", "unit", "at the start", "what moves it"], rows)] if rows else []
    if counters:
        parts.append(f"Stocks that only add up what flows in, and that nothing uses: {listed(counters)}.")
    crossing = [("comes in", into(subject.graph, name)), ("goes out", out_of(subject.graph, name))]
    lines = [[what, other, listed(names)] for what, others in crossing for other, names in others.items()]
    if lines:
        parts.append(table(["", "sector", "variables"], lines))
    return "\n\n".join(parts)


def _moved(subject: Subject, stock: Variable) -> str:
    parts = []
    for sign, flows in (("+", stock.inflows), ("−", stock.outflows)):
        names = [flow.name for flow in flows if flow.name and flow.name != net_flow(stock)]
        if names:
            parts.append(f"{sign} {listed(names)}")
    causes = follows(subject.graph, stock)
    if causes:
        parts.append(f"{'also ' if parts else 'follows '}{listed(causes)}")
    return "; ".join(parts) or "nothing but itself"


def inputs(subject: Subject) -> str:
    """List whatever follows the time alone but the instruments, with its span, source and the grades of its points."""
    rows = []
    for each in subject.inputs:
        grades = subject.knots.loc[subject.knots["input"] == each.name, "grade"]
        graded = ", ".join(grade for grade in GRADES if grade in set(grades))
        users = listed(subject.used_by[each.name])
        rows.append([code(each.name), plain(each.unit), _span(each.points), plain(each.comment), graded, users])
    return table(["input", "unit", "from, to (value)", "what, and its source", "grades", "used by"], rows)


def _span(points: list[tuple[float, float]]) -> str:
    if not points:
        return "an equation of time"
    return " to ".join(f"{dated(x)} ({number(y)})" for x, y in (points[0], points[-1]))


def loops(subject: Subject) -> str:
    """List the named loops: what they do, their way, polarity, delay, and how to cut them."""
    rows = [
        [each.id, f"**{plain(each.name)}.** {plain(each.does)}", each.polarity, _way(each), each.delay, _cut(each)]
        for each in subject.loops
    ]
    return table(["", "loop", "polarity", "way", "delay", "cut by"], rows)


def _way(loop: NamedLoop) -> str:
    back = "" if loop.polarity == "open" else " ↺"
    return " → ".join(map(code, loop.path)) + back


def _cut(loop: NamedLoop) -> str:
    return ", ".join(
        f"{code(name)} = {value}" if isinstance(value, str) else f"{code(name)} = {number(float(value))}"
        for name, value in loop.cut.items()
    )


def instruments(subject: Subject) -> str:
    """List the instruments: level today, where they act, through which constants with which range.

    Sectors that nothing else uses only keep accounts; what an instrument costs is no action.
    """
    variables, rows = subject.graph.variables, []
    accounts = {name for name in subject.graph.sectors if not out_of(subject.graph, name)}
    for name, scale in subject.instruments.items():
        places = [
            each
            for each in actions(subject, name)
            if variables[each.on].sector not in accounts and not is_counter(subject.graph, variables[each.on])
        ]
        rows.append(
            [f"**{plain(scale.title)}**<br>{code(name)}", number(scale.current_level), *_acting(subject, places)]
        )
    return table(["instrument", "today", "acts on", "through"], rows)


def _acting(subject: Subject, places: Iterable[Action]) -> tuple[str, str]:
    places = list(places)
    constants = dict.fromkeys(name for place in places for name in place.through)
    through = [_with_range(subject, name) for name in constants]
    written = [f"{', '.join(place.written)} in {code(place.on)}" for place in places if place.written]
    if written:
        through.append("numbers in equations: " + "; ".join(written))
    return listed(place.on for place in places), "; ".join(through) or "directly"


def _with_range(subject: Subject, name: str) -> str:
    parameter = subject.parameters.get(name)
    text = f"{code(name)} {number(subject.constants[name])}"
    if parameter is None or parameter.kind == "data":
        return text
    return f"{text} ({number(parameter.low)} to {number(parameter.high)})"


def constants(subject: Subject) -> str:
    """Count the constants by kind and grade."""
    every = list(subject.parameters.values())
    rows = []
    for kind in KINDS:
        of_kind = [each.grade for each in every if each.kind == kind]
        rows.append([kind, *(of_kind.count(grade) or "" for grade in GRADES), len(of_kind)])
    total = [sum(each.grade == grade for each in every) for grade in GRADES]
    return table(["kind", *GRADES, "all"], [*rows, ["all", *total, len(every)]])


def time(subject: Subject) -> str:
    """Say when a run begins and ends, how it steps, and by what it was made."""
    control, method = subject.model.control, integration_method(subject.model.path)
    is_random = any("RANDOM" in each.expression.upper() for each in subject.equations.by_name.values())
    rows = [
        ["start", f"{dated(control['INITIAL TIME'])} (time {number(control['INITIAL TIME'])})"],
        ["end", f"{dated(control['FINAL TIME'] - 1)}, its last day (time {number(control['FINAL TIME'])})"],
        ["step", f"{number(control['TIME STEP'])} {subject.model.time_unit}, {_METHODS[method]}"],
        ["saved every", f"{number(control['SAVEPER'])} {subject.model.time_unit}"],
        [
            "randomness",
            ("in the equations" if is_random else "none in the model")
            + "; draws of constants have a seed, in each manifest",
        ],
        ["software", "sdforecast's compiled engine, checked against PySD; the file opens in Vensim"],
    ]
    return table(["", ""], rows)


def targets(subject: Subject) -> str:
    """List what the model is compared with, how far its median is off, and what its 90 % intervals hold."""
    fit = subject.posterior.fit.set_index("target")
    rows = []
    for each in subject.targets:
        measured = fit.loc[each.name] if each.name in fit.index else None
        numbers = ["", "", "", ""]
        if measured is not None:
            worst = f"factor {measured['worst_factor']:.2f}, {measured['worst_when']}"
            covered = measured.get("cover_90", float("nan"))
            within = f"{covered:.0f} %" if covered == covered else ""
            numbers = [f"{measured['n']:.0f}", f"{measured['mape']:.1f} %", worst, within]
        span = f"{calendar.month_label(each.first)} to {calendar.month_label(each.last)}"
        rows.append([plain(each.title), code(each.variable), span, *numbers, _use(each.fitted, each.reason)])
    return table(["series", "variable", "span", "values", "mean error", "worst", "within 90 %", "fitted"], rows)


def _use(fitted: bool, reason: str) -> str:
    return "yes" if fitted else f"no: {plain(reason)}"


def alternatives(subject: Subject) -> str:
    """List the structural alternatives: how much worse each fits, and what it says of deaths and of the mixes."""
    found = subject.alternatives
    best = float(found["log density"].iloc[0])
    rows = [
        [plain(str(name)), *(_alternative(column, value, best) for column, value in values.items())]
        for name, values in zip(found["question"], found.drop(columns="question").to_dict("records"), strict=True)
    ]
    return table([column.replace("2027-35", "2027–35") for column in found.columns], rows)


def _alternative(column: Hashable, value: Any, best: float) -> str:
    if column == "log density":
        return f"{float(value) - best:+.1f}".replace("-", "−") if float(value) != best else "0"
    if isinstance(value, int | float):
        return f"{value:{',.0f' if abs(value) >= 1000 else '.4g'}}".replace("-", "−")
    return plain(str(value))


BLOCKS: Mapping[str, Callable[[Subject], str]] = {
    "time": time,
    "sectors": sectors,
    "inputs": inputs,
    "loops": loops,
    "instruments": instruments,
    "constants": constants,
    "targets": targets,
    "alternatives": alternatives,
}
"""Every block but those of single sectors."""
