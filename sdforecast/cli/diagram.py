"""`sdforecast model diagram`: pictures of sectors and of named loops, and the drawn views of a Vensim file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.errors import InputError, Problem

if TYPE_CHECKING:
    from sdforecast.model import ModelFile

LEVELS = ("full", "stocks")
EPILOG = """\b
Examples:
  sdforecast model diagram --sector Demand -o demand.svg
  sdforecast model diagram --level stocks -o diagrams
  sdforecast model diagram --loops R1,B3 -o loops
"""


@click.command("diagram", epilog=EPILOG)
@model_option
@click.option("--sector", metavar="NAME", help="Only this group or view; by default every one in a file of its own.")
@click.option("--loops", "loops", is_flag=False, flag_value="", metavar="[ID,…]",
              help="The named loops of loops.yaml beside the model, or these of them.")  # fmt: skip
@click.option("--level", type=click.Choice(LEVELS), default="full", show_default=True,
              help="stocks: only stocks, flows and what acts on them from outside.")  # fmt: skip
@click.option("--constants", is_flag=True, help="Draw constants, too.")
@click.option("--layout", "layout", type=click.Choice(("drawn", "auto")), default="drawn", show_default=True,
              help="drawn: as in the file's views, where it has them; auto: laid out anew.")  # fmt: skip
@click.option("--write-views", "views", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the Vensim file with a drawn view a sector; what was drawn keeps its place.")  # fmt: skip
@click.option("-o", "--output", "output", type=click.Path(path_type=Path), metavar="FILE.svg|FOLDER",
              help="Where to write; without it one picture goes to stdout.")  # fmt: skip
def diagram(
    model: Path | None, sector: str | None, loops: str | None, level: str, constants: bool, layout: str,
    views: Path | None, output: Path | None,
) -> None:  # fmt: skip
    """Draw stock-and-flow pictures of sectors, or causal loops, as SVG.

    Stocks are boxes, flows pipes with valves, and a variable in angle brackets stands for one that is drawn elsewhere.
    Signs at arrows are found by moving the cause where a run has been; an arrow without one goes either way, or its
    effect was not seen.
    """
    file = open_model(model)
    if sum(option is not None for option in (sector, loops, views)) > 1:
        raise click.UsageError("--sector, --loops and --write-views exclude each other")
    if views is not None:
        _write_views(file, views)
        return
    pictures = _loops(file, loops) if loops is not None else _sectors(file, sector, level, constants, layout)
    _write(pictures, output, one=sector is not None)


def _signs(file: ModelFile) -> dict[tuple[str, str], str]:
    """Return the signs that are known; a model that does not run is drawn without."""
    from sdforecast.errors import SdforecastError
    from sdforecast.structure import polarities

    try:
        return {link: sign for link, sign in polarities(file).items() if sign in ("+", "-")}
    except SdforecastError as error:
        click.echo(f"warning: no signs at the arrows, for the model does not run: {error.problems[0]}", err=True)
        return {}


def _sectors(
    file: ModelFile, sector: str | None, level: str, constants: bool, layout: str
) -> Iterator[tuple[str, str]]:
    from sdforecast.diagrams import sectors
    from sdforecast.model.sectors import named
    from sdforecast.structure import causal_graph

    chosen = named(file.variables, file.path, sector) if sector is not None else None
    graph = causal_graph(file)
    signs = _signs(file) if level == "full" else {}  # the overview shows none
    every: list[str | None] = [*graph.sectors] or [None]
    for name in [chosen] if chosen is not None else every:
        if chosen is None and level == "stocks" and name not in {None, *(v.sector for v in graph.of_kind("stock"))}:
            click.echo(f"{name}: no stocks, not drawn", err=True)
            continue
        text = sectors.svg(graph, name, signs, level=level, constants=constants, drawn=layout == "drawn")
        yield name or file.path.stem, text


def _loops(file: ModelFile, ids: str) -> Iterator[tuple[str, str]]:
    from sdforecast.diagrams import named_loops, ring
    from sdforecast.structure import causal_graph

    where = named_loops.beside(file.path)
    if not where.is_file():
        hint = "write one as models/loops.yaml, or see 'sdforecast model loops' for all loops"
        raise InputError(Problem("no file of named loops beside the model", file=str(where), hint=hint))
    loops = named_loops.chosen(named_loops.load(where), tuple(part.strip() for part in ids.split(",") if part.strip()))
    graph = causal_graph(file)
    named_loops.check(loops, graph, where)
    signs = _signs(file)
    stocks = frozenset(variable.name for variable in graph.of_kind("stock"))
    for loop in loops:
        yield f"{loop.id} {loop.name}", ring.drawn(loop, signs, stocks)


def _write(pictures: Iterator[tuple[str, str]], output: Path | None, *, one: bool) -> None:
    """Write one picture to a file or stdout, several into a folder."""
    from sdforecast.diagrams.sectors import file_name
    from sdforecast.writing import write_text

    to_file = output is not None and output.suffix.lower() == ".svg"
    if output is not None and output.suffix and not to_file and not output.is_dir():
        raise InputError(Problem(f"cannot write a file of kind '{output.suffix}'", file=str(output), hint="use .svg"))
    if output is not None and to_file == output.is_dir() and output.exists():
        raise InputError(Problem("is a folder" if to_file else "is not a folder", file=str(output)))
    if output is not None and not to_file:
        for name, text in pictures:
            target = output / f"{file_name(name)}.svg"
            write_text(target, text)
            click.echo(target)
        return
    first = next(pictures)
    if not one and next(pictures, None) is not None:
        raise InputError(
            Problem("there are several pictures", hint="name a folder with -o, or one with --sector or --loops ID")
        )
    if output is None:
        click.echo(first[1], nl=False)
    else:
        write_text(output, first[1])
        click.echo(output)


def _write_views(file: ModelFile, target: Path) -> None:
    from sdforecast.diagrams import named_loops, sectors
    from sdforecast.model.vocabulary import VENSIM
    from sdforecast.structure import causal_graph
    from sdforecast.writing import write_text

    for path in (file.path, target):
        if path.suffix.lower() not in VENSIM:
            raise InputError(Problem("views are those of Vensim files", file=str(path), hint="expected .mdl"))
    graph = causal_graph(file)
    where = named_loops.beside(file.path)
    loops = named_loops.load(where) if where.is_file() else []
    named_loops.check(loops, graph, where)
    write_text(target, sectors.file_with_views(file.path, graph, _signs(file), loops))
    click.echo(target)
