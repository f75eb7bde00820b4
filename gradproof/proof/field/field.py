"""Arithmetic modulo a large random prime, with the non-zero squares in the part of the positive numbers.

The prime is drawn, not fixed: modulo a fixed Mersenne prime 2^521 - 1 the float constant 2.0**521 would equal 1.
It is 3 modulo 4, so that -1 is not a square and just one of two opposite roots is a square; the squares form a
group of odd order m, in which every element has just one root of each order prime to m.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

import gmpy2

BITS = 521
CHARACTER_ORDER = 65537  # divides p - 1: discrete logarithms of this order find products among values
_BABY_STEPS = 4096  # many, so that a logarithm takes few giant steps: the table is made once, of every field
RATIONAL_BITS = 128  # of a numerator and a denominator, enough for ratios of products of float constants
RATIONAL_BOUND = 1 << RATIONAL_BITS
_ROUNDS = 12
# Damgard, Landrock and Pomerance (1993), theorem 2: a random odd 521-bit number that passes 12 rounds is
# composite with probability below 2^-130; the residue classes asked for cost at most a factor 2^24.
PRIME_ERROR = 2.0**-106
_SMALL_PRIMES = math.prod(n for n in range(11, 2000) if all(n % d for d in range(2, math.isqrt(n) + 1)))
LOG2_PRIMES = 480  # the primes that can be drawn number more than 2^480, by the prime number theorem


class Field:
    """The integers modulo the prime `p`; values are integers in [0, p) unless said otherwise.

    The prime is an integer of GMP's, and so is all that is reduced by it: that makes arithmetic a few times faster.
    """

    def __init__(self, p: int, squares: tuple[int, ...] = ()) -> None:
        self.p: int = gmpy2.mpz(p)
        self.squares = squares
        self.order_of_squares = (self.p - 1) // 2
        self._root_exponent = (self.p + 1) // 4
        self._baby_steps: dict[int, int] | None = None
        self._giant_step = 0
        self._characters: dict[int, int | None] = {}

    def rational(self, value: Fraction) -> int:
        """The residue of an exact rational. Raises ZeroDivisionError where p divides the denominator."""
        if value.denominator == 1:
            return value.numerator % self.p
        if value.denominator % self.p == 0:
            raise ZeroDivisionError("the prime divides a denominator")
        return value.numerator * pow(value.denominator, -1, self.p) % self.p

    def inverses(self, values: Sequence[int]) -> list[int]:
        """Reciprocals, by one inversion (Montgomery's trick). Raises ZeroDivisionError where one is zero."""
        p, prefix, product = self.p, [], 1
        for value in values:
            prefix.append(product)
            product = product * value % p
        if product == 0:
            raise ZeroDivisionError("a reciprocal of zero")
        inverse, out = pow(product, -1, p), [0] * len(values)
        for i in range(len(values) - 1, -1, -1):
            out[i] = inverse * prefix[i] % p
            inverse = inverse * values[i] % p
        return out

    def square_root(self, value: int) -> int | None:
        """The root that is a square itself; None where `value` is no non-zero square."""
        value %= self.p
        root = pow(value, self._root_exponent, self.p)
        return root if value and root * root % self.p == value else None

    def power(self, value: int, exponent: Fraction) -> int | None:
        """A rational power; for a fractional one, the root that is a square, or None where there is none."""
        if exponent.denominator == 1:
            return pow(value, exponent.numerator, self.p) if value or exponent > 0 else None
        if not self.has_roots(exponent.denominator) or self.square_root(value) is None:
            return None
        m = self.order_of_squares
        return pow(value, exponent.numerator * pow(exponent.denominator, -1, m) % m, self.p)

    def has_roots(self, order: int) -> bool:
        """Whether every square has just one root of this order that is a square."""
        return math.gcd(order, self.order_of_squares) == 1

    def small_rational(self, residue: int) -> Fraction | None:
        """The fraction of small terms that a residue stands for, or None (rational reconstruction)."""
        return reconstruct(residue, self.p, RATIONAL_BOUND)

    def character(self, value: int) -> int | None:
        """A homomorphism from the non-zero residues to the integers modulo CHARACTER_ORDER; None for zero."""
        if value not in self._characters:
            self._characters[value] = self._character(value)
        return self._characters[value]

    def knows(self, value: int) -> bool:
        """Whether the character of a value has been computed before."""
        return value in self._characters

    def _character(self, value: int) -> int | None:
        if self._baby_steps is None:
            self._prepare_character()
        assert self._baby_steps is not None
        p = self.p
        current = pow(value, (p - 1) // CHARACTER_ORDER, p)
        giant = self._giant_step
        for i in range(CHARACTER_ORDER // _BABY_STEPS + 1):
            found = self._baby_steps.get(current)
            if found is not None:
                return (i * _BABY_STEPS + found) % CHARACTER_ORDER
            current = current * giant % p
        return None

    def _prepare_character(self) -> None:
        p, base = self.p, 2
        while (g := pow(base, (p - 1) // CHARACTER_ORDER, p)) == 1:
            base += 1
        steps, value = dict[int, int](), 1
        for i in range(_BABY_STEPS):
            steps[value] = i
            value = value * g % p
        self._baby_steps = steps
        self._giant_step = pow(g, -_BABY_STEPS, p)


def reconstruct(residue: int, modulus: int, bound: int) -> Fraction | None:
    """n/d with |n|, d < bound and n = d residue (mod modulus), or None (Wang 1981)."""
    r0, r1, t0, t1 = modulus, residue % modulus, 0, 1
    while r1 >= bound:
        q = r0 // r1
        r0, r1, t0, t1 = r1, r0 - q * r1, t1, t0 - q * t1
    if t1 == 0 or abs(t1) >= bound or math.gcd(r1, t1) != 1:
        return None
    return Fraction(int(r1), int(t1))


@lru_cache(maxsize=64)
def draw_field(seed: int, squares: tuple[int, ...] = ()) -> Field:
    """A field of a random 521-bit prime in which every number of `squares` is a square.

    2, 3, 5 and 7 always are. Each further number halves the number of primes that fit.
    """
    rng = random.Random(seed)
    while True:
        p = _draw_prime(rng)
        if all(pow(n, (p - 1) // 2, p) == 1 for n in squares):
            return Field(p, squares)


def _draw_prime(rng: random.Random) -> int:
    step = 2 * CHARACTER_ORDER
    while True:
        p: int = gmpy2.mpz(1 + step * (rng.getrandbits(BITS) // step))
        fits = p.bit_length() == BITS and p % 8 == 7 and p % 3 == 2 and p % 5 == 4 and p % 7 in (3, 5, 6)
        if fits and math.gcd(p, _SMALL_PRIMES) == 1 and _probably_prime(p, rng):
            return p


def _probably_prime(n: int, rng: random.Random) -> bool:
    """Miller-Rabin for n = 3 modulo 4, where each round is one power."""
    half = (n - 1) // 2
    return all(pow(rng.randrange(2, int(n) - 1), half, n) in (1, n - 1) for _ in range(_ROUNDS))
