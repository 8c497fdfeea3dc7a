"""What each nonlinearity is in the fields: the second table of Proof.md."""
import itertools
import math

from .fields import NotAttempted, Symbol, bits


def bound(number, absent):
    return None if number in (absent, math.copysign(math.inf, absent)) else number


LARGEST = math.ldexp(2**53 - 1, 971)


# Nonlinearities that have no value at some arguments, besides constant powers but those of 0, 1, 2 ….
PARTIAL = set("reciprocal quotient power log sqrt tan asin acos acosh atanh".split())


def is_partial(kind, constants):
    if kind == "pow":
        return constants["exponent"] < 0 or constants["exponent"] != round(constants["exponent"])
    return kind in PARTIAL or constants.get("eps") == 0


def elementwise(fields, kind, constants):
    """The function of one element, or None where the nonlinearity is none of one port, element by element."""
    F, image, bitsof = fields, fields.image, bits
    c = constants

    def negative_part(t):
        return F.over(t - F.A(t), 2)

    def leaky(t, s):
        return F.over((1 + s) * t + (1 - s) * F.A(t), 2)

    def hard_sigmoid(t):
        return F.over(F.clamp(0.0, 6.0, t + 3), 6)

    def softplus(t):
        if math.isinf(c["threshold"]):
            return F.over(F.P(image(c["beta"]) * t), image(c["beta"]))
        return F.random("softplus", (bitsof(c["beta"]), bitsof(c["threshold"])), [t])

    def threshold(t):
        edge, value = c["threshold"], c["value"]
        if edge == value:
            return image(edge) + F.R(t - image(edge))
        return F.random("threshold", (bitsof(edge), bitsof(value)), [t])

    def selu(t):
        scale, alpha = image(1.0507009873554805), image(1.6732632423543772)
        return scale * F.softened(t, alpha, negative_part(t))

    def gelu(t):
        text = "gelu tanh" if c["approximate"] == "tanh" else "gelu erf"
        return t * F.over(1 + F.odd(text, (), t), 2)

    def softshrink(t):
        return F.R(t - image(c["lambda"])) - F.R(-t - image(c["lambda"]))

    table = {
        "identity": lambda t: t, "relu": F.R, "abs": F.A, "exp": F.X, "tanh": F.T, "sigmoid": F.S, "sqrt": F.Q,
        "log": F.L,
        "leaky_relu": lambda t: leaky(t, image(c["negative_slope"])),
        "clamp": lambda t: F.clamp(bound(c["min"], -LARGEST), bound(c["max"], LARGEST), t),
        "hard_tanh": lambda t: F.clamp(bound(c["min"], -LARGEST), bound(c["max"], LARGEST), t),
        "relu6": lambda t: F.clamp(0.0, 6.0, t),
        "hard_sigmoid": hard_sigmoid,
        "hard_swish": lambda t: t * hard_sigmoid(t),
        "softshrink": softshrink,
        "hardshrink": lambda t: F.odd("hardshrink", (bitsof(c["lambda"]),), t),
        "threshold": threshold,
        "elu": lambda t: F.softened(t, image(c["alpha"]), negative_part(t)),
        "celu": lambda t: F.softened(t, image(c["alpha"]), F.over(negative_part(t), image(c["alpha"]))),
        "selu": selu,
        "silu": lambda t: t * F.S(t),
        "mish": lambda t: t * F.T(F.P(t)),
        "tanhshrink": lambda t: t - F.T(t),
        "softsign": lambda t: F.over(t, 1 + F.A(t)),
        "log_sigmoid": lambda t: -F.P(-t),
        "softplus": softplus,
        "gelu": gelu,
        "reciprocal": lambda t: F.over(1, t),
        "pow": lambda t: F.power(
            t, c["exponent"], lambda: F.random("pow", (bitsof(c["exponent"]),), [t])),
        "ceil": lambda t: -F.random("floor", (), [-t]),
    }
    for name in ("erf", "sin", "tan", "asin", "atan", "sinh", "asinh", "atanh", "sign", "round"):
        table[name] = lambda t, name=name: F.odd(name, (), t)
    for name in ("cos", "cosh"):
        table[name] = lambda t, name=name: 1 if t % F.modulus == 0 else F.even(name, (), t)
    for name in ("acos", "acosh", "floor"):
        table[name] = lambda t, name=name: F.random(name, (), [t])
    return table.get(kind)


def pairwise(fields, kind):
    """The function of an element of each port, or None."""
    F = fields

    def prelu(t, s):
        return F.over((1 + s) * t + (1 - s) * F.A(t), 2)

    def power(p, q):
        exponents = itertools.chain(range(-64, 65), (0.5, -0.5))
        exponent = next((e for e in exponents if F.image(float(e)) == q % F.modulus), None)
        return F.power(p, exponent, lambda: F.random("power", (), [p, q]))

    return {
        "prelu": prelu, "power": power,
        "product": lambda p, q: p * q,
        "quotient": F.over,
        "maximum": lambda p, q: F.over(p + q + F.A(p - q), 2),
        "minimum": lambda p, q: F.over(p + q - F.A(p - q), 2),
        "greater": lambda p, q: F.G(p - q),
        "greater_equal": lambda p, q: 1 - F.G(q - p),
        "equal": lambda p, q: F.Z(p - q),
    }.get(kind)


def negative(F, t):
    return Symbol(-t % F.modulus) if isinstance(t, Symbol) else -t % F.modulus


def smallest(F, values):
    return negative(F, F.M([negative(F, t) for t in values]))


def choice(F, c, p, q):
    if isinstance(c, Symbol):
        raise NotAttempted("an infinite constant is a condition")
    if p == q:
        return p
    if c % F.modulus == 0:
        return q
    if c % F.modulus == 1:
        return p
    if isinstance(p, Symbol) or isinstance(q, Symbol):
        return F.random("where", (), [c, p, q])
    return q + (1 - F.Z(c)) * (p - q)


def softmax(F, line):
    if any(isinstance(t, Symbol) for t in line):
        return [F.random("softmax", (i,), line) for i in range(len(line))]
    largest = F.M(line)
    shares = [F.X(t - largest) for t in line]
    scale = F.inverse(sum(shares))
    return [share * scale for share in shares]


def logsumexp(F, line):
    if any(isinstance(t, Symbol) for t in line):
        raise NotAttempted("an infinite constant takes part in arithmetic")
    largest = F.M(line)
    return largest + F.L(sum(F.X(t - largest) for t in line))


def norm(F, line):
    if any(isinstance(t, Symbol) for t in line):
        raise NotAttempted("an infinite constant takes part in arithmetic")
    return F.Q(sum(t * t for t in line))


def normalized(F, run, epsilon, centred):
    """One run of a layer, group, instance or RMS normalisation."""
    share = F.inverse(len(run))
    mean = sum(run) * share if centred else 0
    variance = sum((t - mean) ** 2 for t in run) * share
    scale = F.inverse(F.Q(variance + F.image(epsilon)))
    return [(t - mean) * scale for t in run]
