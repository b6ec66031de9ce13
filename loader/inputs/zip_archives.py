"""Zip archives: which of their members are loaded, and the bytes of one member."""

import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from loader.errors import DataRefusedError
from loader.inputs import names
from loader.inputs.compression import CHUNK_BYTES, damaged, reason
from loader.inputs.origins import NOTHING_OF_IT, Origin, Reading, Stored, changed

_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
ZIP_MAGIC = b"PK\x03\x04"
_ENCRYPTED = 0x1
_MAX_MEMBERS = 10_000
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(.*[/\\])?\.\.([/\\]|$)")
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


@dataclass(frozen=True)
class Member:
    """A file in an archive: where its bytes lie, and what they have to become."""

    path: str
    offset: int
    stored_size: int
    content_size: int
    crc: int
    is_deflated: bool

    @property
    def name(self) -> str:
        """The member's name without its folder in the archive."""
        return self.path.rpartition("/")[2]


def members_of(archive: Origin) -> tuple[Member, ...]:
    """Return the exports in an archive, by their path; hidden ones and drafts are left out.

    Raises `DataRefusedError` for an archive that cannot be read, or holds a member that is
    encrypted, an archive itself, or named to be written outside of its folder.
    """
    stored = archive.open()
    try:
        found = _directory(archive.place, stored)
    finally:
        stored.close()
    if len(found) > _MAX_MEMBERS:
        raise _refused(archive.place, f"holds more than {_MAX_MEMBERS:,} members")
    for info in found:
        _check_name(archive.place, info)
    files = [info for info in found if not info.is_dir()]
    _check_overlap(archive.place, files)
    wanted = [info for info in files if _is_wanted(archive.place, info)]
    return tuple(_member(info) for info in sorted(wanted, key=lambda info: info.filename))


def _directory(place: str, stored: Stored) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(stored.stream) as opened:
            return opened.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error, EOFError):
        raise damaged(place, "is no whole zip archive") from None
    except OSError as error:
        raise damaged(place, f"cannot be read: {error.strerror or 'unknown error'}") from None


def _check_name(place: str, info: zipfile.ZipInfo) -> None:
    if not info.orig_filename.isprintable():
        raise _refused(place, f"holds a member with an unprintable name, {info.orig_filename!a}")
    if _OUTSIDE.match(info.orig_filename):
        raise _refused(place, f"holds {info.orig_filename}, which leads out of the archive")


def _check_overlap(place: str, files: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse members that share bytes or a name: archives made by hand to look like another."""
    if len({info.filename for info in files}) < len(files):
        raise _refused(place, "holds two members of the same name")
    end = 0
    for info in sorted(files, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise _refused(place, f"holds {info.filename}, which shares bytes with another member")
        end = info.header_offset + _LOCAL_HEADER.size + info.compress_size


def _is_wanted(place: str, info: zipfile.ZipInfo) -> bool:
    if any(map(names.is_hidden, info.filename.split("/"))):
        return False
    if names.is_packed(info.filename):
        raise _refused(place, f"holds {info.filename}, an archive in an archive")
    if not names.is_plain_export(info.filename):
        return False
    if info.flag_bits & _ENCRYPTED:
        raise _refused(place, f"holds {info.filename}, which is encrypted")
    if info.compress_type not in _METHODS:
        raise _refused(place, f"holds {info.filename}, which is not compressed with deflate")
    if stat.S_ISLNK(info.external_attr >> 16):
        raise _refused(place, f"holds {info.filename}, which is a link")
    return True


def _member(info: zipfile.ZipInfo) -> Member:
    return Member(
        path=info.filename,
        offset=info.header_offset,
        stored_size=info.compress_size,
        content_size=info.file_size,
        crc=info.CRC,
        is_deflated=info.compress_type == zipfile.ZIP_DEFLATED,
    )


def _refused(place: str, what: str) -> DataRefusedError:
    return DataRefusedError(
        f"{place}: {what}",
        f"{NOTHING_OF_IT}; unpack the archive and load the files that are wanted",
    )


class MemberData:
    """The content of one member, held to the size and checksum its archive declares."""

    def __init__(self, place: str, member: Member, stored: Stored, read: Reading) -> None:
        """Go to the member's bytes and take them from `read`; raise `DataRefusedError`."""
        self._place = place
        self._member = member
        self._read = read
        self._left = member.stored_size
        self._pending = b""
        self._inflate = zlib.decompressobj(wbits=-15) if member.is_deflated else None
        self._crc = self._made = 0
        self.consumed = 0
        stored.seek(member.offset)
        header = read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size or not header.startswith(ZIP_MAGIC):
            raise changed(place)
        stored.seek(member.offset + len(header) + sum(_LOCAL_HEADER.unpack(header)[-2:]))

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, none at the end; raise `DataRefusedError`."""
        content = self._stored(size) if self._inflate is None else self._inflated(size)
        self._crc = zlib.crc32(content, self._crc)
        self._made += len(content)
        if not content and not self._is_whole():
            raise damaged(self._place, "is damaged: not what its archive declares")
        return content

    def _is_whole(self) -> bool:
        whole = self._made == self._member.content_size and self._crc == self._member.crc
        return whole and not self._left and not self._pending

    def _stored(self, size: int) -> bytes:
        chunk = self._read(min(size, self._left))
        if not chunk and self._left:
            raise damaged(self._place, "ends in the middle of its data")
        self._left -= len(chunk)
        self.consumed += len(chunk)
        return chunk

    def _inflated(self, size: int) -> bytes:
        inflate = self._inflate or zlib.decompressobj()
        while not inflate.eof:
            if not self._pending:
                self._pending = self._read(min(CHUNK_BYTES, self._left))
                self._left -= len(self._pending)
            given = len(self._pending)
            try:
                content = inflate.decompress(self._pending, size)
            except zlib.error as error:
                raise damaged(self._place, f"is damaged: {reason(error)}") from None
            self._pending = inflate.unconsumed_tail or inflate.unused_data
            self.consumed += given - len(self._pending)
            if content:
                return content
            if not given and not inflate.eof:
                raise damaged(self._place, "ends in the middle of its data")
        return b""
