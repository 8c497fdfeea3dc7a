"""The finite fields of a certificate, and nonlinearities in them: what Proof.md defines, in Python's standard library.

An element is a triple (v0, v1, v2), vr modulo the prime pr. It is kept as the one number modulo p0 p1 p2 that has these
remainders (Chinese remainder theorem), so that a sum, a product or a quotient is one operation.
"""
import hashlib
import itertools
import math
import struct


class ZeroDenominator(Exception):
    """A denominator is zero in one of the fields: the challenge has to be drawn again."""


class NotAttempted(Exception):
    """Something that has no value in a field: NaN, or an infinite constant in arithmetic."""


class Symbol(int):
    """An infinite constant: an argument of random functions, never a summand or a factor."""


def u64(number):
    return (number % 2**64).to_bytes(8, "little")


def bits(number):
    """The bits of a double as an integer."""
    return int.from_bytes(struct.pack("<d", number), "little")


def is_prime(n):
    """Miller and Rabin's test; with these bases it is exact below 3 * 10**24."""
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for base in (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41):
        power = pow(base, odd, n)
        if power in (1, n - 1):
            continue
        for _ in range(twos - 1):
            power = power * power % n
            if power == n - 1:
                break
        else:
            return False
    return True


class Fields:
    """The three fields and the random functions of one challenge."""

    def __init__(self, seed):
        """`seed`: the challenge seed, 32 bytes."""
        self.primes = []
        for position in range(3):
            drawn = hashlib.blake2b(b"prime" + u64(position), key=seed, digest_size=32).digest()
            candidate = int.from_bytes(drawn[:8], "little") % 2**60 | 2**60 | 1
            while not is_prime(candidate) or candidate in self.primes:
                candidate += 2
            self.primes.append(candidate)
        self.key = hashlib.blake2b(b"key", key=seed, digest_size=32).digest()
        self.modulus = math.prod(self.primes)
        others = [self.modulus // prime for prime in self.primes]
        self.units = [other * pow(other, -1, prime) for other, prime in zip(others, self.primes)]
        self.prefixes, self.powers = {}, {}
        self.applications = 0

    def parts(self, t):
        return tuple(t % prime for prime in self.primes)

    def element(self, parts):
        return sum(part * unit for part, unit in zip(parts, self.units)) % self.modulus

    def random(self, text, integers=(), elements=()):
        """F(text; integers; elements)."""
        if text not in self.prefixes:
            start = hashlib.blake2b(key=self.key, digest_size=48)
            start.update(hashlib.blake2b(text.encode(), digest_size=16).digest())
            self.prefixes[text] = start
        state = self.prefixes[text].copy()
        state.update(b"".join(u64(number) for number in integers))
        state.update(b"".join(u64(part) for t in elements for part in self.parts(t)))
        digest = state.digest()
        self.applications += 1
        return self.element([int.from_bytes(digest[16 * r:16 * r + 16], "little") for r in range(3)])

    def is_canonical(self, t):
        """Whether t rather than -t is what an even function hashes."""
        for part, prime in zip(self.parts(t), self.primes):
            if part != (opposite := -part % prime):
                return part < opposite
        return True

    def even(self, text, integers, t):
        return self.random(text, integers, [t if self.is_canonical(t) else -t])

    def odd(self, text, integers, t):
        if t % self.modulus == 0:
            return 0
        if self.is_canonical(t):
            return self.random(text, integers, [t])
        return -self.random(text, integers, [-t]) % self.modulus

    def image(self, number):
        """The element of a double."""
        if math.isnan(number):
            raise NotAttempted("NaN has no image in a field")
        if math.isinf(number):
            t = self.random("infinity")
            return Symbol(t if number > 0 else -t % self.modulus)
        numerator, denominator = number.as_integer_ratio()
        if denominator == 1:
            return numerator % self.modulus
        if denominator not in self.powers:
            self.powers[denominator] = pow(denominator, -1, self.modulus)
        return numerator * self.powers[denominator] % self.modulus

    def inverse(self, t):
        if any(part == 0 for part in self.parts(t)):
            raise ZeroDenominator()
        return pow(t, -1, self.modulus)

    def over(self, t, u):
        return t * self.inverse(u) % self.modulus

    # The functions of one letter of Proof.md's first table.

    def A(self, t):
        return 0 if t % self.modulus == 0 else self.even("abs", (), t)

    def R(self, t):
        return self.over(t + self.A(t), 2)

    def X(self, t):
        return 1 if t % self.modulus == 0 else self.random("exp", (), [t])

    def T(self, t):
        return self.odd("tanh", (), t)

    def S(self, t):
        return self.over(1 + self.T(self.over(t, 2)), 2)

    def P(self, t):
        return self.random("softplus", (), [t])

    def Q(self, t):
        t %= self.modulus
        return t if t in (0, 1) else self.random("sqrt", (), [t])

    def L(self, t):
        return 0 if t % self.modulus == 1 else self.random("log", (), [t])

    def G(self, t):
        return 0 if t % self.modulus == 0 else self.random("positive", (), [t])

    def Z(self, t):
        return 1 if t % self.modulus == 0 else self.even("zero", (), t)

    def M(self, values):
        distinct = sorted(set(values), key=self.parts)
        if len(distinct) == 1:
            return distinct[0]
        if any(isinstance(t, Symbol) for t in distinct):
            return self.random("max", (), distinct)
        if len(distinct) == 2:
            a, b = distinct
            return self.over(a + b + self.A(a - b), 2)
        centre = self.over(sum(distinct), len(distinct))
        centred = sorted(((t - centre) % self.modulus for t in distinct), key=self.parts)
        return (centre + self.random("max", (), centred)) % self.modulus

    def clamp(self, low, high, t):
        """`low` and `high`: doubles, None for no bound."""
        if low is None and high is None:
            return t
        if high is None:
            return self.image(low) + self.R(t - self.image(low))
        if low is None:
            return self.image(high) - self.R(self.image(high) - t)
        if high <= low:
            return self.image(high)
        a, width = self.image(low), self.image(high) - self.image(low)
        v = self.over(t - a, width) - self.over(1, 2)
        return a + width * (self.over(1, 2) + self.odd("clamp", (), v))

    def integer_power(self, t, exponent):
        if exponent < 0:
            return self.over(1, pow(t, -exponent, self.modulus))
        return pow(t, exponent, self.modulus)

    def power(self, t, exponent, otherwise):
        """A constant power: `exponent` is an integer from -64 to 64, 1/2, -1/2, or anything else."""
        if exponent in (0.5, -0.5):
            return self.Q(t) if exponent > 0 else self.over(1, self.Q(t))
        if exponent is not None and exponent == int(exponent) and abs(exponent) <= 64:
            return self.integer_power(t, int(exponent))
        return otherwise()

    def softened(self, t, alpha, n):
        """R(t) + alpha (X(n) - 1)."""
        return self.R(t) + alpha * (self.X(n) - 1)


def bound(number, absent):
    return None if number in (absent, math.copysign(math.inf, absent)) else number


LARGEST = math.ldexp(2**53 - 1, 971)


# Nonlinearities that have no value at some arguments; of the constant powers all but those with an exponent of 0, 1, 2 ….
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


def normalized(F, run, epsilon, centred):
    """One run of a layer, group, instance or RMS normalisation."""
    share = F.inverse(len(run))
    mean = sum(run) * share if centred else 0
    variance = sum((t - mean) ** 2 for t in run) * share
    scale = F.inverse(F.Q(variance + F.image(epsilon)))
    return [(t - mean) * scale for t in run]
