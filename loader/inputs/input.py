"""One thing to load: a file, an archive's member, standard input or an object in a bucket."""

from dataclasses import dataclass
from urllib.parse import quote

from loader.errors import DataRefusedError
from loader.inputs import names
from loader.inputs.compression import GZIP_MAGIC, ZSTD_MAGIC, Decoder, Gzip, Plain, Zstd
from loader.inputs.limits import Limits, Watch
from loader.inputs.origins import NOTHING_OF_IT, Origin, Stored
from loader.inputs.reader import Reader, timed
from loader.inputs.standard_input import StandardInput
from loader.inputs.zip_archives import ZIP_MAGIC, Member, MemberData


@dataclass(frozen=True)
class Input:
    """What is loaded as a whole or not at all; reading it is left to `open`.

    An archive whose members cannot be told is one input, with the `refusal` that `open` raises.
    """

    origin: Origin
    limits: Limits
    member: Member | None = None
    refusal: DataRefusedError | None = None

    @property
    def place(self) -> str:
        """What messages call it: the path as given, `s3://bucket/key`, `month.zip/usage.csv`."""
        return (
            self.origin.place if self.member is None else f"{self.origin.place}/{self.member.path}"
        )

    @property
    def name(self) -> str:
        """The name of its content: without folder, `.gz` and `.zst`."""
        return names.content_name(self.origin.name) if self.member is None else self.member.name

    @property
    def uri(self) -> str:
        """Where it lies, the same from every folder; a member is a fragment of its archive."""
        if self.member is None:
            return self.origin.uri
        return f"{self.origin.uri}#{quote(self.member.path)}"

    @property
    def size(self) -> int | None:
        """Its stored bytes, compressed as they are; None when unknown."""
        return self.origin.size if self.member is None else self.member.stored_size

    @property
    def etag(self) -> str | None:
        """What identifies an object's, or its archive's, bytes without reading them; else None."""
        return self.origin.etag

    @property
    def content_size(self) -> int | None:
        """Its decompressed bytes, when known without reading them; else None."""
        if self.member is not None:
            return self.member.content_size
        return None if names.compression_of(self.origin.name) else self.origin.size

    def open(self) -> Reader:
        """Begin to read it from its start; may be called again.

        Raises `DataRefusedError` when it cannot be opened, `UsageError` when it is not a file.
        """
        if self.refusal is not None:
            raise self.refusal
        try:
            self.name.encode()
        except UnicodeEncodeError:
            message = f"{self.place}: its name is not UTF-8 text"
            raise DataRefusedError(message, f"{NOTHING_OF_IT}; rename the file") from None
        stored = self.origin.open()
        try:
            return self._reader(stored)
        except BaseException:
            stored.close()
            raise

    def _reader(self, stored: Stored) -> Reader:
        watch = Watch(self.place, self.limits)
        read = timed(stored.read, watch)
        if self.member is not None:
            return Reader(stored, MemberData(self.place, self.member, stored, read), watch)
        compression = self._compression(stored)
        if compression is None:
            return Reader(stored, Plain(stored.read), None)
        decoder: Decoder = (Gzip if compression == ".gz" else Zstd)(self.place, read)
        return Reader(stored, decoder, watch)

    def _compression(self, stored: Stored) -> str | None:
        """Return how it is compressed: its name says so, or its first bytes if it has none."""
        if not isinstance(self.origin, StandardInput):
            return names.compression_of(self.origin.name)
        begin = stored.read(len(ZSTD_MAGIC))
        stored.seek(0)
        if begin == ZIP_MAGIC:
            message = f"{self.place}: is a zip archive, which cannot be read from a pipe"
            raise DataRefusedError(message, f"{NOTHING_OF_IT}; save it as a file, then load that")
        if begin.startswith(GZIP_MAGIC):
            return ".gz"
        return ".zst" if begin == ZSTD_MAGIC else None
