"""Whether a group of blocks that read each other has exactly one equilibrium, in exact rational numbers."""
from fractions import Fraction

from .shapes import size

# The steepest slopes of nonlinearities that act on each element, rounded up; those with constants say it themselves.
SLOPES = {
    **{name: 1 for name in (
        "identity relu celu relu6 hard_tanh clamp softsign tanh tanhshrink softshrink log_sigmoid abs sin cos atan "
        "asinh").split()},
    "sigmoid": Fraction(1, 4), "hard_sigmoid": Fraction(1, 6), "hard_swish": Fraction(3, 2),
    "erf": Fraction(113, 100), "gelu": Fraction(114, 100), "silu": Fraction(11, 10), "mish": Fraction(11, 10),
    "selu": Fraction(176, 100),
}
# Beyond it the rational numbers would take too long.
LARGEST_GROUP = 256


class Rationals:
    """Exact numbers where the rows of linear maps ask for elements."""

    def image(self, number):
        return Fraction(number)

    def inverse(self, count):
        return Fraction(1, count)


def steepest(equation):
    """A bound of the slopes of an equation's nonlinearity, None where there is no simple one."""
    c = equation.constants
    if equation.ports != [equation.shape]:
        return None
    if equation.kind in ("leaky_relu", "elu"):
        return max(Fraction(1), abs(Fraction(c["negative_slope" if equation.kind == "leaky_relu" else "alpha"])))
    return SLOPES.get(equation.kind)


def entries(model, members):
    """The matrix of a group as a list of rows, each a dictionary of columns: |K W|; None where slopes have no bound."""
    starts, total = {}, 0
    for member in members:
        starts[member] = total
        total += size(model.equations[member].shape)
    matrix, numbers = [{} for _ in range(total)], Rationals()
    for member in members:
        equation = model.equations[member]
        slope = steepest(equation)
        if slope is None or total > LARGEST_GROUP:
            return None
        for term in equation.terms:
            if term.source not in starts:
                continue
            weight = term.tensor and [Fraction(number) for number in term.tensor.numbers]
            for row, (columns, values) in enumerate(term.rows(weight, numbers.image), starts[member]):
                for column, value in zip(columns, values):
                    column += starts[term.source]
                    matrix[row][column] = matrix[row].get(column, 0) + value
        for row in range(starts[member], starts[member] + size(equation.shape)):
            matrix[row] = {column: slope * abs(value) for column, value in matrix[row].items()}
    return matrix


def has_one_equilibrium(model, members):
    """Whether |K W| v < v for some positive v (El Ghaoui et al. 2021): then the iteration is a contraction.

    v is looked for with floating-point numbers; the inequality is checked with rational ones.
    """
    matrix = entries(model, members)
    if matrix is None:
        return False
    floats = [[(column, float(value)) for column, value in row.items()] for row in matrix]
    v = [1.0] * len(matrix)
    for _ in range(200):
        following = [sum(value * v[column] for column, value in row) for row in floats]
        largest = max(following, default=0.0)
        if not 0 < largest < float("inf"):
            break
        v = [number / largest + 1e-6 for number in following]
    exact = [Fraction(number) for number in v]
    return all(sum(value * exact[column] for column, value in row.items()) < bound
               for row, bound in zip(matrix, exact))
