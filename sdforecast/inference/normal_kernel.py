"""The normal density of errors that share a discrepancy, with its gradient, in machine code without Python's lock.

Chains of a sampler run in threads, and Python's lock lets one of them work at a time: what is asked for at each step of
each chain is computed outside it. LAPACK is no help: two threads that factor small matrices at once are slower there
than one after the other (measured: four times), since they share its memory.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_QUICK = {"reassoc", "contract"}
"""Sums may be reordered, so that they are vectorised; NaN and infinity keep their meaning."""


@njit(nogil=True, cache=True)
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
    gradient = np.full(len(point), np.nan)
    kept = max(0.5 ** (1 / half_life), 1e-12) if half_life > 0 else 1.0
    if not np.isfinite(point).all() or kept >= 1:
        return -np.inf, gradient
    apart = indices.max() + 1
    shared = kept ** np.arange(apart) / (1 - kept**2)
    matrix = _covariance(innovation, walk, shared, indptr, indices, weights, drift, season)
    for i in range(n):
        matrix[i, i] += noise[i]
    logarithm = _factor(matrix)
    if not np.isfinite(logarithm):
        return -np.inf, gradient
    inverse = _inverse(matrix)
    solved = _product(inverse, errors)
    by_distance, by_drift = _by_scale(solved, inverse, apart, indptr, indices, weights, drift)
    gradient[0] = 2 * innovation * (shared * by_distance).sum()
    gradient[1] = innovation**2 * kept * np.log(2) / half_life**2 * _by_kept(kept, by_distance)
    gradient[2] = 2 * walk * by_drift
    for i in range(n):
        gradient[3 + i] = -solved[i]
        gradient[3 + n + i] = (solved[i] ** 2 - inverse[i, i]) / 2
    return -((errors * solved).sum() + logarithm + n * np.log(2 * np.pi)) / 2, gradient


@njit(nogil=True, cache=True, fastmath=_QUICK)
def _covariance(innovation, walk, shared, indptr, indices, weights, drift, season):  # type: ignore[no-untyped-def]
    """Return the lower triangle of the covariance without noise."""
    n, pair = len(drift), 0
    matrix = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            total = 0.0
            for at in range(indptr[pair], indptr[pair + 1]):
                total += weights[at] * shared[indices[at]]
            matrix[i, j] = innovation**2 * total + walk**2 * drift[i, j] + season[i, j]
            pair += 1
    return matrix


@njit(nogil=True, cache=True, fastmath=_QUICK)
def _factor(matrix):  # type: ignore[no-untyped-def]
    """Put Cholesky's factor into the lower triangle; returns the logarithm of the determinant, infinite if none."""
    logarithm = 0.0
    for i in range(len(matrix)):
        for j in range(i + 1):
            total = matrix[i, j]
            for k in range(j):
                total -= matrix[i, k] * matrix[j, k]
            if i > j:
                matrix[i, j] = total / matrix[j, j]
            elif total > 0:
                matrix[i, i] = np.sqrt(total)
                logarithm += np.log(total)
            else:
                return np.inf
    return logarithm


@njit(nogil=True, cache=True, fastmath=_QUICK)
def _inverse(factor):  # type: ignore[no-untyped-def]
    """Return the lower triangle of the inverse of factor factor': m' m, where m is the inverse of the factor."""
    n = len(factor)
    rows, inverse = np.zeros((n, n)), np.zeros((n, n))
    for i in range(n):
        for k in range(i):
            for j in range(k + 1):
                rows[i, j] -= factor[i, k] * rows[k, j]
        for j in range(i):
            rows[i, j] /= factor[i, i]
        rows[i, i] = 1 / factor[i, i]
    for k in range(n):
        for i in range(k + 1):
            for j in range(i + 1):
                inverse[i, j] += rows[k, i] * rows[k, j]
    return inverse


@njit(nogil=True, cache=True)
def _product(lower, vector):  # type: ignore[no-untyped-def]
    """Return the product of a symmetric matrix, of which the lower triangle is given, and a vector."""
    result = np.zeros(len(vector))
    for i in range(len(vector)):
        for j in range(i):
            result[i] += lower[i, j] * vector[j]
            result[j] += lower[i, j] * vector[i]
        result[i] += lower[i, i] * vector[i]
    return result


@njit(nogil=True, cache=True)
def _by_scale(solved, inverse, apart, indptr, indices, weights, drift):  # type: ignore[no-untyped-def]
    """Return derivatives by the covariance of months so far apart [distances], and by that of the drift."""
    by_distance, by_drift, pair = np.zeros(apart), 0.0, 0
    for i in range(len(solved)):
        for j in range(i + 1):
            by_entry = (solved[i] * solved[j] - inverse[i, j]) * (0.5 if i == j else 1.0)
            for at in range(indptr[pair], indptr[pair + 1]):
                by_distance[indices[at]] += by_entry * weights[at]
            by_drift += by_entry * drift[i, j]
            pair += 1
    return by_distance, by_drift


@njit(nogil=True, cache=True)
def _by_kept(kept, by_distance):  # type: ignore[no-untyped-def]
    """Return the derivative by what is kept from month to month, at an innovation of 1."""
    total, power, before = 0.0, 1.0, 0.0
    for k in range(len(by_distance)):
        total += by_distance[k] * (k * before / (1 - kept**2) + power * 2 * kept / (1 - kept**2) ** 2)
        before = power
        power *= kept
    return total
