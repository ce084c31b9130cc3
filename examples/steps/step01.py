"""Step 1: a value in a box.

In the book, ``Variable`` is a box whose content is assigned at will: ``x.data = ...``.  Here a box is
frozen.  A user never makes one: a transform passes Variables, which are Boxes, into the function where
arrays used to be, and what a Box is seen to hold is an ndarray that can be read and not written.
"""

import numpy as np

from fdezero import Box, Variable, record


def refusal(action):
    """The name of the exception that ``action`` raises, or None."""
    try:
        action()
    except (AttributeError, ValueError) as error:
        return type(error).__name__
    return None


def main() -> dict:
    seen = []

    def look(x):
        seen.append(x)
        return x

    mine = np.array([1.0, 2.0])
    record(look)(mine)
    (x,) = seen
    facts = {
        "box": x,
        "is_box": isinstance(x, Box),
        "is_variable": isinstance(x, Variable),
        "holds": type(x.value),
        "assigning": refusal(lambda: setattr(x, "value", np.zeros(2))),
        "writing": refusal(lambda: x.value.__setitem__(0, 9.0)),
        "mine_is_writable": mine.flags.writeable,
    }
    print("what the function was given:", x)
    print("what it holds:", repr(x.value), "of type", facts["holds"].__name__)
    print("x.value = ... raises   ", facts["assigning"])
    print("x.value[0] = ... raises", facts["writing"])
    return facts


if __name__ == "__main__":
    main()
