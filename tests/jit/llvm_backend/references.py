"""The functions of the LLVM backend in mpmath, and arguments that cover their ranges."""

import math

import mpmath
import numpy as np

mpmath.mp.prec = 160

M = mpmath


def ndtr(x):
    return M.erfc(-x / M.sqrt(2)) / 2


REFERENCES = {
    "exp": M.exp,
    "exp2": lambda x: M.mpf(2) ** x,
    "expm1": M.expm1,
    "log": M.log,
    "log2": lambda x: M.log(x, 2),
    "log10": M.log10,
    "log1p": M.log1p,
    "tanh": M.tanh,
    "sinh": M.sinh,
    "cosh": M.cosh,
    "sin": M.sin,
    "cos": M.cos,
    "tan": M.tan,
    "arcsin": M.asin,
    "arccos": M.acos,
    "arctan": M.atan,
    "arctan2": M.atan2,
    "arcsinh": lambda x: M.sign(x) * M.asinh(abs(x)),
    "arccosh": M.acosh,
    "arctanh": M.atanh,
    "power": M.power,
    "cbrt": lambda x: M.sign(x) * M.cbrt(abs(x)),
    "hypot": M.hypot,
    "logaddexp": lambda x, y: max(x, y) + M.log1p(M.exp(-abs(x - y))),
    "logaddexp2": lambda x, y: max(x, y) + M.log1p(M.mpf(2) ** -abs(x - y)) / M.log(2),
    "erf": M.erf,
    "erfc": M.erfc,
    "expit": lambda x: 1 / (1 + M.exp(-x)),
    "log_expit": lambda x: min(x, 0) - M.log1p(M.exp(-abs(x))),
    "ndtr": ndtr,
    "xlogy": lambda x, y: x * M.log(y),
    "xlog1py": lambda x, y: x * M.log1p(y),
    "entr": lambda x: -x * M.log(x),
    "erfcx": lambda x: M.exp(x * x) * M.erfc(x) if x < 1e20 else 1 / (x * M.sqrt(M.pi)),
    "log_ndtr": lambda x: M.log(ndtr(x)) if x < 0 else M.log1p(-ndtr(-x)),
}


class Samples:
    """Random arguments of one dtype."""

    def __init__(self, dtype, count, seed=0):
        self.random, self.count, self.info = np.random.default_rng(seed), count, np.finfo(dtype)

    def uniform(self, low, high):
        return self.random.uniform(low, high, self.count)

    def scaled(self, low, high):
        """Numbers of both signs with exponents of 10 between two bounds."""
        return self.random.choice([-1.0, 1.0], self.count) * 10.0 ** self.uniform(low, high)

    @property
    def near(self):
        return np.concatenate([self.uniform(-3, 3), self.scaled(-20, 0)])

    @property
    def wide(self):
        """Numbers of the whole range, subnormal ones too."""
        least, most = math.log10(float(self.info.smallest_subnormal)), math.log10(float(self.info.max))
        return self.scaled(least + 0.5, most - 0.01)

    @property
    def end(self):
        """Where exp leaves the range."""
        return math.log(float(self.info.max)) + 20

    def next_to(self, centre):
        return centre + self.scaled(math.log10(float(self.info.eps)), -1)

    def of(self, name):
        """The arguments of a function, as one array for each."""
        return [np.asarray(a, self.info.dtype) for a in self._of(name)]

    def _of(self, name):
        join = np.concatenate
        match name:
            case "log" | "log2" | "log10":
                return [abs(join([self.uniform(0.5, 2), self.wide, self.next_to(1)]))]
            case "log1p":
                return [np.maximum(join([self.near, abs(self.wide), -self.uniform(0, 1), -self.next_to(1)]), -0.9999)]
            case "sin" | "cos" | "tan":
                multiples = self.random.integers(1, 10**7, self.count) * (math.pi / 2)
                return [join([self.near, self.uniform(-1e4, 1e4), self.uniform(-1.1e9, 1.1e9), self.wide, multiples])]
            case "arcsin" | "arccos" | "arctanh":
                return [np.clip(join([self.uniform(-1, 1), self.near / 3, -self.next_to(1)]), -1, 1) * (1 - self.info.eps)]
            case "arccosh":
                return [1 + abs(join([self.near, self.wide]))]
            case "entr":
                return [abs(join([self.near, self.wide * 1e-4]))]
            case "arctan" | "arcsinh" | "cbrt":
                return [join([self.near, self.wide])]
            case "erf" | "erfc" | "ndtr" | "erfcx" | "log_ndtr":
                return [join([self.near, self.uniform(-10, 10), self.uniform(-40, 40)])]
            case "hypot" | "arctan2":
                return [join([self.near, self.wide]), join([self.near, self.wide])]
            case "power":
                x, base = abs(self.wide), abs(self.next_to(1))
                far = [self.uniform(-self.end, self.end) / np.log(v) for v in (x, base)]
                return [join([abs(self.near), x, base, -base]), join([self.near, *far, np.rint(far[1])])]
            case "xlogy":
                return [self.near, abs(self.near)]
            case "xlog1py":
                return [self.near, np.maximum(self.near, -0.999)]
            case "logaddexp" | "logaddexp2":
                return [join([abs(self.near), self.near * 100]), join([abs(self.near), self.near * 100])]
        return [join([self.near, self.uniform(-self.end, self.end), self.uniform(-25, 25)])]


def errors(name, arguments, results):
    """For each result that is finite, its error in units of the last place of the exact value."""
    kind = results.dtype.type
    for *given, result in zip(*arguments, results, strict=True):
        try:
            exact = REFERENCES[name](*(M.mpf(float(a)) for a in given))
        except ValueError:  # a pole
            continue
        if not isinstance(exact, M.mpf):
            continue
        with np.errstate(over="ignore", under="ignore"):
            rounded = kind(float(exact))
            if np.isinf(rounded) or np.isinf(result):
                assert result == rounded, (name, given, result, rounded)
                continue
            unit = np.finfo(kind).smallest_subnormal
            unit = max(unit, kind(2.0) ** (np.frexp(rounded)[1] - 1) * np.finfo(kind).eps) if rounded else unit
        yield float(abs(M.mpf(float(result)) - exact) / M.mpf(float(unit))), tuple(map(float, given))
