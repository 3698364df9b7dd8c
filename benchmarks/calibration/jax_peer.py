"""The school's model written by hand in JAX, sampled by NumPyro and BlackJAX: the whole sampler is machine code."""

from __future__ import annotations

from typing import Any

import numpy as np
from measuring import Sampled, Spent, clocked
from problems import Problem

STEPS_A_DAY, DAYS, BOYS, ILL = 16, 14, 763.0, 1.0


def density(problem: Problem) -> Any:
    """Return the log density: Runge-Kutta 4 at a sixteenth of a day in a scan, log-normal errors, normal priors cut."""
    import jax
    import jax.numpy as jnp
    from jax.scipy.special import ndtr, ndtri

    jax.config.update("jax_enable_x64", True)
    study = problem.setting.study
    bounds = np.array([p.bounds for p in study.parameters])
    low, high = np.asarray(ndtr(bounds[:, 0])), np.asarray(ndtr(bounds[:, 1]))
    centre, spread = np.array([p.value for p in study.parameters]), np.array([p.spread for p in study.parameters])
    seen, target = study.observed, study.targets[0]
    h = 1 / STEPS_A_DAY

    def run(transmission: Any, recovery: Any) -> Any:
        def change(state: Any) -> Any:
            infection = transmission * state[0] * state[1] / BOYS
            return jnp.stack([-infection, infection - recovery * state[1]])

        def step(state: Any, _: Any) -> Any:
            k1 = change(state)
            k2 = change(state + h / 2 * k1)
            k3 = change(state + h / 2 * k2)
            following = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + change(state + h * k3))
            return following, following[1]

        states = jax.lax.scan(step, jnp.array([BOYS - ILL, ILL]), None, length=DAYS * STEPS_A_DAY, unroll=16)[1]
        return states[STEPS_A_DAY - 1 :: STEPS_A_DAY]

    def log_density(position: Any) -> Any:
        cut = ndtri(low + (high - low) * ndtr(position[:2]))
        rates = centre + spread * cut
        sd = target.sd * jnp.exp(target.sd_spread * position[2])
        off = (seen - jnp.log(run(rates[0], rates[1]))) / sd
        prior = -(position**2).sum() / 2 - 1.5 * np.log(2 * np.pi)
        return prior - (off**2).sum() / 2 - len(seen) * (jnp.log(sd) + np.log(2 * np.pi) / 2)

    return log_density


def with_numpyro(problem: Problem, chain_method: str, *, chains: int, tune: int, draws: int) -> Sampled:
    """Sample with NumPyro; the second call is timed, the first one compiles."""
    import jax
    from numpyro.infer import MCMC, NUTS

    log_density = density(problem)
    mcmc = MCMC(
        NUTS(potential_fn=lambda position: -log_density(position)), num_warmup=tune, num_samples=draws,
        num_chains=chains, chain_method=chain_method, progress_bar=False,
    )  # fmt: skip

    def once(seed: int) -> tuple[np.ndarray, int]:
        begin = 0.1 * np.random.default_rng(seed).standard_normal((chains, problem.size))
        mcmc.post_warmup_state = None
        mcmc.warmup(jax.random.key(seed), extra_fields=("num_steps",), collect_warmup=True, init_params=begin)
        steps = int(mcmc.get_extra_fields()["num_steps"].sum())
        mcmc.run(jax.random.key(seed + 100), extra_fields=("num_steps",))
        steps += int(mcmc.get_extra_fields()["num_steps"].sum())
        return np.asarray(mcmc.get_samples(group_by_chain=True)), steps

    with clocked() as first:
        once(1)
    with clocked() as work:
        found, steps = once(2)
    start = Spent(max(first.cpu - work.cpu, 0), max(first.wall - work.wall, 0))
    return Sampled(problem.name, f"NumPyro, {chain_method}", found, start, work, steps, problem.labels)


def with_blackjax(problem: Problem, *, chains: int, tune: int, draws: int) -> Sampled:
    """Sample with BlackJAX, chains one after the other in one program (`lax.map`)."""
    import blackjax
    import jax

    log_density = density(problem)

    def chain(key: Any) -> Any:
        first, second, third = jax.random.split(key, 3)
        adapting = blackjax.window_adaptation(blackjax.nuts, log_density)
        begin = 0.1 * jax.random.normal(third, (problem.size,))
        (state, tuned), told = adapting.run(first, begin, num_steps=tune)
        kernel = blackjax.nuts(log_density, **tuned).step

        def step(state: Any, key: Any) -> Any:
            following, info = kernel(key, state)
            return following, (following.position, info.num_integration_steps)

        _, (positions, steps) = jax.lax.scan(step, state, jax.random.split(second, draws))
        return positions, steps.sum() + told.info.num_integration_steps.sum()

    with clocked() as start:
        sampler = jax.jit(lambda keys: jax.lax.map(chain, keys))
        keys = jax.random.split(jax.random.key(1), chains)
        sampler = sampler.lower(keys).compile()
    with clocked() as work:
        positions, steps = jax.block_until_ready(sampler(keys))
    return Sampled(
        problem.name, "BlackJAX", np.asarray(positions), start, work, int(np.sum(steps)), problem.labels
    )
