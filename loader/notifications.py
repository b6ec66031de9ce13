"""Where alerts go: addresses of Apprise, which knows Slack, e-mail, webhooks and a hundred others.

An address holds secrets. It is shown nowhere: a target is called by its service and by a digest.
"""

import hashlib
import importlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from loader.errors import UsageError

_PROJECT = "usage-costs"
_SERVICE = re.compile(r"([a-z][a-z0-9+]*)://\S", re.IGNORECASE)


@dataclass(frozen=True)
class Target:
    """An address to send to; `number` counts those of one command, `key` tells it from others."""

    number: int
    service: str
    key: str
    address: str = field(repr=False)

    @property
    def name(self) -> str:
        """What messages call it, such as `target 1 (slack)`."""
        return f"target {self.number} ({self.service})"


class Channel(Protocol):
    """An open target."""

    def send(self, title: str, body: str, *, is_failure: bool) -> bool:
        """Send a message; say whether the service took it."""
        ...


def targets_of(addresses: Sequence[str]) -> tuple[Target, ...]:
    """Return the targets, each once; raise `UsageError`, without the address, for what is none."""
    targets: dict[str, Target] = {}
    for number, address in enumerate(addresses, start=1):
        found = _SERVICE.match(address)
        if found is None:
            raise _not_an_address(number)
        target = Target(number, found[1].lower(), _key(address), address)
        targets.setdefault(target.key, target)
    return tuple(targets.values())


def open_channel(target: Target) -> Channel:
    """Return a channel to the target; raise `UsageError` when Apprise is missing or refuses it."""
    try:
        apprise = importlib.import_module("apprise")
    except ImportError:
        message = "sending alerts needs the package apprise"
        raise UsageError(message, f"pip install '{_PROJECT}[alerts]'") from None
    # What it logs may quote an address or a reply.
    logging.getLogger("apprise").disabled = True
    asset = apprise.AppriseAsset(storage_mode=apprise.PersistentStoreMode.MEMORY)
    plugin = apprise.Apprise.instantiate(target.address, asset=asset, suppress_exceptions=True)
    if plugin is None:
        raise _not_an_address(target.number)
    return _AppriseChannel(apprise, plugin)


class _AppriseChannel:
    def __init__(self, apprise: Any, plugin: Any) -> None:  # noqa: ANN401  # imported when needed
        self._types = apprise.NotifyType
        self._plugin = plugin

    def send(self, title: str, body: str, *, is_failure: bool) -> bool:
        kind = self._types.FAILURE if is_failure else self._types.WARNING
        try:
            return bool(self._plugin.notify(title=title, body=body, notify_type=kind))
        except Exception:  # noqa: BLE001  # what a plugin raises may quote its address
            return False


def _key(address: str) -> str:
    """Return a digest that is slow to guess from, since an address may hold a short password."""
    return hashlib.scrypt(
        address.encode(), salt=b"loader alerts", n=1 << 14, r=8, p=1, dklen=16
    ).hex()


def _not_an_address(number: int) -> UsageError:
    message = f"target {number}: is no address Apprise knows"
    return UsageError(
        message, "expected such as slack://…, mailto://… or json://host/path, see its documentation"
    )
