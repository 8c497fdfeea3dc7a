"""Checks what certificate.py knows of equilibria that are unique: python3 certificate_uniqueness.py [RANDOM_GROUPS]

Groups that one condition alone certifies, the same ones just beyond it, and random groups z = relu(W z + c), whose equilibria
are counted: for each set of units that are positive the others are 0, so a linear system in exact fractions says whether
there is one.
"""
import itertools
import random
import sys
from fractions import Fraction

from second_judge import scalings
from second_judge.files import Tensor
from second_judge.models import Equation, Model, Term
from second_judge.uniqueness import condition, is_positive_definite

RANDOM_GROUPS = int(sys.argv[1]) if len(sys.argv) > 1 else 120


def equation(name, kind, rows, source, constants=None):
    height, width = len(rows), len(rows[0])
    numbers = [entry for row in rows for entry in row]
    term = Term(0, source, Tensor([height, width], numbers), lambda elements, image: (
        (range(width), elements[row * width:(row + 1) * width]) for row in range(height)))
    return Equation(name, [height], [[height]], kind, constants or {}, [term])


def seen(rows, kind="tanh", constants=None):
    """The condition that is seen to hold of z = f(W z + c)."""
    return condition(Model([1], [equation("z", kind, rows, 0, constants)], 0, False), [0])


# One condition each, and what it becomes when it just does not hold any more.
KNOWN = [
    ([[0.5, -0.4], [0.3, 0.2]], "tanh", "Perron-Frobenius"),
    # A turn, times 0.95; the same in other units.
    ([[0.67, -0.67], [0.67, 0.67]], "tanh", "contraction"),
    ([[0.67, -5.36], [0.08375, 0.67]], "sin", "contraction"),
    ([[0.5, -5], [5, 0.5]], "tanh", "monotonicity"),
    ([[0.5, -50], [0.5, 0.5]], "relu", "monotonicity"),
    ([[2, -20], [20, 2]], "sigmoid", "monotonicity"),
    # Slopes below 0, which a monotone activation does not have.
    ([[-5, 2], [2, -5]], "silu", "maximum norm"),
    ([[-5, 200], [0.02, -5]], "silu", "maximum norm"),
    # Two equilibria at least, at c = 0: an eigenvalue above 1, and its eigenvector both ways.
    ([[0.7, 0.4], [0.4, 0.7]], "tanh", None),
    ([[0.7, 40], [0.004, 0.7]], "tanh", None),
    ([[-3, 4.1], [4.1, -3]], "tanh", None),
    ([[-3, 410], [0.041, -3]], "softsign", None),
    ([[4.1]], "sigmoid", None),
    # Just at the edge.
    ([[1]], "tanh", None),
    ([[0.5, 0.5], [0.5, 0.5]], "tanh", None),
    ([[1, -5], [5, 1]], "tanh", None),
    # No slopes that are known, or none that are bounded.
    ([[0.1]], "exp", None),
    ([[0.1]], "round", None),
]


def known():
    for rows, kind, expected in KNOWN:
        found = seen(rows, kind)
        if found != expected:
            yield f"{kind} of {rows}: expected {expected}, found {found}"
    yield from constants()
    # A sum on the way is composed away: z = tanh(h), h = W z.
    for rows, expected in (([[0.5, -5], [5, 0.5]], "monotonicity"), ([[1.5, -5], [5, 1.5]], None)):
        model = Model([1], [
            equation("z", "tanh", [[1, 0], [0, 1]], 1), equation("h", "identity", rows, 0)], 0, False)
        found = condition(model, [0, 1])
        if found != expected:
            yield f"tanh of a sum {rows}: expected {expected}, found {found}"


def constants():
    for kind, values, rows, expected in (
            ("leaky_relu", {"negative_slope": 4.0}, [[0.26]], None),
            ("leaky_relu", {"negative_slope": 4.0}, [[0.24]], "Perron-Frobenius"),
            ("elu", {"alpha": -1.0}, [[-0.9]], "Perron-Frobenius"),
            ("elu", {"alpha": -1.0}, [[-1.1]], None),
            ("celu", {"alpha": -1.0}, [[0.1]], None)):
        found = seen(rows, kind, values)
        if found != expected:
            yield f"{kind} {values} of {rows}: expected {expected}, found {found}"


def definite():
    """Matrices whose least eigenvalue is known."""
    for least, expected in ((1, True), (1e-3, True), (0, False), (-1e-3, False), (-1, False)):
        # A turn of diag(least, 1) by the angle with cosine 3/5.
        c, s, t = Fraction(3, 5), Fraction(4, 5), Fraction(least)
        lower = [[c * c * t + s * s], [c * s * (t - 1), s * s * t + c * c]]
        if is_positive_definite(lower) != expected:
            yield f"a matrix with the eigenvalues {least} and 1: expected {expected}"


def liars():
    """What floating-point numbers suggest proves nothing: with candidates that are wrong, nothing is seen."""
    kept = {name: getattr(scalings, name) for name in ("cholesky", "positive_vectors", "for_norm", "for_symmetric_part")}
    scalings.cholesky = lambda lower, shift: [[1.0], [0.0, 1.0]]
    for name in ("positive_vectors", "for_norm", "for_symmetric_part"):
        setattr(scalings, name, lambda matrix: [[Fraction(1)] * len(matrix), [Fraction(1, 3), Fraction(5)]])
    if is_positive_definite([[1], [2, 1]]):
        yield "an indefinite matrix: expected no factor to make it definite"
    for rows, kind, expected in KNOWN:
        if expected is None and len(rows) == 2 and seen(rows, kind) is not None:
            yield f"{kind} of {rows}: expected nothing by wrong candidates"
    for name, function in kept.items():
        setattr(scalings, name, function)


def solution(rows, right):
    """The solution of a linear system in fractions, None where it is singular."""
    order = len(rows)
    rows = [[*row, t] for row, t in zip(rows, right)]
    for column in range(order):
        pivot = next((row for row in range(column, order) if rows[row][column]), None)
        if pivot is None:
            return None
        rows[column], rows[pivot] = rows[pivot], rows[column]
        rows[column] = [t / rows[column][column] for t in rows[column]]
        for row in range(order):
            if row != column and rows[row][column]:
                rows[row] = [t - rows[row][column] * u for t, u in zip(rows[row], rows[column])]
    return [row[order] for row in rows]


def equilibria(W, c):
    """How many equilibria z = relu(W z + c) has; None where that is left open."""
    order, count = len(W), 0
    for positive in itertools.product((False, True), repeat=order):
        units = [index for index in range(order) if positive[index]]
        values = solution(
            [[(i == j) - W[i][j] for j in units] for i in units], [c[i] for i in units])
        if values is None:
            return None
        ports = [c[i] + sum(W[i][j] * value for j, value in zip(units, values)) for i in range(order)]
        if any(port == 0 for port in ports):
            return None
        count += all((port > 0) == is_positive for port, is_positive in zip(ports, positive))
    return count


def random_matrix(generator):
    order = generator.randint(1, 4)
    W = [[generator.gauss(0, 1) for _ in range(order)] for _ in range(order)]
    kind = generator.randrange(4)
    for i, j in itertools.product(range(order), repeat=2):
        if kind == 1:
            # A skew part that is large, and little else.
            W[i][j] = 4 * W[min(i, j)][max(i, j)] * ((i < j) - (i > j)) if i != j else generator.uniform(-1, 1.1)
        elif kind == 2 and i == j:
            W[i][j] = -3 * abs(W[i][j]) - 1
        elif kind == 3:
            W[i][j] *= 0.6
    units = [2.0**generator.randint(-6, 6) for _ in range(order)]
    return [[round(W[i][j] * 64) / 64 * units[i] / units[j] for j in range(order)] for i in range(order)]


def counted():
    """Random groups: whatever condition is seen to hold, there is exactly one equilibrium for every c that is tried."""
    generator = random.Random(7)
    names, several = {}, 0
    for _ in range(RANDOM_GROUPS):
        W = random_matrix(generator)
        name = seen(W, "relu")
        names[name] = names.get(name, 0) + 1
        exact = [[Fraction(entry) for entry in row] for row in W]
        for _ in range(6):
            c = [Fraction(generator.randint(-99, 99), 7) * Fraction(2)**generator.randint(-6, 6) for _ in W]
            count = equilibria(exact, c)
            several += count not in (None, 1)
            if name is not None and count not in (None, 1):
                yield f"relu of {W}: expected one equilibrium by {name}, found {count}"
    least = RANDOM_GROUPS // 15
    for name in ("Perron-Frobenius", "monotonicity", None):
        if names.get(name, 0) < least:
            yield f"expected {least} random groups at least with the condition {name}, found {names.get(name, 0)}"
    if several < least:
        yield f"expected {least} groups at least without one equilibrium, found {several}"


if __name__ == "__main__":
    faults = [*known(), *definite(), *liars(), *counted()]
    for fault in faults:
        print(fault)
    if not faults:
        print(f"{len(KNOWN) + 13 + RANDOM_GROUPS} cases agree")
    raise SystemExit(bool(faults))
