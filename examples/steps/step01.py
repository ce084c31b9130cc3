"""Step 1: a value in a box.

In the book ``Variable`` is a box whose content is assigned: ``x.data = ...``.  Here a box is frozen: its
content is given when it is made, can be read and cannot be changed.  What "changes" a box is a function
that makes another one.  The library's `Variable` is such a box; a user never makes one, for a transform
passes it to the function in the place of the array.
"""

import attrs
import numpy as np

from fdezero import Box, Variable, grad


def read_only(x):
    view = np.asarray(x).view()  # the same memory, so nothing is copied; the caller's own array stays writable
    view.flags.writeable = False
    return view


@attrs.frozen
class MyBox:
    value: np.ndarray = attrs.field(converter=read_only)


def refusal(action):
    """The name of the exception that ``action`` raises, or None."""
    try:
        action()
    except (AttributeError, ValueError) as error:
        return type(error).__name__
    return None


def main() -> dict:
    mine = np.array([1.0, 2.0])
    box = MyBox(mine)
    doubled = attrs.evolve(box, value=2 * box.value)

    def f(x):
        about = {
            "is_box": isinstance(x, Box),
            "is_variable": isinstance(x, Variable),
            "shown": repr(x),
            "holds": type(x.value),
            "assigning": refusal(lambda: setattr(x, "value", np.zeros(2))),
            "writing": refusal(lambda: x.value.__setitem__(0, 9.0)),
        }
        return x.sum(), about  # has_aux=True passes the second result through

    _, library = grad(f, has_aux=True)(mine)
    facts = {
        "box": box,
        "doubled": doubled,
        "assigning": refusal(lambda: setattr(box, "value", np.zeros(2))),
        "writing": refusal(lambda: box.value.__setitem__(0, 9.0)),
        "mine_is_writable": mine.flags.writeable,
        "library": library,
    }
    print("a box:            ", box)
    print("another, doubled: ", doubled)
    print("box.value = ...       raises", facts["assigning"])
    print("box.value[0] = ...    raises", facts["writing"])
    print("grad(f) calls f with:", library["shown"])
    print("x.value = ...         raises", library["assigning"])
    print("x.value[0] = ...      raises", library["writing"])
    return facts


if __name__ == "__main__":
    main()
