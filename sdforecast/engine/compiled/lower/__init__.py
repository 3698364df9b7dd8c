"""Lowering: from one expression tree for each cell to one list of operations for the whole model.

In goes an :class:`~sdforecast.engine.compiled.unroll.Unrolled`; out comes a
:class:`~sdforecast.engine.compiled.program.Program` in which every variable is an output, stocks have rates, and every
constant is a parameter.

    births = population * rate / 12       %7 = par 2            ; rate
                                          %8 = mul %3, %7
                                          %9 = div %8, %4

A cell is lowered when something needs it, arguments first, so the list is in an order in which it can be computed. A
cell can be needed in two contexts: `step` (its value at any row) and `start` (its value at the initial time, where a
stock is its initial value). Coming back to a cell that is still being lowered means that equations go round in a
circle, which is reported with the names on it. Stocks break circles: their rate is lowered last, from a queue.

* :mod:`.lowering` walks the trees; :mod:`.context` keeps what is known.
* :mod:`.references` resolves names, ranges and sums over ranges.
* :mod:`.functions` is the table of functions: one line each.
* :mod:`.stateful` expands delays, smooths and the like into states, as other models expand into stocks.
* :mod:`.external` takes numbers from CSV and Excel files, through PySD.
"""

from sdforecast.engine.compiled.lower.lowering import lower

__all__ = ["lower"]
