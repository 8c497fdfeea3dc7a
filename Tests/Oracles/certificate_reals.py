"""Checks what certificate.py knows of layers against PyTorch's and mpmath's numbers: python3 certificate_reals.py

The rules of Proof.md are followed with real numbers in place of elements, and with exp, tanh, |.| and so on in place of
the random functions that stand for them. Then every nonlinearity has to come out as itself, and every linear map as the
oracles (operators.json, activations.json) have it.
"""
import json
import math
import os
import struct
import sys

from second_judge.fields import Fields
from second_judge.files import Tensor, constants_of
from second_judge.maps import MAPS
from second_judge.models import NONLINEARITIES, Equation
from second_judge.shapes import size
from second_judge.values import apply


class Unbounded:
    """A modulus that leaves every number as it is."""

    def __rmod__(self, number):
        return number


def number(bits):
    return struct.unpack("<d", bits.to_bytes(8, "little"))[0]


def rounded(t):
    return float(round(t))


def softplus(t):
    return max(t, 0.0) + math.log1p(math.exp(-abs(t)))


# What each random function stands for.
FUNCTIONS = {
    "abs": abs, "exp": math.exp, "tanh": math.tanh, "sqrt": math.sqrt, "log": math.log, "round": rounded,
    "positive": lambda t: float(t > 0), "zero": lambda t: float(t == 0), "max": lambda *line: max(line),
    "clamp": lambda v: min(max(v, -0.5), 0.5), "sign": lambda t: math.copysign(1.0, t),
    "gelu erf": lambda t: math.erf(t / math.sqrt(2)),
    "gelu tanh": lambda t: math.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3)),
    "floor": lambda t: float(math.floor(t)), "power": math.pow,
    **{name: getattr(math, name) for name in (
        "erf sin tan asin atan sinh asinh atanh cos cosh acos acosh").split()},
}
WITH_CONSTANTS = {
    "hardshrink": lambda t, edge: t if abs(t) > edge else 0.0,
    "threshold": lambda t, edge, value: t if t > edge else value,
    "softplus": lambda t, beta, edge: t if beta * t > edge else softplus(beta * t) / beta,
    "pow": math.pow,
}


class Reals(Fields):
    """Real numbers where the rules expect elements."""

    def __init__(self):
        self.modulus = Unbounded()

    def parts(self, t):
        return (t,)

    def random(self, text, integers=(), elements=()):
        if integers:
            return WITH_CONSTANTS[text](*elements, *map(number, integers))
        return softplus(*elements) if text == "softplus" else FUNCTIONS[text](*elements)

    def even(self, text, integers, t):
        return self.random(text, integers, [abs(t)])

    def odd(self, text, integers, t):
        return 0.0 if t == 0 else math.copysign(1.0, t) * self.random(text, integers, [abs(t)])

    def image(self, number):
        return number

    def inverse(self, t):
        return 1 / t

    def integer_power(self, t, exponent):
        return float(t) ** exponent


def difference(found, expected):
    """How far apart two lists of numbers are, in units of the largest of them or of 1."""
    if len(found) != len(expected):
        return math.inf
    scale = max([1.0] + [abs(t) for t in expected if math.isfinite(t)])
    return max(0.0 if a == b else abs(a - b) / scale for a, b in zip(found, expected))


def samples(tensor):
    count = tensor["shape"][0]
    width = len(tensor["data"]) // count
    return [tensor["data"][row * width:(row + 1) * width] for row in range(count)]


def check_map(case):
    build, descriptions = MAPS[case["type"]]
    weight = Tensor(case["weight"]["shape"], case["weight"]["data"]) if "weight" in case else None
    shape, rows, _, _ = build(case["inputShape"], weight, constants_of(descriptions, case["constants"]))
    rows = list(rows(weight and weight.numbers, Reals().image))
    found = [sum(entry * x[column] for column, entry in zip(columns, entries))
             for x in samples(case["x"]) for columns, entries in rows]
    return math.inf if size(shape) != len(rows) else difference(found, case["y"]["data"])


def check_nonlinearity(case):
    constants = constants_of(NONLINEARITIES[case["type"]], case["constants"])
    equation = Equation("case", [], case["shapes"], case["type"], constants)
    found = [t for ports in zip(*map(samples, case["ports"])) for t in apply(Reals(), equation, list(ports))]
    return difference(found, case["z"]["data"])


def check_activation(case):
    """Points where |x| is moderate: large ones overflow on the way."""
    kind = case["activation"]
    name, given = (kind, {}) if isinstance(kind, str) else (kind["type"], kind)
    constants = constants_of(NONLINEARITIES[name], given)
    equation = Equation("case", [], [[1]], name, constants)
    points = [point for point in case["points"] if abs(point[0]) <= 100]
    found = [apply(Reals(), equation, [[x]])[0] for x, _, _ in points]
    return difference(found, [value for _, value, _ in points])


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "operators.json")) as file:
        operators = json.load(file)
    with open(os.path.join(folder, "activations.json")) as file:
        activations = json.load(file)
    kinds = set()
    checks = [(check_map, operators["maps"]), (check_nonlinearity, operators["nonlinearities"]),
              (check_activation, activations["cases"])]
    for check, cases in checks:
        for case in cases:
            kind = case.get("type") or case["activation"]
            try:
                found = check(case)
            except (ArithmeticError, ValueError) as error:
                return f"{kind} {case.get('constants', '')}: {error}"
            if found > 1e-12:
                return f"{kind} {case.get('constants', '')}: expected the oracle's numbers, found {found} apart"
            kinds.add(kind if isinstance(kind, str) else kind["type"])
    missing = (set(MAPS) | set(NONLINEARITIES)) - kinds
    if missing:
        return f"no case of {', '.join(sorted(missing))}"
    print(f"{sum(len(cases) for _, cases in checks)} cases agree")
    return None


if __name__ == "__main__":
    sys.exit(main())
