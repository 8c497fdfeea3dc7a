"""Whether a group of blocks that read each other has exactly one equilibrium, in exact rational numbers.

A group is z = f(W z + c), f acting on each element. Four conditions suffice, each with its own d > 0; K holds the steepest
slopes of f:

* `Perron-Frobenius`: |K W| d < d (El Ghaoui et al. 2021).
* `contraction`: ||D K W D^-1||_2 < 1 with D = diag(d) (Banach); d = 1 first.
* `monotonicity`: the symmetric part of I - D W K D^-1 is positive definite, slopes being at least 0 (Winston and Kolter 2020,
  Revay, Wang and Manchester 2020); d = 1 first.
* `maximum norm`: s w_ii d_i + |s| sum over j != i of |w_ij| d_j < d_i for every slope s of f_i (Jafarpour et al. 2021).

d is looked for with floating-point numbers, by `scalings.py`, which proves nothing; the inequalities are checked with
integers and fractions. Only the first and the last are of numbers; the others say that a symmetric matrix is positive
definite, which `is_positive_definite` decides.
"""
import math
from fractions import Fraction

from . import scalings
from .shapes import size

F = Fraction
# The slopes (f(p) - f(q)) / (p - q) of nonlinearities that act on each element, rounded outwards; those with constants say it
# themselves.
SLOPES = {
    "identity": (1, 1),
    **{name: (0, 1) for name in (
        "relu relu6 hard_tanh clamp softsign tanh tanhshrink log_sigmoid atan asinh").split()},
    **{name: (-1, 1) for name in "abs sin cos".split()},
    "sigmoid": (0, F(1, 4)), "hard_sigmoid": (0, F(1, 6)), "hard_swish": (F(-1, 2), F(3, 2)),
    "erf": (0, F(113, 100)), "gelu": (F(-14, 100), F(114, 100)), "silu": (F(-1, 10), F(11, 10)),
    "mish": (F(-12, 100), F(11, 10)), "selu": (0, F(176, 100)),
}
# Beyond it the exact numbers would take too long.
LARGEST_GROUP = 256
# How many bits of a factor are kept where a matrix is taken for a product.
FACTOR_BITS = 80


class Rationals:
    """Exact numbers where the rows of linear maps ask for elements."""

    def image(self, number):
        return Fraction(number)

    def inverse(self, count):
        return Fraction(1, count)


def slopes(equation):
    """The least and the largest slope of an equation's nonlinearity, None where there are no simple ones."""
    c = equation.constants
    if equation.ports != [equation.shape]:
        return None
    if equation.kind in ("leaky_relu", "elu"):
        s = Fraction(c["negative_slope" if equation.kind == "leaky_relu" else "alpha"])
        return (min(F(1), s), max(F(1), s)) if equation.kind == "leaky_relu" else (min(F(0), s), max(F(1), s))
    if equation.kind == "celu":
        return (0, 1) if c["alpha"] > 0 else None
    if equation.kind == "softshrink":
        return (0, 1) if c["lambda"] >= 0 else None
    return SLOPES.get(equation.kind)


class System:
    """W, as a list of rows, each a dictionary of columns, and the slopes of every row.

    Sums that are on no cycle of sums alone are composed away.
    """

    def __init__(self, model, members):
        self.model, self.members = model, members
        equations = {member: model.equations[member] for member in members}
        is_sum = {member: equations[member].kind == "identity" for member in members}
        sources = {member: {term.source for term in equations[member].terms} & set(members) for member in members}
        order = in_order({member: {source for source in sources[member] if is_sum[source]}
                          for member in members if is_sum[member]})
        kept = [member for member in members if member not in order]
        values, self.slopes = {}, []
        for member in kept:
            start, count = len(self.slopes), size(equations[member].shape)
            values[member] = [{start + row: F(1)} for row in range(count)]
            self.slopes += [slopes(equations[member])] * count
        for member in order:
            values[member] = self.ports(equations[member], values)
        self.rows = [row for member in kept for row in self.ports(equations[member], values)]

    def ports(self, equation, values):
        """What an equation's terms sum up, by the coordinates that stay."""
        sums = [{} for _ in range(size(equation.shape))]
        for term in equation.terms:
            if term.source not in values:
                continue
            weight = term.tensor and [Fraction(number) for number in term.tensor.numbers]
            for row, (columns, entries) in zip(sums, term.rows(weight, Rationals().image)):
                for column, entry in zip(columns, entries):
                    if entry:
                        for place, factor in values[term.source][column].items():
                            row[place] = row.get(place, 0) + entry * factor
        return sums

    def weighted(self, factor):
        """W with every entry multiplied by factor(row, column)."""
        return [{column: factor(row, column) * entry for column, entry in entries.items() if entry}
                for row, entries in enumerate(self.rows)]

    def steepest(self, row):
        return max(map(abs, self.slopes[row]))


def in_order(reads):
    """Those nodes of a graph that are on no cycle and behind none, each after what it reads; `reads` has their sources among
    themselves."""
    order, waiting = [], dict(reads)
    while True:
        ready = [node for node, sources in waiting.items() if not sources & set(waiting)]
        if not ready:
            return order
        order += ready
        for node in ready:
            del waiting[node]


# The inequalities.


def is_below(matrix, d):
    """Whether M d < d for a matrix that is not negative off the diagonal."""
    return all(sum(entry * d[column] for column, entry in row.items()) < bound for row, bound in zip(matrix, d))


def is_contraction(matrix, d):
    """Whether ||D A D^-1||_2 < 1: whether P - A^T P A is positive definite, with P = D^2."""
    rows, scale = integers(matrix)
    (weights,), _ = integers([dict(enumerate(t * t for t in d))])
    lower = [[0] * (index + 1) for index in range(len(d))]
    for index, row in enumerate(rows):
        lower[index][index] += weights[index] * scale**2
        for i, entry in row.items():
            for j, other in row.items():
                if j <= i:
                    lower[i][j] -= weights[index] * entry * other
    return is_positive_definite(lower)


def is_monotone(matrix, d):
    """Whether the symmetric part of I - D A D^-1 is positive definite: that of P (I - A), with P = D^2."""
    lower = [[Fraction(0)] * (index + 1) for index in range(len(d))]
    for i, row in enumerate(matrix):
        lower[i][i] += d[i]**2
        for j, entry in row.items():
            lower[max(i, j)][min(i, j)] -= d[i]**2 * entry / (1 if i == j else 2)
    return is_positive_definite(lower)


def integers(matrix):
    """A matrix times the least number that makes all of its entries integers, and that number."""
    scale = math.lcm(*(Fraction(entry).denominator for row in matrix for entry in row.values()))
    return [{column: int(entry * scale) for column, entry in row.items()} for row in matrix], scale


def is_positive_definite(lower):
    """Whether a symmetric matrix S, given by its lower triangle, is known to be positive definite.

    S = L L^T + c I + R with L an approximate factor of S - c I and R what is left, exactly: L L^T is not negative, and where
    every row of |R| sums up to less than c, c I + R is positive definite (Gershgorin).
    """
    order = len(lower)
    largest = max(max(map(abs, row)) for row in lower)
    if largest <= 0 or any(row[-1] <= 0 for row in lower):
        return False
    scaled = [[Fraction(entry) / largest for entry in row] for row in lower]
    floats = [list(map(float, row)) for row in scaled]
    for c in (F(1, 2**40), F(1, 2**30), F(1, 2**20), F(1, 2**12)):
        factor = scalings.cholesky(floats, float(c))
        if factor is None:
            return False
        L = [[round(math.ldexp(number, FACTOR_BITS)) for number in row] for row in factor]
        sums = [F(0)] * order
        for i in range(order):
            for j in range(i + 1):
                product = sum(a * b for a, b in zip(L[i], L[j]))
                rest = abs(scaled[i][j] - (c if i == j else 0) - F(product, 2**(2 * FACTOR_BITS)))
                sums[i] += rest
                if i != j:
                    sums[j] += rest
        if max(sums) < c:
            return True
    return False


# The conditions.


def perron_frobenius(system):
    majorant = system.weighted(lambda row, column: system.steepest(row))
    majorant = [{column: abs(entry) for column, entry in row.items()} for row in majorant]
    return any(is_below(majorant, d) for d in scalings.positive_vectors(majorant))


def contraction(system):
    matrix = system.weighted(lambda row, column: system.steepest(row))
    return any(is_contraction(matrix, d) for d in scalings.for_norm(matrix))


def monotonicity(system):
    if any(low < 0 for low, _ in system.slopes):
        return False
    matrix = system.weighted(lambda row, column: system.slopes[column][1])
    return any(is_monotone(matrix, d) for d in scalings.for_symmetric_part(matrix))


def maximum_norm(system):
    """Both sides being piecewise linear in the slope, its ends and 0 tell, and 0 < d always."""
    ends = [[{column: abs(s * entry) if column != row else s * entry for column, entry in entries.items()}
             for row, (entries, s) in enumerate(zip(system.rows, chosen))]
            for chosen in zip(*system.slopes)]
    majorant = [{column: max(row[column], other[column]) for column in row} for row, other in zip(*ends)]
    candidates = (d for matrix in (majorant, *ends) for d in scalings.positive_vectors(matrix))
    return any(all(is_below(end, d) for end in ends) for d in candidates)


CONDITIONS = {"Perron-Frobenius": perron_frobenius, "contraction": contraction, "monotonicity": monotonicity,
              "maximum norm": maximum_norm}


def condition(model, members):
    """The name of the first condition that holds of a group, None where none is seen to."""
    equations = [model.equations[member] for member in members]
    if (any(slopes(equation) is None for equation in equations)
            or sum(size(equation.shape) for equation in equations) > LARGEST_GROUP):
        return None
    system = System(model, members)
    return next((name for name, holds in CONDITIONS.items() if holds(system)), None)


def has_one_equilibrium(model, members):
    """Whether some condition says that a group has exactly one equilibrium for every input."""
    return condition(model, members) is not None
