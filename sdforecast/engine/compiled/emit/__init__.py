"""Emitting: from a levelled program to LLVM's language, which LLVM turns into machine code.

In goes a :class:`~sdforecast.engine.compiled.level.Leveled`; out comes the text of a module with these functions:

* `tabulate`: what all members share, once (:mod:`.tabulate`);
* `run_W` for each width W: W members at a time, each in a lane of the processor's vectors (:mod:`.forward`);
* `forward_W` and `backward_W` likewise, if a gradient is wanted (:mod:`.backward`).

    %9 = div %6, %8        %".31" = fdiv <8 x double> %".24", %".29"

:mod:`.lanes` has the words and :mod:`.loops` the sentences; :mod:`.mathematics` and :mod:`.trigonometry` have the
functions that are written here, in the arithmetic of :mod:`.real`, :mod:`.tables` the tables; :mod:`.pieces` makes
values of nodes, for one member with :mod:`.branches` and :mod:`.abreast`. What an operation becomes stands in its entry
of :mod:`..operations`.
"""

from __future__ import annotations

from collections.abc import Sequence

from llvmlite import ir

from sdforecast.engine.compiled.emit.backward import backward
from sdforecast.engine.compiled.emit.forward import run
from sdforecast.engine.compiled.emit.tabulate import tabulate
from sdforecast.engine.compiled.level import Leveled


def emit(leveled: Leveled, *, widths: Sequence[int] = (1, 8), gradient: bool = False) -> str:
    """Return the text of an LLVM module.

    Parameters
    ----------
    widths : how many members a function takes at a time; one function for each.
    gradient : whether `forward_W` and `backward_W` are written.
    """
    module = ir.Module("program")
    tabulate(module, leveled)
    for width in widths:
        run(module, leveled, width)
        if gradient:
            run(module, leveled, width, tape=True)
            backward(module, leveled, width)
    return str(module)
