"""``python -m fdezero.coverage`` prints the table in fdezero/rules/README.md."""

from . import as_markdown

if __name__ == "__main__":
    print(as_markdown(), end="")
