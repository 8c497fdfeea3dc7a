"""The polynomials of Sources/CVectorFunctions/constants.h, and values to test them by, in 60-digit arithmetic.

Ran with Python 3.11.7 and mpmath 1.3.0. Prints the polynomials, with the largest relative error of each, and writes
vector_functions.json beside itself: for each function points that a float can say, and at each of them value and
slope as sums of two doubles, [point, value, rest, slope, rest].
"""

import json
import pathlib

import numpy
from mpmath import (
    atanh, cos, erf, erfc, exp, expm1, factorial, log, log1p, mp, mpf, nstr, pi, polyval, sech, sqrt, tanh)

mp.dps = 60


def chebyshev(f, a, b, degree):
    """Coefficients, lowest power first, of the polynomial that interpolates f at Chebyshev's points of [a, b]."""
    count = degree + 1
    nodes = [(a + b) / 2 + (b - a) / 2 * cos(pi * (k + mpf(1) / 2) / count) for k in range(count)]
    # Newton's divided differences, expanded: exact enough with 60 digits.
    table = [f(x) for x in nodes]
    for order in range(1, count):
        for k in range(count - 1, order - 1, -1):
            table[k] = (table[k] - table[k - 1]) / (nodes[k] - nodes[k - order])
    result = [table[-1]]
    for k in range(count - 2, -1, -1):
        result = [mpf(0)] + result
        for i in range(len(result) - 1):
            result[i] -= nodes[k] * result[i + 1]
        result[0] += table[k]
    return result


def exp_tail(r):
    """(e^r - 1 - r) / r²."""
    if abs(r) > mpf("0.01"):
        return (exp(r) - 1 - r) / r**2
    return sum(r**k / factorial(k + 2) for k in range(26))


def artanh_tail(v):
    """(2 artanh(s) / s - 2) / s² of v = s²."""
    if v < mpf("0.0001"):
        return sum(2 * v**k / (2 * k + 3) for k in range(16))
    return (2 * atanh(sqrt(v)) / sqrt(v) - 2) / v


def scaled_erfc(centre):
    """e^x² erfc(x) (1 + 2x) of t = (x - centre) / (x + centre)."""
    def f(t):
        x = centre * (1 + t) / (1 - t)
        if x < 100:
            return exp(x * x) * erfc(x) * (1 + 2 * x)
        total, term = mpf(0), mpf(1)
        for k in range(20):
            total += term
            term *= -(2 * k + 1) / (2 * x * x)
        return total / (x * sqrt(pi)) * (1 + 2 * x)
    return f


def erf_ratio(v):
    """erf(x) / x of v = x²."""
    return 2 / sqrt(pi) * sum((-v) ** k / (factorial(k) * (2 * k + 1)) for k in range(40))


POLYNOMIALS = [
    ("exp", exp_tail, mpf("-0.3467"), mpf("0.3467"), 9, 4),
    ("expm1", exp_tail, mpf(-1) / 2, mpf(1) / 2, 10, 5),
    ("log1p", artanh_tail, mpf(0), mpf(1) / 9, 9, 4),
    ("log", artanh_tail, mpf(0), mpf("0.02945"), 7, 3),
    ("erfc", scaled_erfc(mpf("3.75")), mpf(-1), mpf(1), 23, 12),
    ("erf", erf_ratio, mpf(0), mpf("0.5625"), 10, 5),
]
for precision, column, digits in (("double", 4, 20), ("float", 5, 12)):
    for entry in POLYNOMIALS:
        name, f, a, b = entry[:4]
        polynomial = chebyshev(f, a, b, entry[column])
        points = [a + (b - a) * mpf(k) / 500 * mpf("0.999") for k in range(501)]
        error = max(abs(polyval(polynomial[::-1], x) / f(x) - 1) for x in points)
        print(f"{precision}_{name}, to {nstr(error, 2)}: {', '.join(nstr(c, digits) for c in polynomial[::-1])}")


def logistic(p):
    return 1 / (1 + exp(-p))


def normal(p):
    return erfc(-p / sqrt(mpf(2))) / 2


FUNCTIONS = {
    "exp": (exp, exp),
    "log": (log, lambda p: 1 / p),
    "tanh": (tanh, lambda p: sech(p) ** 2),
    "erf": (erf, lambda p: 2 / sqrt(pi) * exp(-p * p)),
    "sigmoid": (logistic, lambda p: logistic(p) * logistic(-p)),
    "log_sigmoid": (lambda p: -log1p(exp(-p)), lambda p: logistic(-p)),
    "silu": (lambda p: p * logistic(p), lambda p: logistic(p) * (1 + p * logistic(-p))),
    "softplus": (lambda p: p if p > 20 else log1p(exp(p)), lambda p: 1 if p > 20 else logistic(p)),
    "elu": (lambda p: p if p > 0 else expm1(p), lambda p: 1 if p > 0 else exp(p)),
    "gelu": (lambda p: p * normal(p), lambda p: normal(p) + p * exp(-p * p / 2) / sqrt(2 * pi)),
}
generator = numpy.random.default_rng(0)
drawn = numpy.concatenate([
    generator.normal(size=60), 8 * generator.normal(size=30), numpy.exp(generator.uniform(-20, 3, 20)),
    -numpy.exp(generator.uniform(-20, 3, 20)), generator.uniform(-30, 30, 20)])


def parts(value):
    first = float(value)
    return [first, float(mpf(value) - mpf(first))]


result = {}
for name, (value, slope) in FUNCTIONS.items():
    points = [float(numpy.float32(abs(p) if name == "log" else p)) for p in drawn]
    result[name] = [[p, *parts(value(mpf(p))), *parts(slope(mpf(p)))] for p in points]
path = pathlib.Path(__file__).with_name("vector_functions.json")
path.write_text(json.dumps(result, indent=0) + "\n")
