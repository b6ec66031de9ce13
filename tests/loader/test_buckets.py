import gzip
import io
import json
import re
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import botocore.exceptions
import botocore.session
import gcsfs
import pytest
import s3fs
import servers

from loader.errors import DataRefusedError, LoaderError, UsageError
from loader.inputs import Input, Reader, expand

KEY, SECRET = "AKIDLOADERTEST", "secret/of+loader"
CSV = b"a,b\n1,2\n"


def zipped(name: str, content: bytes) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(name, content)
    return archive.getvalue()


OBJECTS = {
    "billing/y=2025/a.csv": CSV,
    "billing/y=2025/b.csv.gz": gzip.compress(CSV, mtime=0),
    "billing/y=2025/_SUCCESS": b"x",
    "billing/y=2025/_tmp/c.csv": CSV,
    "billing/y=2025/readme.txt": b"x",
    "billing/y=2026/d.json": b"{}",
    "billing/y=2026/e [1].csv": CSV,
    "month.zip": zipped("usage.csv", CSV),
}
BILLING = ["y=2025/a.csv", "y=2025/b.csv.gz", "y=2026/d.json", "y=2026/e [1].csv"]
BELOW_BILLING = [f"billing/{name}" for name in BILLING]

# What is asked for in a bucket, and the objects it stands for.
PATHS = [
    ("", [*BELOW_BILLING, "month.zip/usage.csv"]),
    ("/", [*BELOW_BILLING, "month.zip/usage.csv"]),
    ("/billing", BELOW_BILLING),
    ("/billing/y=2025/", BELOW_BILLING[:2]),
    ("/billing/y=2025/a.csv", BELOW_BILLING[:1]),
    ("/billing/y=2025/readme.txt", ["billing/y=2025/readme.txt"]),
    ("/billing/y=2026/e [1].csv", BELOW_BILLING[3:]),
    ("/billing/*/*.csv", [BELOW_BILLING[0], BELOW_BILLING[3]]),
    ("/**/*.json", [BELOW_BILLING[2]]),
    ("/bill*/y=2025", BELOW_BILLING[:2]),
    ("/month.zip", ["month.zip/usage.csv"]),
]


class Put(Protocol):
    def __call__(self, key: str, content: bytes) -> None: ...


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    with servers.moto() as address:
        fill_s3(address, "any", "any")
        yield address


@pytest.fixture(scope="module")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with servers.seaweed(tmp_path_factory.mktemp("seaweed"), KEY, SECRET) as address:
        fill_s3(address, KEY, SECRET)
        yield address


@pytest.fixture(scope="module")
def fake_gcs() -> Iterator[str]:
    with servers.fake_gcs() as address:
        post(f"{address}/storage/v1/b?project=test", b'{"name": "exports"}')
        for key, content in OBJECTS.items():
            put_gcs(address, key, content)
        yield address


def fill_s3(address: str, key: str, secret: str) -> None:
    client = s3_client(address, key, secret)
    until = time.monotonic() + 30
    while True:
        try:
            if not client.list_buckets()["Buckets"]:
                client.create_bucket(Bucket="exports")
            for name, content in OBJECTS.items():
                client.put_object(Bucket="exports", Key=name, Body=content)
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError):
            if time.monotonic() > until:
                raise
            time.sleep(0.2)
        else:
            break
    client.close()


def s3_client(address: str, key: str, secret: str):  # noqa: ANN201  # made at run time, no class
    return botocore.session.Session().create_client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=botocore.config.Config(retries={"total_max_attempts": 1}),
    )


def put_gcs(address: str, key: str, content: bytes) -> None:
    query = f"uploadType=media&name={quote(key, safe='')}"
    post(f"{address}/upload/storage/v1/b/exports/o?{query}", content)


def post(address: str, body: bytes) -> None:
    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        json.load(answer)


@pytest.fixture(autouse=True)
def own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials, files or roles of the machine's."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("NO_GCE_CHECK", "true")


Login = tuple[str, str] | None
ANYBODY = ("any", "any")


def use_s3(monkeypatch: pytest.MonkeyPatch, address: str, login: Login = ANYBODY) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", address)
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    for name, value in zip(names, login or ("", ""), strict=True):
        monkeypatch.setenv(name, value)


Store = tuple[str, Put]


@pytest.fixture(params=["moto", "seaweed", "fake_gcs"])
def store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """Return the scheme of a store, set for the test, and what puts an object into it."""
    address = request.getfixturevalue(request.param)
    if request.param == "fake_gcs":
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", address)
        yield "gs", lambda key, content: put_gcs(address, key, content)
        return
    login = (KEY, SECRET) if request.param == "seaweed" else ANYBODY
    use_s3(monkeypatch, address, login)
    client = s3_client(address, *login)
    yield "s3", lambda key, content: client.put_object(Bucket="exports", Key=key, Body=content)
    client.close()


def read_through(reader: Reader) -> bytes:
    content = b"".join(iter(lambda: reader.read(1 << 16), b""))
    reader.finish()
    return content


def content_of(item: Input) -> bytes:
    with item.open() as reader:
        content = read_through(reader)
        assert reader.stored_bytes_read == item.size
    return content


@pytest.mark.parametrize(("asked", "expected"), PATHS)
def test_objects_prefixes_and_globs(store: Store, asked: str, expected: list[str]) -> None:
    scheme, _ = store
    found = expand([f"{scheme}://exports{asked}"])
    assert [item.place for item in found] == [f"{scheme}://exports/{key}" for key in expected]


def test_objects_are_read_as_often_as_asked(store: Store) -> None:
    scheme, _ = store
    items = expand([f"{scheme}://exports"])
    assert [item.name for item in items] == [
        *("a.csv", "b.csv", "d.json", "e [1].csv", "usage.csv"),
    ]
    for item, content in zip(items, [CSV, CSV, b"{}", CSV, CSV], strict=True):
        assert [content_of(item), content_of(item)] == [content, content]


def test_a_pattern_selects_below_a_prefix(store: Store) -> None:
    scheme, _ = store
    found = expand([f"{scheme}://exports/billing"], pattern="y=2025/*.csv")
    assert [item.place for item in found] == [f"{scheme}://exports/{BELOW_BILLING[0]}"]


def test_an_object_is_known_without_being_fetched(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheme, put = store
    for kind in (s3fs.S3FileSystem, gcsfs.core.GCSFileSystem):
        monkeypatch.setattr(kind, "_cat_file", None)
        monkeypatch.setattr(kind, "open", None)
    put("known/x.csv", CSV)
    put("known/y.csv.gz", gzip.compress(CSV, mtime=0))
    listed = expand([f"{scheme}://exports/known/"])
    named = expand([f"{scheme}://exports/known/{name}" for name in ("x.csv", "y.csv.gz")])
    assert [item.etag for item in listed] == [item.etag for item in named]
    assert [(item.size, item.content_size) for item in listed] == [
        *((len(CSV), len(CSV)), (len(gzip.compress(CSV)), None)),
    ]
    put("known/x.csv", CSV.upper())
    again = expand([f"{scheme}://exports/known/"])
    assert again[0].etag != listed[0].etag
    assert again[1].etag == listed[1].etag
    kind_of_etag = r"\d+-\S+" if scheme == "gs" else "[0-9a-f]{32}"
    assert all(re.fullmatch(kind_of_etag, item.etag or "") for item in again)


@pytest.mark.parametrize("when", ["before it is opened", "while it is read"])
def test_an_object_that_changes_is_refused(store: Store, when: str) -> None:
    scheme, put = store
    put("change/x.csv", CSV)
    (item,) = expand([f"{scheme}://exports/change/x.csv"])
    if when == "before it is opened":
        put("change/x.csv", CSV.upper())
    with item.open() as reader:
        put("change/x.csv", CSV.upper())
        with pytest.raises(DataRefusedError) as refusal:
            read_through(reader)
    assert str(refusal.value) == (
        f"{scheme}://exports/change/x.csv: changed while it was read\n"
        "  nothing of it was loaded; load it again when it is complete"
    )


def test_a_large_object_is_read_in_blocks(store: Store) -> None:
    scheme, put = store
    content = b"".join(b"%d,%x\n" % (row, row * row) for row in range(1_000_000))
    assert len(content) > 2 * (8 << 20)
    put("large/x.csv", content)
    put("large/y.csv.gz", gzip.compress(content, 1, mtime=0))
    for item in expand([f"{scheme}://exports/large/"]):
        assert content_of(item) == content


# What is asked for in vain, and the error's first line.
MISTAKES = [
    ("exports/nix.csv", "{place}: no such object or prefix"),
    ("exports/nix/", "{place}: no such object or prefix"),
    ("exports/nix*.csv", "{place}: matches no object"),
]


@pytest.mark.parametrize(("asked", "error"), MISTAKES)
def test_what_is_not_in_a_bucket_is_named(store: Store, asked: str, error: str) -> None:
    place = f"{store[0]}://{asked}"
    with pytest.raises(UsageError) as mistake:
        expand([place])
    assert str(mistake.value) == error.format(place=place)


def test_a_bucket_that_is_not_there_is_named(store: Store) -> None:
    place = f"{store[0]}://no-such-bucket/x.csv"
    with pytest.raises(LoaderError, match=f"^{place}: no such ") as mistake:
        expand([place])
    assert "Traceback" not in str(mistake.value)


# A login and what is said: the wrong ones never show. To HEAD requests S3 only answers 403.
LOGINS = [
    ((KEY, "wrong-secret-9"), r"access is denied \((SignatureDoesNotMatch|403)\)"),
    (("AKIDNOBODY", SECRET), r"access is denied \((InvalidAccessKeyId|403)\)"),
    (None, "no credentials were found, or they are not valid"),
]


@pytest.mark.parametrize("path", ["exports/", "exports/billing/y=2025/a.csv", "exports/*.csv"])
@pytest.mark.parametrize(("login", "error"), LOGINS)
def test_a_wrong_login_is_refused_in_one_line(
    seaweed: str, monkeypatch: pytest.MonkeyPatch, login: Login, error: str, path: str
) -> None:
    use_s3(monkeypatch, seaweed, login)
    with pytest.raises(DataRefusedError) as refusal:
        expand([f"s3://{path}"])
    assert re.fullmatch(f"s3://{re.escape(path)}: {error}", refusal.value.message)
    assert refusal.value.hints == (
        (
            "nothing of it was loaded;"
            " the credentials are the SDK's own: its variables, files and roles"
        ),
    )


def test_no_credentials_of_google_are_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STORAGE_EMULATOR_HOST", raising=False)
    with pytest.raises(LoaderError, match=r"^gs://: no credentials were found"):
        expand(["gs://exports/x.csv"])


def test_an_endpoint_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use_s3(monkeypatch, f"http://127.0.0.1:{servers.free_port()}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(LoaderError, match=r"^s3://exports/: the endpoint cannot be reached"):
        expand(["s3://exports/"])


# Addresses that hold what must not be shown, or no bucket, and the error.
ADDRESSES = [
    (f"s3://{KEY}:{SECRET}@exports/x.csv", "s3://…: holds credentials"),
    (f"S3://{KEY}:{SECRET}@exports/x.csv", "s3://…: holds credentials"),
    (f"s3://{KEY}@exports", "s3://…: holds credentials"),
    (f"gs://user:{SECRET}@exports/x.csv", "gs://…: holds credentials"),
    (f"s3a://{KEY}:{SECRET}@b/x.csv", "s3a://…: is not a place that files are loaded from"),
    ("s3://", "s3://…: names no bucket"),
    ("s3:///x.csv", "s3://…: names no bucket"),
    ("gs://Bucket?x/y", "gs://…: names no bucket"),
]


@pytest.mark.parametrize(("address", "error"), ADDRESSES)
def test_credentials_in_an_address_are_refused_and_not_shown(address: str, error: str) -> None:
    with pytest.raises(UsageError) as mistake:
        expand([address])
    assert mistake.value.message == error
    assert not any(part in str(mistake.value) for part in (KEY, "secret", "of+loader"))


@pytest.mark.parametrize(
    ("scheme", "package", "extra"), [("s3", "s3fs", "s3"), ("gs", "gcsfs", "gcs")]
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, scheme: str, package: str, extra: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError) as mistake:
        expand([f"{scheme}://exports/x.csv"])
    assert str(mistake.value) == (
        f"{scheme}://: needs the package {package}\n  pip install 'usage-costs[{extra}]'"
    )


def test_no_sdk_is_imported_for_files() -> None:
    check = (
        "import sys, loader.inputs; loader.inputs.expand(['-']);"
        "print([m for m in ('fsspec', 's3fs', 'gcsfs', 'botocore', 'aiohttp') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"
