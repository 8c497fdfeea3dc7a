"""Candidates for the positive vectors d that conditions for one equilibrium ask for, found with floating-point numbers.

Nothing here is a proof: whatever a candidate is, the inequality is checked with exact numbers afterwards.
"""
import math
from fractions import Fraction

STEPS = 80


def exact(d):
    """A vector as exact numbers, its components cut to a few bits where that changes little."""
    return [Fraction(math.ldexp(round(math.ldexp(m, 20)), e - 20)) for m, e in map(math.frexp, d)]


def positive_vectors(matrix):
    """Vectors d with M d < d in floating-point numbers, for a matrix that is not negative off the diagonal: d = 1 + M d, by
    Gauss and Seidel, which comes to rest where there is one."""
    rows = [[(column, float(entry)) for column, entry in row.items() if column != index]
            for index, row in enumerate(matrix)]
    own = [1 - float(row.get(index, 0)) for index, row in enumerate(matrix)]
    if any(t <= 0 for t in own):
        return
    d = [1.0] * len(matrix)
    for sweep in range(1, 2001):
        for index, row in enumerate(rows):
            d[index] = (1 + sum(entry * d[column] for column, entry in row)) / own[index]
        if not max(d) < 1e12:
            return
        if sweep in (1, 10, 100) or sweep % 500 == 0:
            slack = min((own[index] * d[index] - sum(entry * d[column] for column, entry in row)) / d[index]
                        for index, row in enumerate(rows))
            if slack > 1e-9:
                yield exact(d)


def for_norm(matrix):
    """Vectors d for which ||D A D^-1||_2 seems to be below 1."""
    yield from descended(dense(matrix), norm)


def for_symmetric_part(matrix):
    """Vectors d for which the symmetric part of D A D^-1 seems to be below 1."""
    yield from descended(dense(matrix), symmetric_part)


def dense(matrix):
    return [[float(row.get(column, 0)) for column in range(len(matrix))] for row in matrix]


def descended(A, measure):
    """A walk downhill in the logarithms of d, from 1 and from the d that balances rows and columns; where what is measured
    falls below 1, one candidate, and no more."""
    steps = STEPS if len(A) <= 64 else 4
    for logs in ([0.0] * len(A), balanced(A)):
        best = math.inf
        for step in range(steps):
            M = [[entry * math.exp(logs[i] - logs[j]) if entry else 0.0 for j, entry in enumerate(row)]
                 for i, row in enumerate(A)]
            value, gradient = measure(M)
            if value < 1 - 1e-9:
                yield exact([math.exp(t) for t in logs])
                return
            best = min(best, value)
            square = sum(t * t for t in gradient)
            if not math.isfinite(value) or square < 1e-18:
                break
            # As far as the best value known, less a little, seems to be away along a line.
            length = (value - 0.97 * min(best, 1.03)) / square / (1 + step / 20)
            logs = [t - max(-3.0, min(3.0, length * g)) for t, g in zip(logs, gradient)]
            if max(map(abs, logs)) > 100:
                break


def balanced(A):
    """Logarithms of d for which each coordinate's row and column have about the same length."""
    logs = [0.0] * len(A)
    for _ in range(30):
        for k in range(len(A)):
            row = sum(abs(A[k][j]) * math.exp(logs[k] - logs[j]) for j in range(len(A)) if j != k)
            column = sum(abs(A[i][k]) * math.exp(logs[i] - logs[k]) for i in range(len(A)) if i != k)
            if row > 0 and column > 0:
                logs[k] += math.log(column / row) / 2
    return logs


def norm(M):
    """||M||_2, and its derivative by the logarithms of d."""
    v, image = largest_eigenvector(lambda x: transposed_times(M, times(M, x)), len(M))
    u = times(M, v)
    value = math.sqrt(sum(t * t for t in u))
    if not value:
        return 0.0, [0.0] * len(M)
    return value, [t * t / value - value * s * s for t, s in zip(u, v)]


def symmetric_part(M):
    """The largest eigenvalue of (M + M^T)/2, and its derivative by the logarithms of d."""
    bound = max(sum(abs(M[i][j] + M[j][i]) / 2 for j in range(len(M))) for i in range(len(M)))
    v, image = largest_eigenvector(
        lambda x: [(a + b) / 2 + bound * t for a, b, t in zip(times(M, x), transposed_times(M, x), x)], len(M))
    forward, back = times(M, v), transposed_times(M, v)
    value = sum(t * s for t, s in zip(v, forward))
    return value, [t * (a - b) for t, a, b in zip(v, forward, back)]


def largest_eigenvector(apply, order):
    """A unit vector close to that of the largest eigenvalue of a symmetric, not negative operator."""
    v = [1 + 0.1 * math.sin(1 + 7 * k) for k in range(order)]
    image = v
    for _ in range(200 if order <= 64 else 30):
        image = apply(v)
        length = math.sqrt(sum(t * t for t in image))
        if not length > 0 or not math.isfinite(length):
            length = 1.0
            break
        following = [t / length for t in image]
        moved = max(abs(t - s) for t, s in zip(following, v))
        v = following
        if moved < 1e-9:
            break
    scale = math.sqrt(sum(t * t for t in v)) or 1.0
    return [t / scale for t in v], image


def times(M, x):
    return [sum(a * b for a, b in zip(row, x)) for row in M]


def transposed_times(M, x):
    result = [0.0] * len(M)
    for row, t in zip(M, x):
        for column, entry in enumerate(row):
            result[column] += entry * t
    return result


def cholesky(lower, shift):
    """The lower factor of S - shift I, by the lower triangle of S; None where there is none."""
    factor = []
    for i, row in enumerate(lower):
        own = []
        for j in range(i):
            own.append((row[j] - sum(a * b for a, b in zip(own, factor[j]))) / factor[j][j])
        square = row[i] - shift - sum(a * a for a in own)
        if not square > 0:
            return None
        factor.append([*own, math.sqrt(square)])
    return factor
