"""`sdforecast calibrate`: from history, targets and priors to a posterior."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.settings import numbers, tell_outside_ranges
from sdforecast.errors import InputError, Problem

_PATH: Any = click.Path(path_type=Path)
_DECIDING = {
    "model": "--model", "data": "--data", "parameters": "--parameters", "targets": "--targets", "sector": "--sector",
    "inputs": "--inputs", "hold": "--hold", "leave_out": "--leave-out",
    "method": "--method", "chains": "--chains", "draws": "--draws",
    "tune": "--tune", "target_accept": "--target-accept", "starts": "--starts", "kept": "--kept", "seed": "--seed",
}  # fmt: skip
"""Options that decide the result, so that the command in a manifest has them."""


@click.command(
    epilog="\b\nExamples:\n  sdforecast calibrate -o posterior\n"
    "  sdforecast calibrate --quick --starts 1 -o first-look\n"
    '  sdforecast calibrate --quick --sector "Border flow" --inputs history -o border\n'
    '  sdforecast calibrate --quick --hold "supply shock size=0" -o no-shock'
)
@model_option
@click.option("--data", type=_PATH, metavar="DIR", help="Folder with history of yours.")
@click.option("--parameters", type=_PATH, metavar="FILE", help="Priors of yours (.toml).")
@click.option("--targets", type=_PATH, metavar="FILE", help="Targets of yours (.toml).")
@click.option("--sector", metavar="NAME", help="Estimate this sector alone, its inputs from the other sectors held.")
@click.option("--inputs", metavar="run|history|FILE", help="Where the sector's inputs come from; as for 'run'.")
@click.option("--hold", multiple=True, metavar='"NAME=VALUE"', help="Hold a constant at a value; may be repeated.")
@click.option("--leave-out", multiple=True, metavar="TARGET", help="Compare a target, do not fit it; may be repeated.")
@click.option("--method", type=click.Choice(["nuts", "smc", "de"]), default="nuts", show_default=True,
              help="Sampler; smc and de ask for no gradient.")  # fmt: skip
@click.option("--quick", is_flag=True, help="Do not sample: the normal approximation at the mode.")
@click.option("--chains", type=click.IntRange(1, 64), default=8, show_default=True, help="Chains.")
@click.option("--draws", type=click.IntRange(1, 1_000_000), default=500, show_default=True, help="Draws of a chain.")
@click.option("--tune", type=click.IntRange(1, 1_000_000), default=250, show_default=True,
              help="Draws of a chain before these, to adapt; not kept.")  # fmt: skip
@click.option("--target-accept", type=click.FloatRange(0, 1, min_open=True, max_open=True), default=0.9,
              show_default=True, help="Acceptance to aim at; nearer to 1 makes smaller steps.")  # fmt: skip
@click.option("--starts", type=click.IntRange(1, 100), default=3, show_default=True, help="Searches for the mode.")
@click.option("--kept", type=click.IntRange(1, 100_000), default=1000, show_default=True,
              help="Draws to write, spread over the chains.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of starts and draws.")
@click.option("--cores", type=click.IntRange(1), metavar="N", help="Chains at a time (default: one a processor).")
@click.option("-o", "--output", type=_PATH, default=Path("posterior"), metavar="DIR", show_default=True,
              help="Folder for the posterior.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def calibrate(output: Path, as_json: bool, quiet: bool, **given: Any) -> None:
    """Estimate constants, latent series and discrepancies: a posterior, and whether it may be published.

    Targets and priors are those of calibration/targets.toml and calibration/parameters.toml unless you name copies
    of yours; a constant of kind 'data' is held at its value. First the mode is searched for, then chains are sampled
    from there. 'sdforecast forecast --posterior DIR' uses the result.

    While chains are drawn they are kept in DIR.chains: after Ctrl-C or a kill the same command goes on, with the
    chains that had ended. The folder goes when the posterior is there.

    Exit code 1: the chains do not agree well enough to publish. The parameter and the likely cause are named, and the
    posterior is written all the same.

    With --sector only constants of that sector are estimated, and only against targets that it computes; all others
    keep the values of the model file. With --hold a constant is neither estimated nor varied: a structural
    alternative, or a mechanism taken out.
    """
    from sdforecast.cli.calibrating import telling
    from sdforecast.cli.calibrating.watching import Watch
    from sdforecast.inference.extra import require
    from sdforecast.inference.posterior_files import HOLDS, write
    from sdforecast.writing import replaced_folder

    method = _method(given)
    if given["inputs"] is not None and given["sector"] is None:
        raise InputError(Problem("--inputs is for a sector alone", hint="name it with --sector"))
    model, hold = open_model(given["model"]), numbers("--hold", given["hold"])
    if not quiet:
        tell_outside_ranges("--hold", hold, given["parameters"])
    require()
    with replaced_folder(output, HOLDS) as fresh:  # a folder that is not ours is refused now, not when all is done
        store = output.with_name(f"{output.name}.chains") if method == "nuts" else None
        watch = Watch(quiet=quiet)
        with _interrupted(store, given["chains"], watch), watch:
            found = _calibrated(model, method, hold, given, store, watch)
        write(found.posterior, fresh)
    if store is not None:
        shutil.rmtree(store, ignore_errors=True)
    if as_json:
        telling.print_as_json(found, output)
    elif not quiet:
        telling.print_found(found, alone=given["sector"] is not None)
    telling.refuse_what_is_not_publishable(found, output)


def _calibrated(
    model: Any, method: str, hold: Mapping[str, float], given: Mapping[str, Any], store: Path | None, watch: Any
) -> Any:
    first = "the mode is found" if method == "laplace" else "sampling begins"
    watch.told(f"reading and compiling; {first} in a minute or two")
    from sdforecast.inference.calibrating import Listener, calibrate
    from sdforecast.inference.methods import Plan
    from sdforecast.inference.studying import Sources

    sampling = {name: given[name] for name in ("chains", "draws", "tune", "seed", "cores", "target_accept")}
    return calibrate(
        model,
        Sources(given["data"], given["parameters"], given["targets"]),
        Plan(method=method, store=store, **sampling),
        starts=given["starts"], kept=given["kept"], sector=given["sector"], inputs=given["inputs"] or "run",
        hold=hold, leave_out=given["leave_out"], command=command(given), listener=Listener(watch.told, watch.chains),
    )  # fmt: skip


def _method(given: Mapping[str, Any]) -> str:
    if not given["quick"]:
        return str(given["method"])
    if click.get_current_context().get_parameter_source("method") is not click.core.ParameterSource.DEFAULT:
        raise InputError(Problem("--quick does not sample, so --method has no meaning with it", hint="leave one out"))
    return "laplace"


@contextmanager
def _interrupted(store: Path | None, chains: int, watch: Any) -> Iterator[None]:
    """Say on Ctrl-C what was kept, and how to go on."""
    try:
        yield
    except KeyboardInterrupt:
        there = [] if store is None else [k for k in range(chains) if (store / f"chain-{k}.nc").is_file()]
        if there:
            watch.told(f"{len(there)} of {chains} chains are kept in {store}: the same command goes on from there")
        else:
            watch.told("no chain had ended, so the same command begins again")
        raise


def command(given: Mapping[str, Any]) -> str:
    """Return the command that gives the same posterior; where it is put, and on how many cores, does not change it."""
    said = ["sdforecast", "calibrate", *(["--quick"] if given["quick"] else [])]
    for name, option in _DECIDING.items():
        if given["quick"] and name in ("method", "tune", "target_accept"):
            continue
        values = given[name] if name in ("hold", "leave_out") else [given[name]]
        for value in values:
            if value is not None:
                said += [option, str(value)]
    return shlex.join(said)
