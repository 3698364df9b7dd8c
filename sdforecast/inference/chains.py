"""Chains of the No-U-Turn sampler, some at a time, watched and kept while they run.

Nothing here knows what is sampled. Each chain has a seed of its own, made of the caller's and its number, so that its
draws are the same however many run beside it, and whether the run was broken off before or not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from sdforecast.errors import InputError, Problem
from sdforecast.inference.chain_store import ChainStore, assembled, existing_store, first, open_store
from sdforecast.inference.nuts import Chain, Drawn, Settings, Statistics, nutpie_or_error
from sdforecast.inference.whitening import Density, White, WhiteDensity, check_labels, starting_point

KEEP_EVERY = 10.0
"""Seconds between two looks at which unfinished chains are stored."""

TELL_EVERY = 1.0
"""Seconds between two reports of progress."""

FEW = 10
"""Draws after the warm-up before which their pace is not told from that of the warm-up."""


@dataclass(frozen=True)
class ChainProgress:
    """Where a chain is.

    Attributes
    ----------
    chain : its number, from 0.
    draws, total : draws done and to do, those of the warm-up with them.
    warming_up : it still adapts its step.
    divergences : among the draws after the warm-up.
    step_size, acceptance : of the last draw; mean over the draws of the present phase. NaN before the first.
    evaluations : of the density so far; 0 for a chain that was read from the store.
    seconds_left : at the pace of the present phase, once it has one; NaN before the first draw, 0 at the end.
    """

    chain: int
    draws: int
    total: int
    warming_up: bool
    divergences: int
    step_size: float
    acceptance: float
    evaluations: int
    seconds_left: float

    @property
    def finished(self) -> bool:
        """All draws are there."""
        return self.draws == self.total


@dataclass(frozen=True)
class Progress:
    """Where all chains are, after `seconds`; `seconds_left` is NaN as long as no chain has a pace."""

    chains: tuple[ChainProgress, ...]
    seconds: float
    seconds_left: float


def sample(
    make_density: Callable[[], Density],
    labels: Sequence[str],
    centre: np.ndarray,
    root: np.ndarray,
    *,
    chains: int = 4,
    draws: int = 1000,
    tune: int = 300,
    seed: int = 1,
    cores: int | None = None,
    target_accept: float = 0.8,
    max_treedepth: int = 8,
    low_rank: bool = True,
    store: Path | None = None,
    progress: Callable[[Progress], None] = lambda progress: None,
    key: str = "",
) -> xr.DataTree:
    """Sample a density on R^n by the No-U-Turn sampler.

    Parameters
    ----------
    make_density : gives a function from a point [n] to the log density and its gradient [n]; called once for each
        chain, in the thread of the caller. Chains run side by side where the function lets go of Python's lock.
        A value or a gradient that is not finite ends a trajectory as a divergence; an exception ends the sampling.
    labels : the n names of the coordinates.
    centre, root : a point [n] near the mode and a square root [n, n] of the covariance there, of any kind: they
        matter for the cost, not for the result.
    chains, draws, tune : how many chains, draws of each that are kept, and draws of each to warm up.
    seed : of the whole; 0 or more.
    cores : chains that run at a time; as many as the machine has processors if None.
    target_accept : acceptance that the step size is chosen for.
    max_treedepth : a trajectory has at most 2**max_treedepth - 1 steps. On a density that is nearly standard normal in
        white coordinates, 3 costs half and mixes variances better; on others it mixes badly, which R-hat shows.
    low_rank : the mass matrix learns correlations that are left in white coordinates.
    store : folder in which chains are kept; a second call reads those that have ended and samples the others afresh,
        in the coordinates (centre, root) of the first call, to the same draws.
    progress : called about once a second and at the end, from the caller's thread.
    key : a hash of what is sampled; chains in `store` with another one are refused.

    Returns
    -------
    Groups /unconstrained with `position` (chain, draw, coordinate), /sample_stats and /warmup_sample_stats with
    `lp`, `diverging`, `energy`, `tree_depth`, `n_steps`, `acceptance_rate`, `step_size` and `reached_max_treedepth`
    (chain, draw), in ArviZ's names.

    Raises
    ------
    InputError : arguments that make no sense, no starting point, a store that is of another run or damaged.
    MachineError : nutpie is not installed or gave up, or the store cannot be written.
    KeyboardInterrupt : as it came, once the chains have stopped and what they had is stored.
    """
    _check(chains=chains, draws=draws, tune=tune, cores=1 if cores is None else cores, max_treedepth=max_treedepth)
    if seed < 0:
        raise InputError(Problem(f"the seed must be 0 or more, not {seed}"))
    if not 0 < target_accept < 1:
        raise InputError(Problem(f"target_accept must be between 0 and 1, not {target_accept}", hint="0.8 is usual"))
    white = White(np.array(centre, dtype=float), np.array(root, dtype=float))
    check_labels(labels, len(white.centre))
    nutpie_or_error()
    kept = None
    settings = Settings(int(draws), int(tune), float(target_accept), int(max_treedepth), low_rank)
    if store is not None:
        kept = open_store(Path(store), {"key": key, "seed": int(seed), **vars(settings), "labels": list(labels)})
        white = kept.whitening(white)
    run = _Run(make_density, list(labels), white, settings, seed, kept, progress)
    done = run.all_of(range(chains), cores or _processors())
    return assembled([done[chain] for chain in range(chains)], range(chains), labels)


def partial(store: Path) -> xr.DataTree:
    """Return what a store has of chains that have not all ended, in the groups of :func:`sample`.

    Chains of different lengths are cut to one, chosen so that most draws remain; the attribute `left out` names the
    chains that were too short.

    Raises
    ------
    InputError : the folder has no chains of ours, or no draw after a warm-up.
    """
    there = existing_store(Path(store))
    drawn = {chain: one for chain in there.chains() if (one := there.partial(chain)) is not None and len(one)}
    if not drawn:
        hint = "wait until a chain has warmed up, or sample again"
        raise InputError(Problem("holds no draws yet", file=str(store), hint=hint))
    length = max((len(one) for one in drawn.values()), key=lambda n: n * sum(len(one) >= n for one in drawn.values()))
    used = {chain: first(one, length) for chain, one in drawn.items() if len(one) >= length}
    tree = assembled(list(used.values()), list(used), there.facts["labels"])
    tree.attrs["left out"] = [chain for chain in drawn if chain not in used]
    return tree


def _check(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise InputError(Problem(f"{name} must be 1 or more, not {value}"))


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass
class _Run:
    """One call of :func:`sample`."""

    make_density: Callable[[], Density]
    labels: list[str]
    white: White
    settings: Settings
    seed: int
    store: ChainStore | None
    progress: Callable[[Progress], None]

    def __post_init__(self) -> None:
        self.done: dict[int, Drawn] = {}
        self.running: dict[int, _Watched] = {}
        self.waiting: list[int] = []
        self.spent: dict[int, tuple[float, int]] = {}
        """Seconds and evaluations of the chains that ended in this call."""
        self.begun = self.told = self.kept = time.monotonic()

    def all_of(self, chains: Sequence[int], cores: int) -> dict[int, Drawn]:
        """Return all chains, those in the store and those sampled now."""
        for chain in chains:
            ended = self.store.finished(chain) if self.store else None
            if ended is None:
                self.waiting.append(chain)
            else:
                self.done[chain] = ended
        try:
            while self.waiting or self.running:
                while self.waiting and len(self.running) < cores:
                    self._start(self.waiting.pop(0))
                for chain, watched in list(self.running.items()):
                    self._look_at(chain, watched)
                self._tell_and_keep(cores)
        except BaseException:
            self._break_off()
            raise
        self.progress(self._report(cores))
        return self.done

    def _start(self, chain: int) -> None:
        density = WhiteDensity(self.make_density(), self.white)
        seeds = np.random.SeedSequence([self.seed, chain])
        start = starting_point(density, self.labels, np.random.default_rng(seeds), chain)
        own = int(seeds.spawn(1)[0].generate_state(1, np.uint64)[0])
        self.running[chain] = _Watched(Chain(density, self.white, start, own, self.settings), time.monotonic())

    def _look_at(self, chain: int, watched: _Watched) -> None:
        drawn = watched.chain.ended(within=0.1 / len(self.running))
        if drawn is None:
            return
        if self.store:
            self.store.keep(chain, drawn)
        self.done[chain] = drawn
        self.spent[chain] = (time.monotonic() - watched.begun, watched.chain.evaluations)
        del self.running[chain]

    def _tell_and_keep(self, cores: int) -> None:
        now = time.monotonic()
        if now - self.told >= TELL_EVERY:
            self.told = now
            self.progress(self._report(cores))
        if self.store and now - self.kept >= KEEP_EVERY:
            for chain, watched in self.running.items():
                self.store.keep(chain, watched.chain.so_far(), partial=True)
            self.kept = time.monotonic()

    def _break_off(self) -> None:
        """End what runs, all before anything is written, and keep what there is."""
        stopped = {chain: watched.chain.stop() for chain, watched in self.running.items()}
        self.running.clear()
        for chain, drawn in stopped.items():
            if self.store:
                self.store.keep(chain, drawn, partial=True)

    def _report(self, cores: int) -> Progress:
        now = time.monotonic()
        total = self.settings.tune + self.settings.draws
        each = {chain: watched.report(chain, self.settings, now) for chain, watched in self.running.items()}
        each |= {
            chain: _described(chain, drawn.statistics, drawn.warmup, total, self.spent.get(chain, (0.0, 0))[1], 0.0)
            for chain, drawn in self.done.items()
        }
        each |= {chain: _described(chain, {}, {}, total, 0, np.nan) for chain in self.waiting}
        left = [each[chain].seconds_left for chain in self.running]
        whole = [seconds for seconds, _ in self.spent.values()]
        whole += [now - self.running[chain].begun + each[chain].seconds_left for chain in self.running]
        pace = float(np.mean(whole)) if whole else 0.0  # seconds of a chain
        seconds_left = max([*left, (sum(left) + pace * len(self.waiting)) / cores], default=0.0)
        return Progress(tuple(each[chain] for chain in sorted(each)), now - self.begun, seconds_left)


class _Watched:
    """A chain that runs, and when its phases began."""

    def __init__(self, chain: Chain, begun: float) -> None:
        self.chain, self.begun = chain, begun
        self._warm: tuple[float, int] | None = None

    def report(self, chain: int, settings: Settings, now: float) -> ChainProgress:
        done, total = self.chain.completed, settings.tune + settings.draws
        if done >= settings.tune and self._warm is None:
            self._warm = (now, done)
        since, before = self._warm if self._warm and done - self._warm[1] >= FEW else (self.begun, 0)
        left = (now - since) / (done - before) * (total - done) if done > before else np.nan
        return _described(chain, *self.chain.statistics(), total, self.chain.evaluations, left)


def _described(
    chain: int, after: Statistics, warmup: Statistics, total: int, evaluations: int, left: float
) -> ChainProgress:
    """Return the progress of a chain from its statistics after the warm-up and of it."""
    draws = len(after.get("lp", ()))
    before = len(warmup.get("lp", ()))
    phase = after if draws else warmup
    return ChainProgress(
        chain,
        draws=before + draws,
        total=total,
        warming_up=not draws,
        divergences=int(after["diverging"].sum()) if draws else 0,
        step_size=float(phase["step_size"][-1]) if before else np.nan,
        acceptance=float(phase["acceptance_rate"].mean()) if before else np.nan,
        evaluations=evaluations,
        seconds_left=left,
    )
