"""Chains: normal distributions in closed form, resumption to the same bytes, and what goes wrong."""

from __future__ import annotations

import _thread
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("nutpie")

from sdforecast.errors import InputError, MachineError
from sdforecast.inference import chains as runner
from sdforecast.inference.chain_store import existing_store, first
from sdforecast.inference.chains import Progress, partial, sample
from sdforecast.inference.whitening import Density

MEAN = np.array([1.0, -2.0, 300.0])
FACTOR = np.array([[2.0, 0.0, 0.0], [0.9, 0.1, 0.0], [-20.0, 30.0, 50.0]])
COVARIANCE = FACTOR @ FACTOR.T
LABELS = ["speed", "share", "stock"]


def normal(pause: float = 0.0, mean: np.ndarray = MEAN, covariance: np.ndarray = COVARIANCE) -> Density:
    inverse = np.linalg.inv(covariance)

    def density(x: np.ndarray) -> tuple[float, np.ndarray]:
        time.sleep(pause)
        slope = -inverse @ (x - mean)
        return 0.5 * float(slope @ (x - mean)), slope

    return density


def few(make: Callable[[], Density] = normal, **settings: object) -> xr.DataTree:
    """A short run on the normal distribution above."""
    usual: dict[str, object] = {"chains": 2, "draws": 40, "tune": 60, "seed": 3}
    return sample(make, LABELS, MEAN, FACTOR, **(usual | settings))  # type: ignore[arg-type]


def digest(tree: xr.DataTree) -> str:
    """A hash over all arrays of all groups."""
    parts = [node[name].to_numpy().tobytes() for node in tree.subtree for name in sorted(map(str, node.data_vars))]
    return hashlib.sha256(b"".join(parts)).hexdigest()


# --- the distribution


@pytest.mark.parametrize("root", [FACTOR, FACTOR @ np.array([[1.3, 0.2, 0], [-0.2, 0.8, 0.3], [0.3, 0, 0.7]])])
def test_draws_have_the_mean_and_covariance_of_the_density_whatever_the_root(root: np.ndarray) -> None:
    tree = sample(normal, LABELS, MEAN + FACTOR @ [0.5, 0, 0], root, draws=800, seed=5)
    draws = tree["unconstrained"]["position"]
    assert draws.dims == ("chain", "draw", "coordinate") and list(draws["coordinate"].values) == LABELS
    white = np.linalg.solve(FACTOR, (draws.to_numpy().reshape(-1, 3) - MEAN).T)  # standard normal if all is right
    independent = 800  # fewer than there are: 4.5 standard errors of a mean, a variance, a covariance
    assert np.abs(white.mean(axis=1)).max() < 4.5 / np.sqrt(independent)
    assert np.abs(np.cov(white) - np.eye(3)).max() < 4.5 * np.sqrt(2 / independent)
    assert not tree["sample_stats"]["diverging"].any()


def test_statistics_are_those_of_the_draws() -> None:
    tree = few()
    stats, draws = tree["sample_stats"], tree["unconstrained"]["position"]
    density = normal()
    ours = [[density(x)[0] for x in chain] for chain in draws.to_numpy()]
    np.testing.assert_allclose(stats["lp"], ours, rtol=1e-9, atol=1e-9)
    assert (stats["energy"] > -stats["lp"]).all()  # a kinetic energy is positive
    assert (stats["n_steps"] < 2 ** (stats["tree_depth"] + 1)).all() and (stats["n_steps"] >= 1).all()
    assert ((stats["acceptance_rate"] > 0) & (stats["acceptance_rate"] <= 1)).all()
    assert tree["warmup_sample_stats"]["lp"].shape == (2, 60)


def test_many_coordinates_with_condition_1e6_cost_no_more_than_few() -> None:
    rng = np.random.default_rng(2)
    q, _ = np.linalg.qr(rng.normal(size=(60, 60)))
    factor = q * np.logspace(-3, 3, 60)
    precision = (q * np.logspace(6, -6, 60)) @ q.T

    def make() -> Density:
        return lambda x: (-0.5 * float(x @ precision @ x), -precision @ x)

    labels = [f"x{k}" for k in range(60)]
    tree = sample(make, labels, np.zeros(60), factor, draws=400, tune=200, chains=2, seed=2)
    white = np.linalg.solve(factor, tree["unconstrained"]["position"].to_numpy().reshape(-1, 60).T)
    assert tree["sample_stats"]["n_steps"].max() <= 15
    variances = white.var(axis=1)  # each from about 170 independent draws, if all is right
    assert variances.min() > 0.6 and variances.max() < 1.5 and abs(variances.mean() - 1) < 0.07


def test_directions_in_which_the_root_is_wrong_are_learnt() -> None:
    q, _ = np.linalg.qr(np.random.default_rng(5).normal(size=(40, 40)))
    precision = (q * np.exp(-1.4 * np.linspace(-2, 2, 40))) @ q.T  # standard deviations from a quarter to four

    def make() -> Density:
        return lambda x: (-0.5 * float(x @ precision @ x), -precision @ x)

    steps = [
        sample(make, [f"x{k}" for k in range(40)], np.zeros(40), np.eye(40), chains=1, draws=100, low_rank=low_rank)[
            "sample_stats"
        ]["n_steps"].mean()
        for low_rank in (True, False)
    ]
    assert steps[0] < 0.4 * steps[1]


def funnel() -> Density:
    """Neal's funnel (2003): log variance v ~ N(0, 3), nine others ~ N(0, exp v)."""

    def density(x: np.ndarray) -> tuple[float, np.ndarray]:
        v, others = x[0], x[1:]
        with np.errstate(over="ignore", invalid="ignore"):
            squares = np.exp(-v) * others
            value = -(v**2) / 18 - 0.5 * (squares @ others) - 4.5 * v
            return float(value), np.append(-v / 9 + 0.5 * (squares @ others) - 4.5, -squares)

    return density


def test_a_funnel_does_not_pass_unseen() -> None:
    tree = sample(funnel, [f"x{k}" for k in range(10)], np.zeros(10), np.eye(10), draws=150, seed=1)
    stats = tree["sample_stats"]
    bfmi = (stats["energy"].diff("draw") ** 2).mean("draw") / stats["energy"].var("draw")
    assert stats["diverging"].any() or bfmi.min() < 0.3


def test_a_density_with_an_edge_diverges_and_goes_on() -> None:
    def make() -> Density:
        return lambda x: (-np.inf, x * np.nan) if x[0] < -0.2 else (-0.5 * float(x @ x), -x)

    tree = sample(make, ["a", "b"], np.array([0.5, 0]), np.eye(2), chains=1, draws=200, tune=100)
    assert tree["sample_stats"]["diverging"].any()
    assert tree["unconstrained"]["position"][..., 0].min() >= -0.2


# --- seeds, threads, progress


def test_draws_depend_on_the_seed_and_not_on_the_number_of_cores() -> None:
    one = few(cores=1, chains=3)
    assert digest(one) == digest(few(cores=3, chains=3))
    assert digest(one) != digest(few(cores=3, chains=3, seed=4))
    position = one["unconstrained"]["position"].to_numpy()
    assert not np.array_equal(position[0], position[1])


def test_chains_run_side_by_side_where_the_density_lets_go_of_the_lock() -> None:
    busy, most, lock = 0, 0, threading.Lock()

    def make() -> Density:
        density = normal()

        def counted(x: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal busy, most
            with lock:
                busy += 1
                most = max(most, busy)
            time.sleep(0.001)
            with lock:
                busy -= 1
            return density(x)

        return counted

    few(make, cores=2, draws=20)
    assert most == 2


def test_each_chain_has_a_density_of_its_own_made_in_the_thread_of_the_caller() -> None:
    made: list[int] = []

    def make() -> Density:
        made.append(threading.get_ident())
        return normal()

    few(make, chains=3)
    assert made == [threading.get_ident()] * 3


def test_progress_tells_of_every_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TELL_EVERY", 0.05)
    told: list[Progress] = []
    few(lambda: normal(pause=0.001), chains=3, cores=2, draws=60, progress=told.append)
    assert all([chain.chain for chain in one.chains] == [0, 1, 2] for one in told)
    draws = np.array([[chain.draws for chain in one.chains] for one in told])
    assert (np.diff(draws, axis=0) >= 0).all() and draws[-1].tolist() == [120] * 3
    assert any(chain.warming_up and chain.draws for one in told for chain in one.chains)
    last = told[-1]
    assert last.seconds_left == 0 and all(chain.finished and 0.3 < chain.acceptance <= 1 for chain in last.chains)
    middle = next(one for one in told if one.chains[0].draws > 90 > one.chains[2].draws)
    assert 0 < middle.chains[0].seconds_left < middle.seconds_left


def test_progress_is_told_before_the_first_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "TELL_EVERY", 0.0)
    told: list[Progress] = []
    few(lambda: normal(pause=0.02), chains=1, draws=2, tune=2, max_treedepth=2, progress=told.append)
    assert told[0].chains[0].draws == 0 and np.isnan(told[0].seconds_left)


# --- stores

SCRIPT = """
import sys, time
from pathlib import Path
from sdforecast.inference import chains
from tests.inference.test_chains import few, normal
chains.KEEP_EVERY = 0.1
few(lambda: normal(pause=0.002), store=Path(sys.argv[1]), key="k", draws=100, cores=1)
"""


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    for _ in range(3000):  # a minute: the machine may be busy
        if path.exists():
            return
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    raise AssertionError(f"{path.name} did not come")


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal here")
def test_after_a_kill_finished_chains_are_read_and_the_rest_ends_in_the_same_bytes(tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = subprocess.Popen([sys.executable, "-c", SCRIPT, str(store)])
    try:
        wait_for(store / "chain-1.partial.nc", process)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    there = partial(store)
    assert there["unconstrained"].sizes["draw"] >= 1
    made: list[int] = []

    def make() -> Density:
        made.append(1)
        return normal()

    again = few(make, store=store, key="k", draws=100)
    assert made == [1]  # chain 0 was read
    assert digest(again) == digest(few(draws=100))
    names = sorted(path.name for path in store.iterdir() if not path.name.startswith("."))  # those of a broken write
    assert names == ["chain-0.nc", "chain-1.nc", "chains.json", "whitening.nc"]
    fresh = tmp_path / "fresh"
    few(store=fresh, key="k", draws=100)
    assert all((fresh / name).read_bytes() == (store / name).read_bytes() for name in names)
    few(make, store=store, key="k", draws=100)
    assert made == [1]
    begun = there["unconstrained"]["position"].sel(chain=0).to_numpy()
    np.testing.assert_array_equal(begun, again["unconstrained"]["position"].to_numpy()[0, : len(begun)])


def test_ctrl_c_ends_at_once_and_keeps_sound_draws(tmp_path: Path) -> None:
    asked, began = [0.0], []

    def make() -> Density:
        density = normal(pause=0.006)

        def timed(x: np.ndarray) -> tuple[float, np.ndarray]:
            asked[0] = time.monotonic()
            return density(x)

        return timed

    def interrupt(told: Progress) -> None:
        if not began and min(chain.draws for chain in told.chains) > 64:
            began.append(time.monotonic())
            _thread.interrupt_main()

    slow = {"draws": 200, "store": tmp_path, "key": "k", "cores": 2}
    with pytest.raises(KeyboardInterrupt):
        few(make, progress=interrupt, **slow)
    assert asked[0] - began[0] < 1
    last = asked[0]
    there = partial(tmp_path)
    assert asked[0] == last  # nothing goes on in the background
    stored = there["unconstrained"]["position"]
    assert not there["sample_stats"]["diverging"].any()
    whole = few(**slow)  # type: ignore[arg-type]
    assert digest(whole) == digest(few(draws=200))
    xr.testing.assert_identical(
        stored, whole["unconstrained"]["position"].sel(chain=stored["chain"], draw=stored["draw"])
    )


def test_resumption_keeps_the_coordinates_of_the_first_call(tmp_path: Path) -> None:
    first = few(store=tmp_path)
    (tmp_path / "chain-1.nc").unlink()
    again = sample(normal, LABELS, MEAN + 1e-9, FACTOR * 1.01, chains=2, draws=40, tune=60, seed=3, store=tmp_path)
    assert digest(again) == digest(first)


def test_more_chains_can_be_asked_for_later(tmp_path: Path) -> None:
    first = few(store=tmp_path, chains=1)
    more = few(store=tmp_path, chains=3)
    assert digest(more) == digest(few(chains=3))
    xr.testing.assert_identical(more["unconstrained"]["position"][:1], first["unconstrained"]["position"])


def test_a_store_of_another_run_is_refused_and_told_apart(tmp_path: Path) -> None:
    few(store=tmp_path, key="a")
    with pytest.raises(InputError, match=r"problem .* has changed.*another folder, or delete"):
        few(store=tmp_path, key="b")
    with pytest.raises(InputError, match="another run: seed was 3, now 4; draws was 40, now 50"):
        few(store=tmp_path, key="a", draws=50, seed=4)
    assert digest(few(store=tmp_path, key="a")) == digest(few())


@pytest.mark.parametrize("record", [None, "{}", "[1]", "not json", '{"kind": "sdforecast chains", "facts": 3}'])
def test_a_folder_of_something_else_is_refused(tmp_path: Path, record: str | None) -> None:
    (tmp_path / "thesis.docx").write_text("years of work")
    if record is not None:
        (tmp_path / "chains.json").write_text(record)
    before = sorted(tmp_path.iterdir())
    for call in (lambda: few(store=tmp_path), lambda: partial(tmp_path)):
        with pytest.raises(InputError, match="no chains of ours"):
            call()
    assert sorted(tmp_path.iterdir()) == before
    with pytest.raises(InputError, match="is not a folder"):
        few(store=tmp_path / "thesis.docx")
    with pytest.raises(InputError, match="is no folder"):
        partial(tmp_path / "nowhere")


def test_damaged_and_exchanged_files_are_told(tmp_path: Path) -> None:
    few(store=tmp_path)
    whole = (tmp_path / "chain-0.nc").read_bytes()
    (tmp_path / "chain-0.nc").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"chain-0\.nc: cannot be read.*delete this file"):
        few(store=tmp_path)
    (tmp_path / "chain-0.nc").write_bytes((tmp_path / "chain-1.nc").read_bytes())
    with pytest.raises(InputError, match="of another run or chain"):
        few(store=tmp_path)
    (tmp_path / "chain-0.nc").unlink()
    few(store=tmp_path)
    assert (tmp_path / "chain-0.nc").read_bytes() == whole


def test_partial_cuts_to_the_length_that_keeps_most_draws(tmp_path: Path) -> None:
    whole = few(store=tmp_path, chains=4)["unconstrained"]["position"]
    store = existing_store(tmp_path)
    for chain, length in [(1, 30), (2, 5), (3, 0)]:
        drawn = store.finished(chain)
        assert drawn is not None
        store.keep(chain, first(drawn, length), partial=True)
        (tmp_path / f"chain-{chain}.nc").unlink()
    tree = partial(tmp_path)  # 2 x 30 draws rather than 3 x 5 or 1 x 40
    xr.testing.assert_identical(tree["unconstrained"]["position"], whole.sel(chain=[0, 1], draw=slice(0, 29)))
    assert tree.attrs["left out"] == [2] and tree["sample_stats"].sizes == {"chain": 2, "draw": 30}
    for path in tmp_path.glob("chain-*.nc"):
        path.unlink()
    with pytest.raises(InputError, match="no draws yet"):
        partial(tmp_path)


# --- faults


def test_what_the_density_raises_ends_the_sampling(tmp_path: Path) -> None:
    def make() -> Density:
        density, calls = normal(), 0

        def breaks(x: np.ndarray) -> tuple[float, np.ndarray]:
            nonlocal calls
            calls += 1
            if calls > 900:
                raise ZeroDivisionError("of the user's own")
            return density(x)

        return breaks

    with pytest.raises(ZeroDivisionError, match="user's own"):
        few(make, draws=1000, store=tmp_path)
    assert partial(tmp_path)["unconstrained"].sizes["draw"] > 10


@pytest.mark.parametrize(
    ("value", "slope", "reason"),
    [(np.nan, 1.0, "the density there is nan"), (0.0, np.inf, "gradient there is"), (0.0, 0.0, "gradient there is 0")],
)
def test_no_starting_point_is_told(value: float, slope: float, reason: str) -> None:
    with pytest.raises(InputError, match=f"chain 0 finds no starting point.*{reason}"):
        few(lambda: lambda x: (value, np.full(3, slope)))


def test_a_sampler_that_gives_up_is_told_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "starting_point", lambda *_: np.zeros(3))
    with pytest.raises(MachineError, match="gave up: All initialization points failed"):
        few(lambda: lambda x: (0.0, np.zeros(3)))


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"draws": 0}, "draws must be 1"), ({"chains": 0}, "chains must be 1"), ({"cores": 0}, "cores must be 1"),
        ({"seed": -1}, "seed must be 0"), ({"target_accept": 1.0}, "between 0 and 1"), ({"tune": 0}, "tune must"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense(wrong: dict[str, object], match: str) -> None:
    with pytest.raises(InputError, match=match):
        few(**wrong)


def test_shapes_labels_and_roots_that_do_not_fit() -> None:
    for labels, centre, root, match in [
        (LABELS[:2], MEAN, FACTOR, "2 labels for 3"),
        (["a", "a", "b"], MEAN, FACTOR, "two coordinates have the label 'a'"),
        (LABELS, MEAN, FACTOR[:2], r"not \(3,\) and \(2, 3\)"),
        (LABELS, MEAN, FACTOR * np.nan, "must be finite"),
        (LABELS, MEAN, np.diag([1.0, 0, 1]), "no inverse"),
    ]:
        with pytest.raises(InputError, match=match):
            sample(normal, labels, centre, root)
    with pytest.raises(InputError, match="gradient must be"):
        few(lambda: lambda x: (0.0, x[:2]))


def test_without_nutpie_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "nutpie", None)
    with pytest.raises(MachineError, match=r"sdforecast\[calibrate\]"):
        few(store=tmp_path / "store")
    assert not (tmp_path / "store").exists()
