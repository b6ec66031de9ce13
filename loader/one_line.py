"""Texts of files, such as their names, fit to be shown."""


def on_one_line(text: str) -> str:
    """Return a text on one line, with nothing in it that a terminal would obey."""
    return text if text.isprintable() else repr(text)[1:-1]
