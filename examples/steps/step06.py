"""Step 6: backpropagation by hand.

In the book each Function gets a method ``backward``, which reads the input that ``forward`` left in the
object, and the user calls ``C.backward``, ``B.backward`` and ``A.backward`` one after another.  Here a
function returns its result together with its *pullback*: a function from the cotangent of the result
(the book's ``gy``) to that of the argument (``gx``).  The input is remembered by the closure.  Two such
functions compose to one, which is the chain rule; the library's `vjp` makes one of any function.
"""

import numpy as np

from fdezero import grad, vjp


def square(x):
    return x * x, lambda g: g * 2 * x


def exp(x):
    y = np.exp(x)
    return y, lambda g: g * y


def then(first, second):
    """First one, then the other; the pullbacks in the opposite order."""

    def both(x):
        y, pull_first = first(x)
        z, pull_second = second(y)
        return z, lambda g: pull_first(pull_second(g))

    return both


def f(x):
    return np.square(np.exp(np.square(x)))


def main() -> dict:
    x = 0.5
    a, pull_a = square(x)
    b, pull_b = exp(a)
    y, pull_y = square(b)

    gy = 1.0
    gb = pull_y(gy)
    ga = pull_b(gb)
    gx = pull_a(ga)

    chained, pull = then(then(square, exp), square)(x)
    library_y, library_pull = vjp(f, x)
    facts = {"y": y, "gb": gb, "ga": ga, "gx": gx}
    facts |= {"then": (chained, pull(1.0)), "vjp": (library_y, library_pull(1.0)[0]), "grad": grad(f)(x)}
    print(f"forward:  x = {x}, a = {a:.5f}, b = {b:.5f}, y = {y:.5f}")
    print(f"backward: gy = {gy}, gb = {gb:.5f}, ga = {ga:.5f}, gx = {gx:.5f}")
    print("the three composed by `then`:", *facts["then"])
    print("vjp(f, x):                   ", *facts["vjp"])
    print("grad(f)(x):                  ", facts["grad"])
    return facts


if __name__ == "__main__":
    main()
