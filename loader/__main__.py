"""Runs the command line, as `loader` and as `python -m loader`."""

from loader import signals

signals.end_at_once()

from loader.cli import main  # noqa: E402  # an interrupt of the imports is no traceback

if __name__ == "__main__":
    main()
