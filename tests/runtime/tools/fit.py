#!/usr/bin/env python3
"""fit.py - the polynomials of runtime/include/cnnc/maths.h and rare.h, and their
errors.

    python3 fit.py          prints every table, lowest power first

Remez's exchange on a grid: among all polynomials of a degree, the one whose
largest weighted error is least shows that error with alternating sign in
degree + 2 points. The weight turns an error of the polynomial into a relative
error of the function's result.

Rounding coefficients to float afterwards would waste accuracy. So they are
rounded one at a time, the largest contribution first, and those still free
are fitted again around the ones already fixed. Those of rare.h are doubles,
which is much more than they need: they stay as they are.
"""
import struct

import mpmath as mp

mp.mp.dps = 40
GRID = 1500


def grid(lo, hi):
    """Chebyshev's points: dense at the ends, where the errors peak."""
    t = [mp.cos(mp.pi * (i + mp.mpf(1) / 2) / GRID) for i in range(GRID)]
    return [(lo + hi) / 2 - (hi - lo) / 2 * v for v in t]


def solve(points, rest, weight, powers):
    """Coefficients of `powers` whose error alternates over the points."""
    n = len(powers)
    a, b = mp.matrix(n + 1, n + 1), mp.matrix(n + 1, 1)
    for i, k in enumerate(points):
        x, y, w = rest[k][0], rest[k][1], weight[k]
        for j, p in enumerate(powers):
            a[i, j] = x**p
        a[i, n] = (-1) ** i / w
        b[i] = y
    return list(mp.lu_solve(a, b))[:n]


def extremes(error, count):
    """The `count` neighbouring alternating extremes with the largest errors."""
    found = []
    for k, e in enumerate(error):
        if found and (e > 0) == (error[found[-1]] > 0):
            if abs(e) > abs(error[found[-1]]):
                found[-1] = k
        else:
            found.append(k)
    while len(found) > count:
        ends = abs(error[found[0]]), abs(error[found[-1]])
        found.pop(0 if ends[0] < ends[1] else -1)
    return found


def remez(rest, weight, powers):
    """Minimax coefficients of `powers` for the points `rest` = [(x, y)]."""
    n = len(powers)
    points = [round(i * (len(rest) - 1) / n) for i in range(n + 1)]
    best = None
    for _ in range(20):
        c = solve(points, rest, weight, powers)
        error = [w * (y - sum(v * x**p for v, p in zip(c, powers)))
                 for (x, y), w in zip(rest, weight)]
        worst = max(map(abs, error))
        level = min(abs(error[k]) for k in points)
        if best is None or worst < best[0]:
            best = (worst, c)
        points = extremes(error, n + 1)
        if len(points) < n + 1 or worst < level * (1 + mp.mpf(10) ** -4):
            break
    return best


def nearest_float(value):
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def fit(function, weight, lo, hi, degree):
    """Float coefficients, lowest power first, and the largest error."""
    xs = grid(mp.mpf(lo), mp.mpf(hi))
    rest = [(x, function(x)) for x in xs]
    weights = [weight(x) for x in xs]
    fixed, free = {}, list(range(degree + 1))
    while free:
        worst, c = remez(rest, weights, free)
        fixed[free[0]] = nearest_float(c[0])
        rest = [(x, y - fixed[free[0]] * x ** free[0]) for x, y in rest]
        free.pop(0)
    worst = max(abs(w * y) for (_, y), w in zip(rest, weights))
    return [fixed[p] for p in range(degree + 1)], worst


def show(title, function, weight, lo, hi, degree):
    c, worst = fit(function, weight, lo, hi, degree)
    print(f"{title}\n    error 2^{float(mp.log(worst, 2)):.1f}")
    for p, v in enumerate(c):
        print(f"    x^{p:<2d} {v:.9g}f")


def show_wide(title, function, weight, lo, hi, degree):
    xs = grid(mp.mpf(lo), mp.mpf(hi))
    worst, c = remez([(x, function(x)) for x in xs], [weight(x) for x in xs],
                     list(range(degree + 1)))
    print(f"{title}, double\n    error 2^{float(mp.log(worst, 2)):.1f}")
    for p, v in enumerate(c):
        print(f"    x^{p:<2d} {float(v):.12g}")


def odd(function, x):
    """(f(r) / r - 1) / r^2 with r^2 = x, for an odd f that is near r"""
    r = mp.sqrt(x)
    return (function(r) / r - 1) / x


def odd_weight(function):
    return lambda x: x * mp.sqrt(x) / function(mp.sqrt(x))


def rare():
    half = mp.log(2) / 2
    show_wide("exp: (e^r - 1 - r) / r^2, |r| <= ln(2)/2",
              lambda r: (mp.expm1(r) - r) / r**2,
              lambda r: abs(r**2 / mp.expm1(r)), -half, half, 6)
    # 2 atanh(s) = 2s + s^3 P(s^2)
    show_wide("log: (2 atanh(s) - 2s) / s^3 in x = s^2, s = (m - 1) / (m + 1)",
              lambda x: 2 * odd(mp.atanh, x), lambda x: odd_weight(mp.atanh)(x)
              / 2, 0, ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2, 3)
    show_wide("sin: (sin(r) - r) / r^3 in x = r^2, |r| <= pi/4",
              lambda x: odd(mp.sin, x), odd_weight(mp.sin), 0,
              (mp.pi / 4) ** 2, 3)
    show_wide("cos: (cos(r) - 1 + r^2/2) / r^4 in x = r^2, |r| <= pi/4",
              lambda x: (mp.cos(mp.sqrt(x)) - 1 + x / 2) / x**2,
              lambda x: x**2 / mp.cos(mp.sqrt(x)), 0, (mp.pi / 4) ** 2, 3)
    show_wide("atan: (atan(t) - t) / t^3 in x = t^2, |t| <= tan(pi/8)",
              lambda x: odd(mp.atan, x), odd_weight(mp.atan), 0,
              mp.tan(mp.pi / 8) ** 2, 5)


def erfc_log(y):
    return -mp.log(mp.erfc(y))


def main():
    half = mp.log(2) / 2
    show("exp: (e^r - 1 - r) / r^2, |r| <= ln(2)/2",
         lambda r: (mp.expm1(r) - r) / r**2,
         lambda r: abs(r**2 / mp.expm1(r)), -half, half, 5)
    show("log: (log(1 + r) - r + r^2/2) / r^3, 1/sqrt(2) <= 1 + r <= sqrt(2)",
         lambda r: (mp.log1p(r) - r + r**2 / 2) / r**3,
         lambda r: abs(r**3 / mp.log1p(r)),
         mp.sqrt(0.5) - 1, mp.sqrt(2) - 1, LOG)
    show(f"tanh: (tanh(y) - y) / y^3 in x = y^2, y <= {TANH[0]}",
         lambda x: (mp.tanh(mp.sqrt(x)) / mp.sqrt(x) - 1) / x,
         lambda x: x * mp.sqrt(x) / mp.tanh(mp.sqrt(x)),
         0, mp.mpf(TANH[0]) ** 2, TANH[1])
    show(f"erf: erf(y) / y - 1 in x = y^2, y <= {ERF[0]}",
         lambda x: mp.erf(mp.sqrt(x)) / mp.sqrt(x) - 1,
         lambda x: mp.sqrt(x) / mp.erf(mp.sqrt(x)),
         0, mp.mpf(ERF[0]) ** 2, ERF[1])
    show(f"erf: -log(1 - erf(y)), {ERF[0]} <= y <= 4",
         erfc_log, lambda y: mp.erfc(y) / mp.erf(y), mp.mpf(ERF[0]), 4, ERF[2])
    rare()


LOG = 7
TANH = (0.75, 5)
ERF = (1.0, 6, 6)

if __name__ == "__main__":
    main()
