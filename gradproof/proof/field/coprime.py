"""Integers written as products of pairwise coprime ones, without factoring them."""

from __future__ import annotations

import math
from collections.abc import Iterable

_SMALL_PRIMES = [n for n in range(2, 1000) if all(n % d for d in range(2, math.isqrt(n) + 1))]


def coprime_base(numbers: Iterable[int]) -> tuple[int, ...]:
    """Pairwise coprime integers above 1, none a square, of which all `numbers` are products (Bach et al. 1993)."""
    base: list[int] = []
    waiting = [n for n in numbers if n > 1]
    while waiting:
        n = waiting.pop()
        while (root := math.isqrt(n)) ** 2 == n and n > 1:
            n = root
        if n == 1 or n in base:
            continue
        for other in base:
            common = math.gcd(n, other)
            if common > 1:
                base.remove(other)
                waiting += [common, n // common, other // common]
                break
        else:
            base.append(n)
    return tuple(sorted(base))


def without(n: int, divisors: Iterable[int]) -> int:
    """`n` with every power of the `divisors` divided out."""
    for d in divisors:
        while n % d == 0:
            n //= d
    return n


def factors(n: int) -> list[tuple[int, int]]:
    """(prime, exponent) of the small primes of a positive integer, and what remains as one factor."""
    found = []
    for prime in _SMALL_PRIMES:
        exponent = 0
        while n % prime == 0:
            n //= prime
            exponent += 1
        if exponent:
            found.append((prime, exponent))
    return [*found, (n, 1)] if n > 1 else found
