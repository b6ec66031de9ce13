"""Tables as a person reads them: headings, and rows in columns as wide as their widest cell."""

from collections.abc import Sequence

import typer


def print_table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], *, indent: str = ""
) -> None:
    """Print the rows below their headings."""
    widths = [max(map(len, cells)) for cells in zip(headings, *rows, strict=True)]
    for row in (headings, *rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        typer.echo(f"{indent}{'  '.join(cells)}".rstrip())
