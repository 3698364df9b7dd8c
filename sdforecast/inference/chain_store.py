"""The folder in which a sampler keeps its chains, so that a kill costs no chain that has ended.

`chains.json` says whose chains they are, `whitening.nc` has the coordinates they were sampled in, `chain-K.nc` is a
chain that has ended, `chain-K.partial.nc` what there was of one on its way. Every file is written in one step. A chain
on its way starts afresh, from the same seed and in the same coordinates, so that it ends in the same draws; its partial
file serves who wants what there is.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from sdforecast.errors import InputError, MachineError, Problem
from sdforecast.inference.nuts import STATISTICS, Drawn
from sdforecast.inference.whitening import White
from sdforecast.version import __version__
from sdforecast.writing import write_bytes, write_text

RECORD, WHITENING = "chains.json", "whitening.nc"
KIND = "sdforecast chains"

T = TypeVar("T")
Variables = dict[str, tuple[tuple[str, ...], np.ndarray]]
"""Dimensions and values of each variable, as xarray takes them."""


@dataclass(frozen=True)
class ChainStore:
    """An opened folder.

    Attributes
    ----------
    folder : where it is.
    facts : what makes the chains again: the key of the problem, the settings of the sampler, the labels.
    """

    folder: Path
    facts: Mapping[str, Any]

    def whitening(self, otherwise: White) -> White:
        """Return the coordinates of the chains in the store; there are none yet: keep and return those given."""
        path = self.folder / WHITENING
        if not path.is_file():
            names = ("coordinate", "white coordinate")
            variables = {"centre": (names[:1], otherwise.centre), "root": (names, otherwise.root)}
            _write(xr.DataTree(xr.Dataset(variables)), path)
            return otherwise
        white = _read(path, lambda tree: White(tree["centre"].to_numpy(), tree["root"].to_numpy()))
        if len(white.centre) != len(self.facts["labels"]):
            raise InputError(Problem("has other coordinates than the chains", file=str(path), hint=_AFRESH))
        return white

    def finished(self, chain: int) -> Drawn | None:
        """Return a chain that has ended, or None."""
        path = self._path(chain)
        if not path.is_file():
            return None
        drawn = _read(path, lambda tree: self._unpacked(tree, chain))
        if len(drawn) != self.facts["draws"]:
            what = f"has {len(drawn)} draws, not {self.facts['draws']}"
            raise InputError(Problem(what, file=str(path), hint=_DELETE))
        return drawn

    def partial(self, chain: int) -> Drawn | None:
        """Return what there is of a chain, ended or not; None where there is nothing."""
        path = self._path(chain, partial=True)
        ended = self.finished(chain)
        if ended is not None or not path.is_file():
            return ended
        return _read(path, lambda tree: self._unpacked(tree, chain))

    def keep(self, chain: int, drawn: Drawn, *, partial: bool = False) -> None:
        """Write a chain; one without a draw after its warm-up is not worth a file. Raises `MachineError`."""
        if len(drawn):
            tree = assembled([drawn], [chain], self.facts["labels"])
            tree.attrs["facts"] = _packed(self.facts)
            _write(tree, self._path(chain, partial=partial))
        if not partial:
            self._path(chain, partial=True).unlink(missing_ok=True)

    def chains(self) -> list[int]:
        """Return the numbers of the chains of which there is something."""
        stems = {path.name.split(".")[0].removeprefix("chain-") for path in self.folder.glob("chain-*.nc")}
        return sorted(int(stem) for stem in stems if stem.isdecimal())

    def _path(self, chain: int, *, partial: bool = False) -> Path:
        return self.folder / f"chain-{chain}{'.partial' if partial else ''}.nc"

    def _unpacked(self, tree: xr.DataTree, chain: int) -> Drawn:
        if tree.attrs["facts"] != _packed(self.facts) or tree["unconstrained"]["chain"].item() != chain:
            raise ValueError("it is of another run or chain")
        position = tree["unconstrained"]["position"].to_numpy()[0]
        groups = [
            {name: tree[group][name].to_numpy()[0] for name in STATISTICS}
            for group in ("sample_stats", "warmup_sample_stats")
        ]
        if position.shape != (len(groups[0]["lp"]), len(self.facts["labels"])) or not np.isfinite(position).all():
            raise ValueError("its draws are damaged")
        return Drawn(position, *groups)


_DELETE = "delete this file, and the chain is sampled again"
_AFRESH = "name another folder, or delete this one to sample afresh"


def open_store(folder: Path, facts: Mapping[str, Any]) -> ChainStore:
    """Return the store in `folder`, made where there is none.

    Raises
    ------
    InputError : the folder is not ours, or its chains are of another problem or with other settings.
    MachineError : it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(Problem("is not a folder", file=str(folder), hint="name a folder for the chains"))
    if folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):  # what a kill may leave
        store = existing_store(folder)
        differs = [name for name in facts if store.facts.get(name) != facts[name]]
        if differs:
            what = "holds chains of another run: " + "; ".join(_told(name, store.facts, facts) for name in differs)
            raise InputError(Problem(what, file=str(folder), hint=_AFRESH))
        return store
    write_text(folder / RECORD, json.dumps({"kind": KIND, "sdforecast": __version__, "facts": dict(facts)}, indent=1))
    return ChainStore(folder, dict(facts))


def existing_store(folder: Path) -> ChainStore:
    """Return the store in `folder`; raises `InputError` where there is none of ours."""
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        record = None
    facts = record.get("facts") if isinstance(record, dict) and record.get("kind") == KIND else None
    if not isinstance(facts, dict) or not isinstance(facts.get("draws"), int) or not _texts(facts.get("labels")):
        what = f"holds no chains of ours: {RECORD} is missing or not ours" if folder.is_dir() else "is no folder"
        raise InputError(Problem(what, file=str(folder), hint="name the folder of a run, or a new one to sample"))
    return ChainStore(folder, facts)


def assembled(drawn: Sequence[Drawn], chains: Sequence[int], labels: Sequence[str]) -> xr.DataTree:
    """Return chains of equal length as groups /unconstrained, /sample_stats and /warmup_sample_stats."""
    positions = (("chain", "draw", "coordinate"), np.stack([one.positions for one in drawn]))
    groups: dict[str, Variables] = {
        "unconstrained": {"position": positions},
        "sample_stats": _stacked([one.statistics for one in drawn]),
        "warmup_sample_stats": _stacked([one.warmup for one in drawn]),
    }
    tree = xr.DataTree()
    for name, variables in groups.items():
        length = next(iter(variables.values()))[1].shape[1]
        group = xr.Dataset(variables, coords={"chain": list(chains), "draw": np.arange(length)})
        tree[name] = xr.DataTree(group.assign_coords(coordinate=list(labels)) if name == "unconstrained" else group)
    return tree


def first(drawn: Drawn, length: int) -> Drawn:
    """Return a chain without the draws after the first `length`."""
    statistics = {name: values[:length] for name, values in drawn.statistics.items()}
    return Drawn(drawn.positions[:length], statistics, drawn.warmup)


def _stacked(each: Sequence[Mapping[str, np.ndarray]]) -> Variables:
    return {name: (("chain", "draw"), np.stack([one[name] for one in each])) for name in STATISTICS}


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _packed(facts: Mapping[str, Any]) -> str:
    return json.dumps(dict(facts), sort_keys=True)


def _told(name: str, there: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    if name == "key":
        return "the problem (model, priors, data or settings) has changed"
    if name == "labels":
        return "other coordinates"
    return f"{name} was {there.get(name, 'not told')}, now {now[name]}"


def _write(tree: xr.DataTree, path: Path) -> None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            whole = Path(folder) / path.name
            tree.to_netcdf(whole, engine="h5netcdf")
            content = whole.read_bytes()
    except OSError as error:
        raise MachineError(Problem(f"cannot be written: {error}", file=str(path))) from error
    write_bytes(path, content)


def _read(path: Path, unpacked: Callable[[xr.DataTree], T]) -> T:
    """Return what is made of a file of ours; whatever is wrong with it, the user can delete it."""
    try:
        with xr.open_datatree(path, engine="h5netcdf") as tree:
            return unpacked(tree)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, IndexError) as error:
        raise InputError(Problem(f"cannot be read: {error}", file=str(path), hint=_DELETE)) from error
