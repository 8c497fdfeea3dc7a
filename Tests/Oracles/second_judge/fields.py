"""The finite fields of a certificate and their random functions, as Proof.md defines them.

An element is a triple (v0, v1, v2), vr modulo the prime pr. It is kept as the one number modulo p0 p1 p2 that has these
remainders (Chinese remainder theorem), so that a sum, a product or a quotient is one operation.
"""
import hashlib
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
