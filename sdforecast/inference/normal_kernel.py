"""The normal density of errors that share a discrepancy, with its gradient, in machine code without Python's lock.

Chains of a sampler run in threads, and Python's lock lets one of them work at a time: what is asked for at each step of
each chain is computed outside it. LAPACK is called by the addresses that SciPy publishes for this.
"""

from __future__ import annotations

import ctypes

import numpy as np
from numba import njit
from numba.extending import get_cython_function_address

_POINTER = ctypes.c_void_p
_factor = ctypes.CFUNCTYPE(None, *[_POINTER] * 5)(get_cython_function_address("scipy.linalg.cython_lapack", "dpotrf"))
_invert = ctypes.CFUNCTYPE(None, *[_POINTER] * 5)(get_cython_function_address("scipy.linalg.cython_lapack", "dpotri"))

_UPPER = np.frombuffer(b"U", dtype=np.uint8)
"""LAPACK counts by columns: its upper triangle is our lower one."""


@njit(nogil=True, cache=False)
def log_density(point, indptr, indices, weights, drift, season):  # type: ignore[no-untyped-def]
    """Return the log density of the errors and its gradient, [3 + 2 n]; -inf and NaN where there is none.

    Parameters
    ----------
    point : innovation and half-life of the fast part, step of the drift, then n errors and the n variances of their
        noise.
    indptr, indices, weights : how much months so far apart count in each pair of observations, in rows of a sparse
        matrix, one a pair of the lower triangle.
    drift, season : [n, n] covariance of a drift of step 1, and of the season.

    The derivative by an entry of the covariance is half of (a a' - C^-1), a = C^-1 errors.
    """
    n = (len(point) - 3) // 2
    innovation, half_life, walk = point[0], point[1], point[2]
    errors, noise = point[3 : 3 + n], point[3 + n :]
    none = np.full(len(point), np.nan)
    if not np.isfinite(point).all() or half_life <= 0:
        return -np.inf, none
    kept = max(0.5 ** (1 / half_life), 1e-12)
    if kept >= 1:
        return -np.inf, none
    count = drift.shape[0] if len(indices) == 0 else indices.max() + 1
    shared = np.empty(count)
    power = 1.0
    for k in range(count):
        shared[k] = power / (1 - kept**2)
        power *= kept
    covariance = np.zeros((n, n))
    pair = 0
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for at in range(indptr[pair], indptr[pair + 1]):
                total += weights[at] * shared[indices[at]]
            covariance[i, j] = innovation**2 * total + walk**2 * drift[i, j] + season[i, j]
            pair += 1
        covariance[i, i] += noise[i]
        if not np.isfinite(covariance[i, i]):
            return -np.inf, none
    size, status = np.array([n], dtype=np.int32), np.zeros(1, dtype=np.int32)
    _factor(_UPPER.ctypes, size.ctypes, covariance.ctypes, size.ctypes, status.ctypes)
    if status[0] != 0:
        return -np.inf, none
    logarithm = 0.0
    for i in range(n):
        logarithm += 2 * np.log(covariance[i, i])
    _invert(_UPPER.ctypes, size.ctypes, covariance.ctypes, size.ctypes, status.ctypes)  # the inverse, in its place
    solved = np.zeros(n)
    for i in range(n):
        for j in range(i):
            solved[i] += covariance[i, j] * errors[j]
            solved[j] += covariance[i, j] * errors[i]
        solved[i] += covariance[i, i] * errors[i]
    value = -(errors @ solved + logarithm + n * np.log(2 * np.pi)) / 2
    by_distance, by_drift, gradient = np.zeros(count), 0.0, np.empty(len(point))
    pair = 0
    for i in range(n):
        for j in range(i + 1):
            by_entry = (solved[i] * solved[j] - covariance[i, j]) / 2
            twice = by_entry if i == j else 2 * by_entry
            for at in range(indptr[pair], indptr[pair + 1]):
                by_distance[indices[at]] += twice * weights[at]
            by_drift += twice * drift[i, j]
            pair += 1
        gradient[3 + i] = -solved[i]
        gradient[3 + n + i] = (solved[i] * solved[i] - covariance[i, i]) / 2
    by_innovation, by_kept = 0.0, 0.0
    power, before = 1.0, 0.0
    for k in range(count):
        by_innovation += power / (1 - kept**2) * by_distance[k]
        by_kept += (k * before / (1 - kept**2) + power * 2 * kept / (1 - kept**2) ** 2) * by_distance[k]
        before = power
        power *= kept
    gradient[0] = 2 * innovation * by_innovation
    gradient[1] = innovation**2 * kept * np.log(2) / half_life**2 * by_kept
    gradient[2] = 2 * walk * by_drift
    return value, gradient
