#!/usr/bin/env python3
"""Writes activations.json: reference values and derivatives of every activation of the network format.

Each activation is defined below a second time, apart from the product, with mpmath at 800 digits; the numbers are then rounded
once, correctly, to the nearest float64 (subnormals included). PyTorch is asked for the same value and derivative in float64, and

  * at every kink (a point where the derivative jumps) its autograd decides which one-sided derivative is the convention:
    the script stops unless the definition below gives that one, for a single element and for a vector (PyTorch has two code paths);
  * everywhere else it must agree to TOLERANCE, except for the places listed in TORCH_INACCURATE.

The sign of a zero carries no information: every zero is written as 0.0.

Ran with Python 3.11.7, torch 2.15.0, mpmath 1.3.0.
Run: python3 activations.py        (writes activations.json beside itself; deterministic, no random numbers)
"""

import json
import math
import pathlib
import platform
from fractions import Fraction

import mpmath
import torch
import torch.nn.functional as F
from mpmath import mp, mpf

mp.dps = 800  # 1 - tanh(710)^2 cancels some 620 digits; anything beyond is far below the smallest subnormal
torch.set_num_threads(1)

# PyTorch against the definition: |difference| <= TOLERANCE * max(1, |reference|). It is an absolute bound below 1 on purpose:
# PyTorch loses all relative accuracy in tails (its sigmoid'(40) is 0, the truth is 4.2e-18), and so may any good float64 code.
# Most activations stay below 2^-51; silu' is the worst, 2^-49, for PyTorch forms x * (1 - sigmoid(x)), which cancels.
TOLERANCE = 2.0**-48

# Where PyTorch itself is wrong by more than that (version above), and so does not take part in the comparison:
TORCH_INACCURATE = {
    "hard_sigmoid derivative": "PyTorch multiplies by the float32 number 1/6, in float64 too: 0.1666666716337204",
    "gelu tanh derivative at |x| >= 1e300": "PyTorch computes 0 * infinity: NaN",
}


# --- the activations, in mpmath ---------------------------------------------------------------------------------------------

def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def softplus(x):
    return mp.log1p(mp.exp(x))


def elu(x, alpha, scale=mpf(1), input_scale=mpf(1)):
    return scale * x if x > 0 else scale * alpha * mp.expm1(input_scale * x)


def elu_derivative(x, alpha, scale=mpf(1), input_scale=mpf(1)):
    return scale if x > 0 else scale * alpha * input_scale * mp.exp(input_scale * x)


SELU_ALPHA = mpf("1.6732632423543772848170429916717")
SELU_SCALE = mpf("1.0507009873554804934193349852946")


def gelu(x):
    return x * (1 + mp.erf(x / mp.sqrt(2))) / 2


def gelu_derivative(x):
    return (1 + mp.erf(x / mp.sqrt(2))) / 2 + x * mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def gelu_tanh(x):
    return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3)))


def gelu_tanh_derivative(x):
    t = mp.tanh(mp.sqrt(2 / mp.pi) * (x + mpf("0.044715") * x**3))
    return (1 + t) / 2 + x / 2 * (1 - t * t) * mp.sqrt(2 / mp.pi) * (1 + 3 * mpf("0.044715") * x**2)


def mish_derivative(x):
    t = mp.tanh(softplus(x))
    return t + x * sigmoid(x) * (1 - t * t)


def clamp(x, low, high):
    return min(max(x, low), high)


class Case:
    """One activation with its constants: how a file spells it, its definition, PyTorch's function, and its kinks."""

    def __init__(self, activation, value, derivative, reference, kinks=(), note="Smooth: no kink."):
        self.activation, self.value, self.derivative = activation, value, derivative
        self.reference, self.kinks, self.note = reference, tuple(kinks), note

    @property
    def label(self):
        return self.activation if isinstance(self.activation, str) else " ".join(str(v) for v in self.activation.values())


def named(kind, **constants):
    return {"type": kind, **constants}


def cases():
    yield Case("identity", lambda x: x, lambda x: mpf(1), lambda x: x * 1.0)
    yield Case("relu", lambda x: max(x, mpf(0)), lambda x: mpf(x > 0), F.relu, [0.0], "Kink at 0: derivative 0.")

    for spec, slope in (("leaky_relu", 0.01), (named("leaky_relu", negative_slope=0.25), 0.25)):
        yield Case(spec, lambda x, s=mpf(slope): x if x > 0 else s * x, lambda x, s=mpf(slope): mpf(1) if x > 0 else s,
                   lambda x, s=slope: F.leaky_relu(x, s), [0.0], "Kink at 0: derivative negative_slope.")

    for spec, alpha in (("elu", 1.0), (named("elu", alpha=0.5), 0.5)):
        yield Case(spec, lambda x, a=mpf(alpha): elu(x, a), lambda x, a=mpf(alpha): elu_derivative(x, a),
                   lambda x, a=alpha: F.elu(x, a), [0.0], "Derivative alpha at 0 (a kink unless alpha is 1).")

    for spec, alpha in (("celu", 1.0), (named("celu", alpha=0.5), 0.5)):
        yield Case(spec, lambda x, a=mpf(alpha): elu(x, a, input_scale=1 / a),
                   lambda x, a=mpf(alpha): elu_derivative(x, a, input_scale=1 / a),
                   lambda x, a=alpha: F.celu(x, a), [0.0], "No kink: the derivative at 0 is 1 from both sides, whatever alpha.")

    yield Case("selu", lambda x: elu(x, SELU_ALPHA, SELU_SCALE), lambda x: elu_derivative(x, SELU_ALPHA, SELU_SCALE), F.selu,
               [0.0], "Kink at 0: derivative scale * alpha = 1.7580993408473766, the negative side's.")

    yield Case("gelu", gelu, gelu_derivative, F.gelu)
    yield Case(named("gelu", approximate="tanh"), gelu_tanh, gelu_tanh_derivative, lambda x: F.gelu(x, approximate="tanh"))
    yield Case("silu", lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x)), F.silu)
    yield Case("mish", lambda x: x * mp.tanh(softplus(x)), mish_derivative, F.mish)
    yield Case("sigmoid", sigmoid, lambda x: sigmoid(x) * sigmoid(-x), torch.sigmoid)
    yield Case("log_sigmoid", lambda x: -softplus(-x), lambda x: sigmoid(-x), F.logsigmoid, [0.0],
               "Smooth: no kink. (PyTorch switches formulas at 0; derivative 0.5 there.)")

    yield Case("hard_sigmoid", lambda x: clamp(x + 3, mpf(0), mpf(6)) / 6, lambda x: mpf(-3 < x < 3) / 6, F.hardsigmoid,
               [-3.0, 3.0], "Kinks at -3 and 3: derivative 0 at both. Inside it is 1/6; PyTorch returns the float32 number 1/6.")
    yield Case("hard_swish", lambda x: x * clamp(x + 3, mpf(0), mpf(6)) / 6,
               lambda x: mpf(0) if x <= -3 else mpf(1) if x >= 3 else x / 3 + mpf(1) / 2, F.hardswish, [-3.0, 3.0],
               "Kinks at -3 and 3: derivative 0 at -3, 1 at 3 (the outer sides').")

    for spec, low, high in (("hard_tanh", -1.0, 1.0), (named("hard_tanh", min=-0.5, max=2.0), -0.5, 2.0)):
        yield Case(spec, lambda x, l=mpf(low), h=mpf(high): clamp(x, l, h), lambda x, l=mpf(low), h=mpf(high): mpf(l < x < h),
                   lambda x, l=low, h=high: F.hardtanh(x, l, h), [low, high], "Kinks at min and max: derivative 0 at both.")
    yield Case("relu6", lambda x: clamp(x, mpf(0), mpf(6)), lambda x: mpf(0 < x < 6), F.relu6, [0.0, 6.0],
               "Kinks at 0 and 6: derivative 0 at both.")

    for spec, beta, threshold in (("softplus", 1.0, 20.0), (named("softplus", beta=2.0, threshold=3.0), 2.0, 3.0)):
        yield Case(spec, lambda x, b=mpf(beta), t=mpf(threshold): x if b * x > t else softplus(b * x) / b,
                   lambda x, b=mpf(beta), t=mpf(threshold): mpf(1) if b * x > t else sigmoid(b * x),
                   lambda x, b=beta, t=threshold: F.softplus(x, b, t), [threshold / beta],
                   "Above beta * x > threshold the value is x and the derivative 1, by definition, not by rounding: the function jumps "
                   "there. At beta * x == threshold it is still the smooth formula: derivative sigmoid(threshold).")

    yield Case("softsign", lambda x: x / (1 + abs(x)), lambda x: 1 / (1 + abs(x)) ** 2, F.softsign, [0.0],
               "No kink: the derivative at 0 is 1 from both sides.")
    yield Case("tanh", mp.tanh, lambda x: 1 - mp.tanh(x) ** 2, torch.tanh)
    yield Case("tanhshrink", lambda x: x - mp.tanh(x), lambda x: mp.tanh(x) ** 2, F.tanhshrink)

    for spec, size in (("softshrink", 0.5), (named("softshrink", **{"lambda": 0.25}), 0.25)):
        yield Case(spec, lambda x, s=mpf(size): x - s if x > s else x + s if x < -s else mpf(0),
                   lambda x, s=mpf(size): mpf(abs(x) > s), lambda x, s=size: F.softshrink(x, s), [-size, size],
                   "Kinks at -lambda and lambda: derivative 0 at both.")
    for spec, size in (("hardshrink", 0.5), (named("hardshrink", **{"lambda": 0.25}), 0.25)):
        yield Case(spec, lambda x, s=mpf(size): x if abs(x) > s else mpf(0), lambda x, s=mpf(size): mpf(abs(x) > s),
                   lambda x, s=size: F.hardshrink(x, s), [-size, size],
                   "Jumps at -lambda and lambda: value 0 and derivative 0 at both.")
    for limit, value in ((0.5, 0.0), (1.0, -2.0)):  # torch.nn.Threshold has no defaults
        yield Case(named("threshold", threshold=limit, value=value), lambda x, t=mpf(limit), v=mpf(value): x if x > t else v,
                   lambda x, t=mpf(limit): mpf(x > t), lambda x, t=limit, v=value: F.threshold(x, t, v), [limit],
                   "At x == threshold the value is `value` and the derivative 0. PyTorch has no defaults for its constants.")


# --- points, rounding, PyTorch ------------------------------------------------------------------------------------------------

MAGNITUDES = [1e-300, 1e-8, 1e-3, 0.1, 0.5, 1.0, 1.7, 3.0, 6.0, 12.5, 20.0, 40.0, 100.0, 710.0, 1e4, 1e300]


def points(case):
    """-0.0 and 0.0, the magnitudes with both signs, and every kink with its two neighbours."""
    found = {0.0, *MAGNITUDES, *(-m for m in MAGNITUDES)}
    for kink in case.kinks:
        if kink != 0:
            found |= {math.nextafter(kink, -math.inf), kink, math.nextafter(kink, math.inf)}
    ordered = sorted(found)
    ordered.insert(ordered.index(0.0), -0.0)
    return ordered


def nearest_double(x):
    """The float64 nearest to an mpmath number, rounded once (mpmath's own conversion rounds subnormals twice)."""
    sign, mantissa, exponent, bits = mpf(x)._mpf_
    if not mantissa or exponent + bits < -1080:
        return 0.0
    magnitude = Fraction(int(mantissa)) * Fraction(2) ** exponent
    rounded = magnitude.numerator / magnitude.denominator  # Python rounds the quotient of integers correctly
    return (-rounded if sign else rounded) if rounded else 0.0


def torch_at(case, point, count):
    """PyTorch's value and derivative at one point, from a tensor of `count` equal elements (1: scalar path, 64: vector path)."""
    x = torch.full((count,), point, dtype=torch.float64, requires_grad=True)
    y = case.reference(x)
    y.sum().backward()
    return y[0].item(), x.grad[0].item()


def exempt(case, point, what):
    return what == "derivative" and (case.label == "hard_sigmoid" and abs(point) < 3
                                     or case.label == "gelu tanh" and abs(point) >= 1e300)


def table(case):
    """The rows of one case, after PyTorch has had its say; and PyTorch's largest scaled error."""
    rows, worst = [], 0.0
    for point in points(case):
        exact = {"value": case.value(mpf(point)), "derivative": case.derivative(mpf(point))}
        row = {what: nearest_double(number) for what, number in exact.items()}
        for count in (1, 64):
            for what, seen in zip(("value", "derivative"), torch_at(case, point, count)):
                if exempt(case, point, what):
                    continue
                error = abs(seen - row[what]) / max(1.0, abs(row[what]))
                assert error <= TOLERANCE, (case.label, point, what, seen, row[what])
                worst = max(worst, error)
        rows.append([point, row["value"], row["derivative"]])
    return rows, worst


def main():
    found, worst = [], 0.0
    for case in cases():
        rows, error = table(case)
        worst = max(worst, error)
        found.append((case, rows))
        print(f"{case.label:32} {len(rows)} points, PyTorch's largest error {error:.1e}")

    source = (f"activations.py: mpmath {mpmath.__version__} at {mp.dps} digits, rounded once to float64; derivatives at kinks as autograd of "
              f"PyTorch {torch.__version__.split('+')[0]} gives them in float64 (Python {platform.python_version()}). PyTorch agrees to "
              f"2^-48 * max(1, |x|) everywhere but: " + "; ".join(f"{k} ({v})" for k, v in TORCH_INACCURATE.items())
              + ". The sign of a zero carries no information.")
    lines = ['{', f' "source": {json.dumps(source)},', ' "columns": ["point", "value", "derivative"],', ' "cases": [']
    for i, (case, rows) in enumerate(found):
        lines.append(f'  {{"activation": {json.dumps(case.activation)}, "note": {json.dumps(case.note)}, "points": [')
        lines += [f'   {json.dumps(row)}{"," if j + 1 < len(rows) else ""}' for j, row in enumerate(rows)]
        lines.append('  ]}' + (',' if i + 1 < len(found) else ''))
    lines += [' ]', '}']
    path = pathlib.Path(__file__).resolve().with_name("activations.json")
    path.write_text("\n".join(lines) + "\n")
    json.loads(path.read_text())
    print(f"{path.name}: {len(found)} cases, {sum(len(rows) for _, rows in found)} points; PyTorch's largest error {worst:.1e}")


if __name__ == "__main__":
    main()
