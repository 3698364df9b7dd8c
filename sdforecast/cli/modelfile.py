"""The option --model, and the warning that goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sdforecast.model import ModelFile

model_option = click.option(
    "--model", "model", type=click.Path(path_type=Path), metavar="FILE", help="A .mdl, .xmile or .stmx file."
)

engine_option = click.option(
    "--engine",
    type=click.Choice(["auto", "compiled", "pysd"]),
    default="auto",
    show_default=True,
    help="compiled: machine code, or an error; pysd: the reference; auto: the first where it can, else the second.",
)


def open_model(path: Path | None) -> ModelFile:
    """Read the model; a file that is not ours is named as what it is: code that PySD runs."""
    from sdforecast import shipped
    from sdforecast.engine.opening import open_model as opened

    if path is not None and path.is_file() and path.resolve() != shipped.model_file().resolve():
        click.echo(f"warning: PySD runs {path} as code; run only models you trust", err=True)
    return opened(path)
