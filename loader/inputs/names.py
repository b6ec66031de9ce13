"""What the name of a file says: whether it is an export, how it is compressed, what it holds."""

from fnmatch import fnmatchcase
from pathlib import PurePosixPath

SUFFIXES = (".csv", ".json", ".jsonl", ".ndjson")
COMPRESSIONS = (".gz", ".zst")
ARCHIVE = ".zip"
_LOADED = (*SUFFIXES, *(f"{s}{c}" for s in SUFFIXES for c in COMPRESSIONS))
_NESTED = (
    *(*COMPRESSIONS, ARCHIVE, ".tar", ".tgz", ".bz2", ".tbz", ".xz", ".txz", ".7z", ".rar"),
    *(".lz4", ".br"),
)
ENDINGS = f"{', '.join(SUFFIXES)}, these with {' or '.join(COMPRESSIONS)}, or {ARCHIVE}"


def is_plain_export(name: str) -> bool:
    """Say whether a name ends like an export that is not compressed."""
    return name.lower().endswith(SUFFIXES)


def is_hidden(name: str) -> bool:
    """Say whether a file or folder of this name is hidden or a draft, which nobody misses."""
    return name.startswith((".", "_"))


def is_loaded_from_folders(name: str) -> bool:
    """Say whether a folder's file of this name is loaded; hidden ones and drafts are not."""
    return not is_hidden(name) and name.lower().endswith((*_LOADED, ARCHIVE))


def is_archive(name: str) -> bool:
    """Say whether a name is that of an archive with members."""
    return name.lower().endswith(ARCHIVE)


def is_packed(name: str) -> bool:
    """Say whether a name is that of any archive or compressed file, of a known kind or not."""
    return name.lower().endswith(_NESTED)


def compression_of(name: str) -> str | None:
    """Return `.gz`, `.zst`, or None for a file that is read as it is."""
    return next((c for c in COMPRESSIONS if name.lower().endswith(c)), None)


def content_name(name: str) -> str:
    """Return the name of what a file holds: `usage.csv` for `usage.csv.gz`."""
    compression = compression_of(name)
    return name[: -len(compression)] if compression else name


def matches(pattern: str | None, relative: str) -> bool:
    """Say whether a path, relative to its folder, or its last part is like the pattern."""
    return (
        pattern is None
        or fnmatchcase(relative, pattern)
        or fnmatchcase(PurePosixPath(relative).name, pattern)
    )
