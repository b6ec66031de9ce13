"""What every benchmark can be asked for: how much is measured, and whether it is written down."""

import argparse


def options_parser(
    document: str | None, *, rows: tuple[int, str], runs: tuple[int, str]
) -> argparse.ArgumentParser:
    """Return a parser of `--rows`, `--runs` and `--write`; for the first two, default and help."""
    parser = argparse.ArgumentParser(description=(document or "").partition("\n")[0])
    parser.add_argument("--rows", type=int, default=rows[0], help=rows[1])
    parser.add_argument("--runs", type=int, default=runs[0], help=runs[1])
    parser.add_argument("--write", action="store_true", help="put what is printed into the page")
    return parser
