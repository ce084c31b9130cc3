"""A tape for people: as text, as a Mermaid or DOT diagram, as PNG or SVG.

>>> import numpy as np
>>> from fdezero import record
>>> print(text(record(lambda x: np.exp(x).sum())(np.zeros(3))))
v0 = input   float64[3]   generation 0
v1 = exp(v0)   float64[3]   generation 1
v2 = sum(v1, axis=(-1,), keepdims=False)   float64[]   generation 2
return v2
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def _names(tape: Any) -> dict[Any, str]:
    """v0, v1 ... in the order of generations, the inputs first."""
    return {node: f"v{i}" for i, node in enumerate(tape.nodes)}


def _aval(node: Any) -> str:
    """dtype and shape: ``float64[3, 4]``; of several outputs, each."""
    if isinstance(node.dtype, tuple):
        pairs = zip(node.dtype, node.shape, strict=True)
        return "(" + ", ".join(f"{dtype}{list(shape)}" for dtype, shape in pairs) + ")"
    return f"{node.dtype}{list(node.shape)}"


_QUOTE, _ESCAPED = '"', '\\"'


def _drawn(tape: Any) -> list[tuple[str, str, str, list[str]]]:
    """What a diagram shows of each value: its name, what made it, dtype and shape, and the values that it was made of."""
    if hasattr(tape, "drawn"):  # a program of `jit`
        return tape.drawn()  # type: ignore[no-any-return]  # it returns the same
    names = _names(tape)
    parents = {node: [names[p] for p in node.parents if p is not None] for node in names}
    return [(name, node.primitive.name, _aval(node), parents[node]) for node, name in names.items()]


def _parameter(value: Any) -> str:
    written = str(value).replace("\n", " ")
    return written if len(written) <= 40 else f"<{type(value).__name__}>"


def text(tape: Any) -> str:
    """The graph line by line; a constant argument is written ``_``.

    Args:
        tape: what `fdezero.record` returned.
    """
    names = _names(tape)
    lines = []
    for node, name in names.items():
        arguments = [names[p] if p is not None else "_" for p in node.parents]
        arguments += [f"{k}={_parameter(v)}" for k, v in node.params.items()]
        call = f"{node.primitive.name}({', '.join(arguments)})" if arguments else node.primitive.name
        lines.append(f"{name} = {call}   {_aval(node)}   generation {node.generation}")
    outputs = [names[node] if node is not None else "_" for node in tape.outputs]
    return "\n".join([*lines, f"return {', '.join(outputs)}"])


def mermaid(tape: Any) -> str:
    """The graph as a Mermaid flowchart, which GitHub and Jupyter draw.

    Example:
        >>> from fdezero import record
        >>> print(mermaid(record(lambda x: x * x)(2.0)))
        flowchart TD
            v0(["input<br>float64[]"])
            v1["multiply<br>float64[]"]
            v0 --> v1
            v0 --> v1
    """
    lines = ["flowchart TD"]
    for name, call, aval, parents in _drawn(tape):
        left, right = ("[", "]") if parents else ("([", "])")
        lines.append(f'    {name}{left}"{call.replace(_QUOTE, "#quot;")}<br>{aval}"{right}')
        lines += [f"    {parent} --> {name}" for parent in parents]
    return "\n".join(lines)


def dot(tape: Any) -> str:
    """The graph in Graphviz's DOT language.

    Example:
        >>> from fdezero import record
        >>> print(dot(record(lambda x: -x)(2.0)))
        digraph tape {
            node [shape=box, fontname="Helvetica"];
            v0 [label="input\\nfloat64[]", style=rounded];
            v1 [label="negative\\nfloat64[]"];
            v0 -> v1;
        }
    """
    lines = ["digraph tape {", '    node [shape=box, fontname="Helvetica"];']
    for name, call, aval, parents in _drawn(tape):
        style = "" if parents else ", style=rounded"
        lines.append(f'    {name} [label="{call.replace(_QUOTE, _ESCAPED)}\\n{aval}"{style}];')
        lines += [f"    {parent} -> {name};" for parent in parents]
    return "\n".join([*lines, "}"])


def save(tape: Any, path: str | Path) -> Path:
    """Draw the graph into a PNG or SVG file with Graphviz's ``dot`` program.

    Args:
        tape: what `fdezero.record` or a jitted function's ``program`` returned.
        path: the file; its ending says the format.

    Returns:
        The path that was written.

    Raises:
        ValueError: when the ending is neither ``.png`` nor ``.svg``.
        RuntimeError: when ``dot`` is not installed, or fails.
    """
    import shutil  # these three take longer to import than most of this package, and few draw
    import subprocess
    from pathlib import Path

    path = Path(path)
    format = path.suffix.lstrip(".").lower()  # noqa: A001  # dot's word for it
    if format not in ("png", "svg"):
        raise ValueError(f"the file must end in .png or .svg, got {path.name!r}")
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(
            "drawing needs Graphviz's `dot` program, which is not installed (apt-get install graphviz, brew install "
            "graphviz); fdezero.show.mermaid(tape) and fdezero.show.dot(tape) give the diagram as text"
        )
    command = [program, f"-T{format}", "-o", str(path)]
    done = subprocess.run(command, input=dot(tape), text=True, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(f"dot failed: {done.stderr.strip()}")
    return path
