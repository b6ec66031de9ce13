import gzip
import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
import zstandard

from loader.errors import DataRefusedError, UsageError
from loader.inputs import Input, expand

CSV = b"".join(b"%d,acme,%x\n" % (row, row * row * 7919) for row in range(40_000))


def zipped(*members: tuple[str, bytes]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return archive.getvalue()


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, bytes], Input]:
    monkeypatch.chdir(tmp_path)

    def write(name: str, content: bytes) -> Input:
        Path(name).write_bytes(content)
        return expand([name])[0]

    return write


def read(item: Input, size: int = 1 << 16) -> bytes:
    with item.open() as reader:
        content = b"".join(iter(lambda: reader.read(size), b""))
        reader.finish()
        assert item.size is None or reader.stored_bytes_read == item.size
    return content


HALF = len(CSV) // 2
SKIPPABLE = struct.pack("<2I", 0x184D2A50, 3) + b"abc"
# A file's name and bytes that hold CSV.
WHOLE = {
    "gzip": ("x.csv.gz", gzip.compress(CSV)),
    "capitals": ("X.CSV.GZ", gzip.compress(CSV)),
    "members": (
        "x.csv.gz",
        gzip.compress(CSV[:HALF]) + gzip.compress(b"") + gzip.compress(CSV[HALF:]),
    ),
    "padding": ("x.csv.gz", gzip.compress(CSV) + bytes(200_001)),
    "zeros between": ("x.csv.gz", gzip.compress(CSV[:HALF]) + b"\0" + gzip.compress(CSV[HALF:])),
    "zstd": ("x.csv.zst", zstandard.compress(CSV)),
    "frames": ("x.csv.zst", zstandard.compress(CSV[:HALF]) + zstandard.compress(CSV[HALF:])),
    "skippable": ("x.csv.zst", SKIPPABLE + zstandard.compress(CSV) + SKIPPABLE),
    "checksum": ("x.csv.zst", zstandard.ZstdCompressor(write_checksum=True).compress(CSV)),
    "zip": ("x.zip", zipped(("x.csv", CSV))),
}


@pytest.mark.parametrize("size", [1 << 20, 1000])
@pytest.mark.parametrize(("name", "stored"), WHOLE.values(), ids=WHOLE)
def test_compressed_files_are_read_as_what_they_hold(
    write: Callable[[str, bytes], Input], name: str, stored: bytes, size: int
) -> None:
    item = write(name, stored)
    assert item.name.lower() == "x.csv"
    assert read(item, size) == CSV
    assert read(item) == CSV


@pytest.mark.parametrize("name", ["gzip", "zstd"])
def test_compressed_standard_input_is_recognised(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    stdin = SimpleNamespace(buffer=io.BytesIO(WHOLE[name][1]), closed=False, isatty=lambda: False)
    monkeypatch.setattr(sys, "stdin", stdin)
    assert read(expand(["-"])[0]) == CSV


def changed(stored: bytes, at: int) -> bytes:
    return stored[:at] + bytes([stored[at] ^ 0x55]) + stored[at + 1 :]


GZ, ZST = WHOLE["gzip"][1], WHOLE["checksum"][1]
# A file's name and bytes that are not whole, and the error.
BROKEN = {
    "empty gzip": ("x.csv.gz", b"", "is empty: even nothing, compressed with gzip, has bytes"),
    "no gzip": ("x.csv.gz", b"a,b\n", "is not gzip data, as its name says"),
    "cut gzip": ("x.csv.gz", GZ[:-100], "ends in the middle of its gzip data"),
    "cut checksum": ("x.csv.gz", GZ[:-1], "ends in the middle of its gzip data"),
    "one byte": ("x.csv.gz", GZ[:1], "is not gzip data, as its name says"),
    "wrong CRC": ("x.csv.gz", changed(GZ, -8), "is damaged: incorrect data check"),
    "wrong length": ("x.csv.gz", changed(GZ, -4), "is damaged: incorrect length check"),
    "garbage": ("x.csv.gz", GZ + b"x", "goes on after the end of its gzip data"),
    "far garbage": (
        *("x.csv.gz", GZ + bytes(70_000) + b"xy", "goes on after the end of its gzip data"),
    ),
    "cut 2nd member": ("x.csv.gz", GZ + GZ[:-9], "ends in the middle of its gzip data"),
    "empty zstd": ("x.csv.zst", b"", "is empty: even nothing, compressed with zstd, has bytes"),
    "no zstd": ("x.csv.zst", b"a,b\n1", "is not zstd data, as its name says"),
    "cut zstd": ("x.csv.zst", ZST[:-1], "ends in the middle of its zstd data"),
    "wrong zstd": (
        *("x.csv.zst", changed(ZST, -1), "is damaged: Restored data doesn't match checksum"),
    ),
    "zstd garbage": ("x.csv.zst", ZST + b"x", "goes on after the end of its zstd data"),
}


@pytest.mark.parametrize(("name", "stored", "error"), BROKEN.values(), ids=BROKEN)
def test_files_that_are_not_whole_are_refused(
    write: Callable[[str, bytes], Input], name: str, stored: bytes, error: str
) -> None:
    with pytest.raises(DataRefusedError) as refusal:
        read(write(name, stored))
    assert (
        str(refusal.value) == f"{name}: {error}\n  nothing of it was loaded; fetch the file again"
    )


def test_a_window_larger_than_zstd_takes_unasked_is_refused(
    write: Callable[[str, bytes], Input],
) -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28)
    compress = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    item = write("x.csv.zst", compress.compress(b"a\n" * 100_000) + compress.flush())
    with pytest.raises(DataRefusedError, match=r"x\.csv\.zst: is damaged: .*memory"):
        read(item)


def test_members_are_inputs_of_their_own(write: Callable[[str, bytes], Input]) -> None:
    write(
        "month.zip",
        zipped(
            *(("usage.csv", CSV), ("deep/", b""), ("deep/a.json", b"{}"), ("README.txt", b"no")),
            *((".hidden.csv", b"no"), ("__MACOSX/._usage.csv", b"no"), ("empty.csv", b"")),
        ),
    )
    items = expand(["month.zip"])
    assert [item.place for item in items] == [
        *("month.zip/deep/a.json", "month.zip/empty.csv", "month.zip/usage.csv"),
    ]
    assert [item.name for item in items] == ["a.json", "empty.csv", "usage.csv"]
    assert [item.uri.rpartition("/month.zip")[2] for item in items] == [
        *("#deep/a.json", "#empty.csv", "#usage.csv"),
    ]
    assert [read(item) for item in items] == [b"{}", b"", CSV]
    assert [item.content_size for item in items] == [2, 0, len(CSV)]
    assert [item.place for item in expand(["."], pattern="*.json")] == ["month.zip/deep/a.json"]
    assert len(expand([".", "month.zip"], pattern="month*")) == 3


def test_stored_members_are_read(write: Callable[[str, bytes], Input]) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("x.csv", CSV)
    assert read(write("x.zip", archive.getvalue())) == CSV


def test_an_archive_without_an_export_is_an_error_if_it_was_named(
    write: Callable[[str, bytes], Input],
) -> None:
    with pytest.raises(UsageError, match=r"docs\.zip: holds nothing to load"):
        write("docs.zip", zipped(("README.txt", b"no")))
    write("x.csv", CSV)
    assert [item.place for item in expand(["."])] == ["x.csv"]


def with_bits(stored: bytes, flag: int) -> bytes:
    """Set a flag of the only member in the central directory."""
    at = stored.rindex(b"PK\x01\x02") + 8
    return stored[:at] + bytes([stored[at] | flag]) + stored[at + 1 :]


def link() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        info = zipfile.ZipInfo("x.csv")
        info.external_attr = 0o120777 << 16
        opened.writestr(info, "/etc/passwd")
    return archive.getvalue()


def of_method(method: int) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", method) as opened:
        opened.writestr("x.csv", CSV)
    return archive.getvalue()


def overlapping() -> bytes:
    """Return an archive whose second entry points at the bytes of the first."""
    stored = bytearray(zipped(("a.csv", CSV), ("b.csv", CSV)))
    at = stored.rindex(b"PK\x01\x02") + 42
    stored[at : at + 4] = bytes(4)
    return bytes(stored)


UNSAFE = {
    "absolute": (zipped(("/etc/x.csv", CSV)), "holds /etc/x.csv, which leads out of the archive"),
    "up": (zipped(("a/../../x.csv", CSV)), "holds a/../../x.csv, which leads out of the archive"),
    "up only": (zipped(("../x.txt", CSV)), "holds ../x.txt, which leads out of the archive"),
    "windows": (zipped(("..\\x.csv", CSV)), "holds ..\\x.csv, which leads out of the archive"),
    "drive": (zipped(("C:\\x.csv", CSV)), "holds C:\\x.csv, which leads out of the archive"),
    "line end": (
        *(zipped(("a\nb.csv", CSV)), "holds a member with an unprintable name, 'a\\nb.csv'"),
    ),
    "zip": (zipped(("in.zip", CSV)), "holds in.zip, an archive in an archive"),
    "gzip": (zipped(("x.csv.gz", GZ)), "holds x.csv.gz, an archive in an archive"),
    "encrypted": (*(with_bits(zipped(("x.csv", CSV)), 1), "holds x.csv, which is encrypted"),),
    "link": (link(), "holds x.csv, which is a link"),
    "bzip2": (of_method(zipfile.ZIP_BZIP2), "holds x.csv, which is not compressed with deflate"),
    "overlap": (overlapping(), "holds b.csv, which shares bytes with another member"),
}


@pytest.mark.parametrize(("stored", "error"), UNSAFE.values(), ids=UNSAFE)
def test_unsafe_archives_are_refused_by_name(
    write: Callable[[str, bytes], Input], stored: bytes, error: str
) -> None:
    with pytest.raises(DataRefusedError) as refusal:
        write("x.zip", stored).open()
    assert str(refusal.value) == (
        f"x.zip: {error}\n"
        "  nothing of it was loaded; unpack the archive and load the files that are wanted"
    )


@pytest.mark.filterwarnings("ignore:Duplicate name")  # the archive under test has one
def test_two_members_of_one_name_are_refused(write: Callable[[str, bytes], Input]) -> None:
    with pytest.raises(DataRefusedError, match=r"x\.zip: holds two members of the same name"):
        write("x.zip", zipped(("x.csv", CSV), ("x.csv", b"other"))).open()


ZIP = zipped(("x.csv", CSV))


@pytest.mark.parametrize("stored", [b"", b"PK\x03\x04", ZIP[:-30], b"a,b\n1,2\n"])
def test_what_is_no_archive_is_refused(write: Callable[[str, bytes], Input], stored: bytes) -> None:
    with pytest.raises(DataRefusedError, match=r"x\.zip: is no whole zip archive"):
        write("x.zip", stored).open()


def declared(offset: int, value: int) -> bytes:
    """Write a number into the directory's only entry."""
    stored = bytearray(ZIP)
    at = stored.rindex(b"PK\x01\x02") + offset
    stored[at : at + 4] = struct.pack("<I", value)
    return bytes(stored)


# Where a wrong number stands in the directory: CRC, bytes stored, bytes of content (both ways).
STORED_SIZE = zipfile.ZipFile(io.BytesIO(ZIP)).getinfo("x.csv").compress_size
LIES = [
    (16, 1),
    (20, STORED_SIZE - 9),
    (20, STORED_SIZE + 9),
    (24, len(CSV) + 1),
    (24, len(CSV) - 1),
]


@pytest.mark.parametrize(("offset", "value"), LIES)
def test_members_that_are_not_what_is_declared_are_refused(
    write: Callable[[str, bytes], Input], offset: int, value: int
) -> None:
    item = write("x.zip", declared(offset, value))
    with pytest.raises(DataRefusedError, match=r"^x\.zip/x\.csv: (is damaged|ends in the middle)"):
        read(item)


def test_damage_within_a_member_is_refused(write: Callable[[str, bytes], Input]) -> None:
    item = write("x.zip", changed(ZIP, len(ZIP) // 2))
    with pytest.raises(DataRefusedError, match=r"^x\.zip/x\.csv: is damaged"):
        read(item)


def test_an_archive_that_changed_since_it_was_listed_is_refused(
    write: Callable[[str, bytes], Input],
) -> None:
    item = write("x.zip", ZIP)
    Path("x.zip").write_bytes(b"x" * len(ZIP))
    with pytest.raises(DataRefusedError, match=r"^x\.zip/x\.csv: changed while it was read"):
        read(item)


def gzip_zeros(size: int) -> bytes:
    compress = zlib.compressobj(9, wbits=31)
    parts = [compress.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join((*parts, compress.flush()))


def zstd_zeros(size: int) -> bytes:
    compress = zstandard.ZstdCompressor().compressobj()
    parts = [compress.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return b"".join((*parts, compress.flush()))


ZEROS = {
    "x.csv.gz": lambda: gzip_zeros(100 << 20),
    "x.csv.zst": lambda: zstd_zeros(1 << 30),
    "x.zip": lambda: zipped(("x.csv", bytes(100 << 20))),
}
# Not ru_maxrss: on Linux a process inherits that from the one that started it.
BOMB = """
import pathlib, re, sys, time
from loader.errors import DataRefusedError
from loader.inputs import expand
begin = time.monotonic()
try:
    with expand([sys.argv[1]])[0].open() as reader:
        while reader.read(1 << 20):
            pass
except DataRefusedError as error:
    print(error.message)
status = pathlib.Path("/proc/self/status").read_text()
print(time.monotonic() - begin, re.search(r"VmHWM:\\s*(\\d+) kB", status)[1])
"""


@pytest.mark.parametrize("name", ZEROS)
def test_bombs_are_refused_soon_and_in_little_memory(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(ZEROS[name]())
    assert (tmp_path / name).stat().st_size < 110_000
    done = subprocess.run(
        [sys.executable, "-c", BOMB, str(tmp_path / name)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    refusal, measured = done.stdout.splitlines()
    assert refusal.endswith(": grows more than 1,000 times when decompressed, as a bomb does")
    seconds, kibibytes = measured.split()
    assert float(seconds) < 2
    assert int(kibibytes) < 150 * 1024


def honest_export(rows: int) -> bytes:
    begin = datetime(2025, 1, 1, tzinfo=UTC)
    tail = b",acme,prod,us-east-1,%s,1.5,DBU\n" % (b"STANDARD_ALL_PURPOSE_COMPUTE" * 40)
    hours = ((begin + timedelta(hours=row)).isoformat().encode() for row in range(rows))
    return b"".join(hour + tail for hour in hours)


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress])
def test_honest_repetitive_exports_pass(
    write: Callable[[str, bytes], Input], compress: Callable[[bytes], bytes]
) -> None:
    content = honest_export(20_000)
    stored = compress(content)
    assert len(content) > 17 << 20
    assert len(content) > 100 * len(stored)
    suffix = ".gz" if compress is gzip.compress else ".zst"
    assert read(write(f"x.csv{suffix}", stored), 1 << 20) == content


@pytest.mark.parametrize("kind", ["members", "frames", "zip"])
def test_content_is_limited_over_all_members(
    write: Callable[[str, bytes], Input], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    name, stored = WHOLE[kind]
    monkeypatch.setenv("LOADER_MAX_BYTES", str(len(CSV)))
    assert read(write(name, stored)) == CSV
    monkeypatch.setenv("LOADER_MAX_BYTES", str(len(CSV) - 1))
    with pytest.raises(DataRefusedError, match=f"holds more than {len(CSV) - 1:,} bytes"):
        read(write(name, stored))


@pytest.mark.parametrize("kind", ["gzip", "zstd", "zip"])
def test_time_is_limited(
    write: Callable[[str, bytes], Input], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("LOADER_MAX_SECONDS", "60")
    now = 0.0
    monkeypatch.setattr("loader.inputs.limits.time.monotonic", lambda: now)
    with write(*WHOLE[kind]).open() as reader:
        assert reader.read(10)
        now = 61.0
        with pytest.raises(DataRefusedError, match="takes longer than 60 seconds"):
            reader.read(10)


def test_members_without_content_do_not_take_for_ever(
    write: Callable[[str, bytes], Input], monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(1_000_000))
    monkeypatch.setattr("loader.inputs.limits.time.monotonic", lambda: next(ticks))
    monkeypatch.setenv("LOADER_MAX_SECONDS", "10")
    item = write("x.csv.gz", gzip.compress(b"") * 100_000)
    with pytest.raises(DataRefusedError, match="takes longer than 10 seconds"):
        read(item)
