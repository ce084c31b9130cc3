"""The backends that are installed."""

import importlib.util

BACKENDS = ["numpy"] + ["llvm"] * (importlib.util.find_spec("llvmlite") is not None)
