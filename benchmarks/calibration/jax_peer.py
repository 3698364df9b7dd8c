"""The school's model written by hand in JAX, sampled by BlackJAX: the whole sampler is machine code."""

from __future__ import annotations

from typing import Any

import numpy as np
from measuring import Sampled, clocked
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
        def change(well: Any, ill: Any) -> tuple[Any, Any]:
            infection = transmission * well * ill / BOYS
            return -infection, infection - recovery * ill

        def step(state: Any, _: Any) -> Any:  # two numbers, not an array of two: twenty times as fast
            well, ill = state
            w1, i1 = change(well, ill)
            w2, i2 = change(well + h / 2 * w1, ill + h / 2 * i1)
            w3, i3 = change(well + h / 2 * w2, ill + h / 2 * i2)
            w4, i4 = change(well + h * w3, ill + h * i3)
            ill = ill + h / 6 * (i1 + 2 * i2 + 2 * i3 + i4)
            return (well + h / 6 * (w1 + 2 * w2 + 2 * w3 + w4), ill), ill

        first = (jnp.asarray(BOYS - ILL), jnp.asarray(ILL))
        states = jax.lax.scan(step, first, None, length=DAYS * STEPS_A_DAY)[1]
        return states[STEPS_A_DAY - 1 :: STEPS_A_DAY]

    def log_density(position: Any) -> Any:
        cut = ndtri(low + (high - low) * ndtr(position[:2]))
        rates = centre + spread * cut
        sd = target.sd * jnp.exp(target.sd_spread * position[2])
        off = (seen - jnp.log(run(rates[0], rates[1]))) / sd
        prior = -(position**2).sum() / 2 - 1.5 * np.log(2 * np.pi)
        return prior - (off**2).sum() / 2 - len(seen) * (jnp.log(sd) + np.log(2 * np.pi) / 2)

    return log_density


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
    return Sampled(problem.name, "BlackJAX", np.asarray(positions), start, work, int(np.sum(steps)), problem.labels)
