"""Objects in the buckets of S3 and Google Cloud Storage, through fsspec and the SDKs' settings."""

import importlib
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from glob import has_magic
from typing import IO, Protocol, cast

from loader.errors import UsageError
from loader.inputs import names
from loader.inputs.bucket_errors import explained
from loader.inputs.origins import changed

SCHEMES = ("s3", "gs")
_PROJECT = "usage-costs"
_EXTRAS = {"s3": ("s3fs", "s3"), "gs": ("gcsfs", "gcs")}
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]*")
_BLOCK_BYTES = 8 << 20
_CONNECT_SECONDS = 10

Info = Mapping[str, object]


class FileSystem(Protocol):
    """What is used of fsspec's file systems; paths are `bucket/key`."""

    def info(self, path: str) -> Info:
        """Describe an object or prefix."""
        ...

    def find(self, path: str, *, detail: bool) -> dict[str, Info]:
        """Describe every object below a prefix."""
        ...

    def glob(self, path: str, *, detail: bool) -> dict[str, Info]:
        """Describe every object and prefix that is like a glob."""
        ...

    def open(self, path: str, mode: str, *, block_size: int, cache_type: str) -> IO[bytes]:
        """Open an object."""
        ...


@dataclass(frozen=True)
class BucketObject:
    """An object as it was listed; `etag` is S3's ETag, or generation and checksum of GCS."""

    file_system: FileSystem = field(repr=False)
    scheme: str
    path: str
    size: int | None
    etag: str | None

    @property
    def place(self) -> str:
        """The object as messages call it."""
        return f"{self.scheme}://{self.path}"

    @property
    def name(self) -> str:
        """The last part of its key."""
        return self.path.rpartition("/")[2]

    @property
    def uri(self) -> str:
        """Where it lies."""
        return self.place

    def open(self) -> "OpenObject":
        """Open the object; raise `DataRefusedError` when it fails or is not the one listed."""
        with explained(self.place):
            stream = self.file_system.open(
                self.path, "rb", block_size=_BLOCK_BYTES, cache_type="readahead"
            )
        return OpenObject(self, stream)

    def check(self) -> None:
        """Raise `DataRefusedError` when the bucket holds another object by now."""
        with explained(self.place):
            now = self.file_system.info(self.path)
        if _etag(now) != self.etag or now.get("size") != self.size:
            raise changed(self.place)


class OpenObject:
    """A reading of an object, in blocks."""

    def __init__(self, item: BucketObject, stream: IO[bytes]) -> None:
        """Read `item` from `stream`."""
        self.stream = stream
        self._item = item

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        with explained(self._item.place):
            return self.stream.read(size)

    def seek(self, offset: int) -> None:
        """Go on at `offset`."""
        self.stream.seek(offset)

    def check(self) -> None:
        """Raise `DataRefusedError` when the object is not the one that was listed any more."""
        self._item.check()

    def close(self) -> None:
        """Forget the blocks."""
        self.stream.close()


class Buckets:
    """The file systems of one command, made when they are needed first."""

    def __init__(self) -> None:
        """Import and connect to nothing yet."""
        self._file_systems: dict[str, FileSystem] = {}

    def find(self, scheme: str, path: str) -> Iterator[tuple[BucketObject, str | None]]:
        """Yield the objects that `bucket/key`, a prefix or a glob stands for.

        With each comes its path below the prefix, or None if the object itself was named. Raises
        `UsageError` for what is missing and `DataRefusedError` when the bucket cannot be read.
        """
        _check_bucket(scheme, path)
        place = f"{scheme}://{path}"
        file_system = self._file_system(scheme)
        if not path.endswith("/") and "/" in path:
            with explained(place):
                info = _info(file_system, path)
            if info is not None and info["type"] == "file":
                yield _object(file_system, scheme, info), None
                return
            if info is None and has_magic(path):
                yield from _matched(file_system, scheme, path)
                return
        yield from _below(file_system, scheme, path)

    def _file_system(self, scheme: str) -> FileSystem:
        if scheme not in self._file_systems:
            self._file_systems[scheme] = _connect(scheme)
        return self._file_systems[scheme]


def _check_bucket(scheme: str, path: str) -> None:
    bucket = path.partition("/")[0]
    if "@" in bucket or ":" in bucket:
        # Nothing of it is shown: a secret may hold a slash, and go on behind it.
        message = f"{scheme}://…: holds credentials"
        raise UsageError(
            message, "nothing was loaded; leave them to the environment or the SDK's own files"
        )
    if not _BUCKET.fullmatch(bucket):
        message = f"{scheme}://…: names no bucket"
        raise UsageError(message, f"nothing was loaded; expected {scheme}://bucket/key")


def _connect(scheme: str) -> FileSystem:
    package, extra = _EXTRAS[scheme]
    try:
        module = importlib.import_module(package)
    except ImportError:
        message = f"{scheme}://: needs the package {package}"
        raise UsageError(message, f"pip install '{_PROJECT}[{extra}]'") from None
    # Kept nowhere else: a listing must be new, and another command may have other settings.
    options: dict[str, object] = {"skip_instance_cache": True, "use_listings_cache": False}
    if scheme == "s3":
        options["config_kwargs"] = {"connect_timeout": _CONNECT_SECONDS}
        return cast("FileSystem", module.S3FileSystem(**options))
    options["token"] = "anon" if os.environ.get("STORAGE_EMULATOR_HOST") else "google_default"
    with explained("gs://"):
        # Not gcsfs.GCSFileSystem, which first asks every bucket over gRPC what kind it is.
        return cast("FileSystem", module.core.GCSFileSystem(**options))


def _info(file_system: FileSystem, path: str) -> Info | None:
    try:
        return file_system.info(path)
    except FileNotFoundError:
        return None


def _below(
    file_system: FileSystem, scheme: str, prefix: str
) -> Iterator[tuple[BucketObject, str | None]]:
    """Yield the exports below a prefix, as `loader.inputs.folders` does those of a folder."""
    place = f"{scheme}://{prefix}"
    root = f"{prefix.rstrip('/')}/"
    with explained(place):
        found = file_system.find(root, detail=True)
    if not found:
        message = f"{place}: no such object or prefix"
        raise UsageError(message)
    for path in sorted(found):
        relative = path.removeprefix(root)
        *folders, name = relative.split("/")
        hidden = any(map(names.is_hidden, folders))
        if not hidden and names.is_loaded_from_folders(name):
            yield _object(file_system, scheme, found[path]), relative


def _matched(
    file_system: FileSystem, scheme: str, pattern: str
) -> Iterator[tuple[BucketObject, str | None]]:
    with explained(f"{scheme}://{pattern}"):
        found = file_system.glob(pattern, detail=True)
    matches = 0
    for path in sorted(found):
        if found[path]["type"] == "directory":
            below = list(_below(file_system, scheme, path))
            matches += len(below)
            yield from below
        else:
            matches += 1
            yield _object(file_system, scheme, found[path]), None
    if not matches:
        message = f"{scheme}://{pattern}: matches no object"
        raise UsageError(message)


def _object(file_system: FileSystem, scheme: str, info: Info) -> BucketObject:
    size = info.get("size")
    return BucketObject(
        file_system=file_system,
        scheme=scheme,
        path=str(info["name"]),
        size=size if isinstance(size, int) else None,
        etag=_etag(info),
    )


def _etag(info: Info) -> str | None:
    if "generation" in info:
        checksum = info.get("md5Hash") or info.get("crc32c") or ""
        return f"{info['generation']}-{checksum}"
    etag = info.get("ETag") or info.get("etag")
    return str(etag).strip('"') if etag else None
