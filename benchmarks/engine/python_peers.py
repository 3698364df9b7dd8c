"""Python made from a program: for numba as a loop over members, for JAX as a step that is scanned and mapped."""

from __future__ import annotations

from typing import Any

import numpy as np
from source import PYTHON, SCALAR, lines, name, shared_values

from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.level import Level, Leveled


def numba_run(leveled: Leveled) -> Any:
    """Return a compiled function (varied, slots, table, saved, out) that runs members one after the other."""
    import numba

    program = leveled.program

    def member_leaf(k: int) -> str:
        return f"varied[m, {leveled.varied.index(program.nodes[k].data)}]"

    code = ["def run(varied, slots, table, saved, out):", "  for m in range(len(varied)):"]
    code += [f"    v{k} = slots[{n}]" for n, k in enumerate(leveled.slots)]
    code += [f"    {line}" for line in lines(leveled, SCALAR, Level.MEMBER, member_leaf, "")]
    code += [f"    s{k} = {name(leveled, SCALAR, state.initial)}" for k, state in enumerate(program.states)]
    code += ["    place = 0", "    for row in range(len(table)):"]
    code += [f"      v{k} = table[row, {n}]" for n, k in enumerate(leveled.columns)]
    code += [f"      {line}" for line in lines(leveled, SCALAR, Level.STEP, lambda k: f"s{program.nodes[k].data}", "")]
    code += ["      if saved[row]:"]
    outputs = enumerate(program.outputs)
    code += [f"        out[m, place, {k}] = {name(leveled, SCALAR, output.node)}" for k, output in outputs]
    code += ["        place += 1"]
    code += [f"      n{k} = {name(leveled, SCALAR, state.root)}" for k, state in enumerate(program.states)]
    code += [f"      s{k} = n{k}" for k in range(len(program.states))]
    tables = {f"table{k}": _numba_table(t.x, t.y) for k, t in enumerate(program.tables)}
    space: dict[str, Any] = {"np": np, **tables}
    exec("\n".join(code), space)
    return numba.njit(error_model="numpy")(space["run"])


def _numba_table(x: tuple[float, ...], y: tuple[float, ...]) -> Any:
    """Return a table as a chain of conditions."""
    import numba

    code = ["def table(at):", f"  if at < {x[0]!r}: return {y[0]!r}"]
    for k in range(len(x) - 1):
        slope = (y[k + 1] - y[k]) / (x[k + 1] - x[k])
        code.append(f"  if at < {x[k + 1]!r}: return {slope!r} * (at - {x[k]!r}) + {y[k]!r}")
    space: dict[str, Any] = {}
    exec("\n".join([*code, f"  return {y[-1]!r}"]), space)
    return numba.njit(space["table"], error_model="numpy")


def jax_run(leveled: Leveled, inputs: Inputs) -> Any:
    """Return a function from the varied parameters of one member to what is saved [rows, outputs]."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    program = leveled.program
    slots, table = shared_values(leveled, inputs)

    def member_leaf(k: int) -> str:
        return f"varied[{leveled.varied.index(program.nodes[k].data)}]"

    code = ["def step(varied, slots, state, row):"]
    code += [f"  v{k} = slots[{n}]" for n, k in enumerate(leveled.slots)]
    code += [f"  {line}" for line in lines(leveled, PYTHON, Level.MEMBER, member_leaf, "")]
    code += [
        "  if state is None:",
        f"    return [{', '.join(name(leveled, PYTHON, s.initial) for s in program.states)}]",
    ]
    code += [f"  v{k} = row[{n}]" for n, k in enumerate(leveled.columns)]
    code += [f"  {x}" for x in lines(leveled, PYTHON, Level.STEP, lambda k: f"state[{program.nodes[k].data}]", "")]
    code += [f"  following = [{', '.join(name(leveled, PYTHON, state.root) for state in program.states)}]"]
    code += [f"  return following, [{', '.join(name(leveled, PYTHON, output.node) for output in program.outputs)}]"]
    tables = {f"table{k}": _jax_table(t.x, t.y) for k, t in enumerate(program.tables)}
    space: dict[str, Any] = {"np": jnp, **tables}
    exec("\n".join(code), space)
    kept = np.flatnonzero(inputs.saved)

    def run(varied: Any) -> Any:
        first = [jnp.asarray(value, dtype=float) for value in space["step"](varied, slots, None, None)]
        scanned = jax.lax.scan(lambda state, row: space["step"](varied, slots, state, row), first, jnp.asarray(table))
        return jnp.stack([jnp.broadcast_to(part, len(table)) for part in scanned[1]], axis=-1)[kept]

    return run


def _jax_table(x: tuple[float, ...], y: tuple[float, ...]) -> Any:
    """Return a table as a chain of selections, which XLA fuses; `jnp.interp` is slower."""
    import jax.numpy as jnp

    def table(at: Any) -> Any:
        value = y[-1]
        for k in reversed(range(len(x) - 1)):
            slope = (y[k + 1] - y[k]) / (x[k + 1] - x[k])
            value = jnp.where(at < x[k + 1], slope * (at - x[k]) + y[k], value)
        return jnp.where(at < x[0], y[0], value)

    return table
