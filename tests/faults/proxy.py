"""A TCP proxy before PostgreSQL that acts at one chosen point of the conversation.

It reads the client's messages, so a point is a message and not a moment: the same on every machine.
Of TLS it would understand nothing; its clients are told not to use it.
"""

import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

CHUNK_BYTES = 1 << 16
_PATIENCE_SECONDS = 10.0


@dataclass(frozen=True)
class Point:
    """The `nth`, from 1, of what `kind` counts over all connections.

    A message or a COMMIT is met `before` the server gets it, a COMMIT also `after` the server has
    answered and before the client knows. Bytes are those of the clients or of the server.
    """

    kind: Literal["message", "commit", "copy", "sent_bytes", "answered_bytes"]
    nth: int
    side: Literal["before", "after"] = "before"

    def __str__(self) -> str:
        return f"{self.side} {self.kind} {self.nth}"


@dataclass(eq=False)
class Link:
    """One client's connection and the one made to the server for it."""

    client: socket.socket
    server: socket.socket
    answer_is_awaited: bool = False
    ended: int = 0
    threads: list[threading.Thread] = field(default_factory=list)

    def cut(self) -> None:
        """End both connections at once."""
        self.cut_client()
        _end(self.server)

    def cut_client(self) -> None:
        """End the client's connection; the server's stays as in a network that swallows all."""
        _end(self.client)


Action = Callable[["Proxy", Link], None]


class Proxy:
    """Listens on a port of the loopback interface, from `with Proxy(…) as proxy` to its end.

    `action` is called once, in the thread that met `point`, which goes on afterwards. `delay` is
    how many seconds each COMMIT takes longer to reach the server.
    """

    def __init__(
        self,
        environment: dict[str, str],
        point: Point | None = None,
        action: Action | None = None,
        *,
        delay: float = 0.0,
    ) -> None:
        self._behind = environment
        self._point = point
        self._action = action
        self._delay = delay
        self._keeps_servers = False
        self._lock = threading.Lock()
        self._links: list[Link] = []
        self.counts: Counter[str] = Counter()
        self.acted = threading.Event()
        self.done = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._acceptor = threading.Thread(target=self._accept, daemon=True)

    @property
    def environment(self) -> dict[str, str]:
        """The PG* variables that lead through the proxy."""
        port = self._listener.getsockname()[1]
        through = {"PGHOST": "127.0.0.1", "PGPORT": str(port)}
        return self._behind | through | {"PGSSLMODE": "disable", "PGGSSENCMODE": "disable"}

    def __enter__(self) -> Self:
        self._acceptor.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.refuse()
        self.cut_all()
        self._acceptor.join(_PATIENCE_SECONDS)
        for link in self._links:
            for thread in link.threads:
                thread.join(_PATIENCE_SECONDS)
            link.client.close()
            link.server.close()

    def cut_all(self) -> None:
        """End every connection, as a broken network does."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.cut()

    def keep_servers(self) -> None:
        """Let clients come and go from now on without the servers hearing of it."""
        self._keeps_servers = True

    def refuse(self) -> None:
        """Take no more connections."""
        _end(self._listener)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            try:
                server = _connect(self._behind)
            except OSError:
                client.close()
                continue
            link = Link(client, server)
            pumps = (self._pump_requests, self._pump_answers)
            link.threads += [
                threading.Thread(target=self._run, args=(pump, link), daemon=True) for pump in pumps
            ]
            with self._lock:
                self._links.append(link)
            for thread in link.threads:
                thread.start()

    def _run(self, pump: Callable[[Link], None], link: Link) -> None:
        with suppress(_SwallowedError):
            with suppress(OSError):
                pump(link)
            if self._keeps_servers:
                link.cut_client()
            else:
                link.cut()
        with self._lock:
            link.ended += 1
            if link.ended == len(link.threads):
                # What was sent and not read is answered with a reset, as by a machine whose process
                # is gone. A socket that is only shut down keeps a client waiting to send more.
                link.client.close()

    def _pump_requests(self, link: Link) -> None:
        if self._point is not None and self._point.kind == "sent_bytes":
            self._pump_bytes(link, link.client, link.server, "sent_bytes")
            return
        pending = b""
        is_greeted = False
        while chunk := link.client.recv(CHUNK_BYTES):
            pending += chunk
            if not is_greeted:
                # The first message has no type: a length, then the version and the parameters.
                size = struct.unpack("!I", pending[:4])[0] if len(pending) >= 4 else 4
                if len(pending) < size:
                    continue
                link.server.sendall(pending[:size])
                pending, is_greeted = pending[size:], True
            while len(pending) >= 5 and len(pending) > (size := _size(pending)):
                message, pending = pending[: size + 1], pending[size + 1 :]
                self._forward(link, message)

    def _forward(self, link: Link, message: bytes) -> None:
        kinds = _kinds(message)
        with self._lock:
            self.counts.update(kinds)
            self.counts["sent_bytes"] += len(message)
            is_there = self._is_at(kinds)
        if "commit" in kinds and self._delay:
            time.sleep(self._delay)
        if is_there and self._point is not None:
            if self._point.side == "before":
                self._act(link)
            else:
                link.answer_is_awaited = True
        link.server.sendall(message)

    def _is_at(self, kinds: list[str]) -> bool:
        point = self._point
        return point is not None and point.kind in kinds and self.counts[point.kind] == point.nth

    def _pump_answers(self, link: Link) -> None:
        if self._point is not None and self._point.kind == "answered_bytes":
            self._pump_bytes(link, link.server, link.client, "answered_bytes")
            return
        while chunk := link.server.recv(CHUNK_BYTES):
            if link.answer_is_awaited:
                link.answer_is_awaited = False
                self._act(link)
            with self._lock:
                self.counts["answered_bytes"] += len(chunk)
            link.client.sendall(chunk)

    def _pump_bytes(
        self, link: Link, source: socket.socket, target: socket.socket, kind: str
    ) -> None:
        """Pass bytes on; the byte before the point is the last one that gets through before."""
        nth = self._point.nth if self._point else 0
        while chunk := source.recv(CHUNK_BYTES):
            with self._lock:
                before = self.counts[kind]
                self.counts[kind] += len(chunk)
            if before < nth <= before + len(chunk):
                target.sendall(chunk[: nth - before - 1])
                self._act(link)
                chunk = chunk[nth - before - 1 :]
            target.sendall(chunk)

    def _act(self, link: Link) -> None:
        self.acted.set()
        try:
            if self._action is not None:
                self._action(self, link)
        finally:
            self.done.set()


def cut(_proxy: Proxy, link: Link) -> None:
    """Cut the connection that met the point."""
    link.cut()


def cut_all(proxy: Proxy, _link: Link) -> None:
    """Cut every connection."""
    proxy.cut_all()


def swallow(_proxy: Proxy, link: Link) -> None:
    """Cut the client only, and keep what it sent last from the server, which notices nothing."""
    link.cut_client()
    raise _SwallowedError


class _SwallowedError(Exception):
    """What a pump ends with when the server's side is to stay open."""


def _kinds(message: bytes) -> list[str]:
    kinds = ["message"]
    text = b""
    if message[:1] == b"Q":
        text = message[5:]
    elif message[:1] == b"P":
        text = message[5:].partition(b"\0")[2]
    statement = text.partition(b"\0")[0].strip(b" ;\n").lower()
    if statement == b"commit":
        kinds.append("commit")
    elif statement.startswith(b"copy"):
        kinds.append("copy")
    elif message[:1] == b"d":
        kinds.append("data")
    return kinds


def _size(pending: bytes) -> int:
    """Return the length of the message `pending` starts with, without the byte of its type."""
    return int(struct.unpack("!I", pending[1:5])[0])


def _connect(environment: dict[str, str]) -> socket.socket:
    host, port = environment["PGHOST"], environment["PGPORT"]
    if not host.startswith("/"):
        server = socket.create_connection((host, int(port)), _PATIENCE_SECONDS)
        server.settimeout(None)
        return server
    server = socket.socket(socket.AF_UNIX)
    server.connect(f"{host}/.s.PGSQL.{port}")
    return server


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
