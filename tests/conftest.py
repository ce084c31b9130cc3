"""What is left out where SciPy, which is optional, is not installed."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("scipy") else ["scipy/*", "rules/scipy/*", "clients/*"]
