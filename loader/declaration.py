"""A value of a declaration that knows where it stands, for errors that name file and key."""

import re
from collections.abc import Mapping
from typing import NoReturn

from loader.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_JINJA = ("{{", "{%", "{#")


class Node:
    """A value of a declaration that knows its file and key, to say where an error is."""

    def __init__(self, value: object, path: str, key: str) -> None:
        """Hold a value found under `key`, its path of keys and names, in the file `path`."""
        self.value = value
        self._path = path
        self._key = key

    def refuse(self, reason: str, *hints: str) -> NoReturn:
        """Raise `UsageError` that names the file, the key and the reason."""
        message = f"{self._path}: {self._key}: {reason}"
        raise UsageError(message, *hints)

    def get(self, key: str) -> "Node":
        """Return the value under a key of a mapping; its own value is None when there is none."""
        if not isinstance(self.value, Mapping):
            self.refuse("is not a mapping")
        return Node(self.value.get(key), self._path, f"{self._key}.{key}".lstrip("."))

    def items(self) -> "list[Node]":
        """Return the entries of a list, each called by its name where it has one."""
        if self.value is None:
            return []
        if not isinstance(self.value, list):
            self.refuse("is not a list")
        return [
            Node(entry, self._path, f"{self._key}.{_name_of(entry, number)}")
            for number, entry in enumerate(self.value)
        ]

    def text(self) -> str:
        """Return the value, which must be text without Jinja."""
        if self.value is None:
            self.refuse("is missing")
        if not isinstance(self.value, str):
            self.refuse(f"is not text: {self.value!r}", "put it in quotes")
        if any(mark in self.value for mark in _JINJA):
            self.refuse("holds Jinja", "write the value itself: the loader renders nothing")
        return self.value

    def flag(self) -> bool:
        """Return the value, which must be true or false, and is false when left out."""
        if self.value is None:
            return False
        if not isinstance(self.value, bool):
            self.refuse(f"is not true or false: {self.value!r}")
        return self.value

    def identifier(self) -> str:
        """Return the value, which must be a name PostgreSQL takes without quotes or cutting."""
        name = self.text()
        if not _NAME.fullmatch(name):
            hint = "use a letter, then lower-case letters, digits and _, 63 characters at most"
            self.refuse(f"is not a name for PostgreSQL: {name!r}", hint)
        return name

    def allow(self, keys: tuple[str, ...]) -> None:
        """Refuse any key that is not one of `keys`."""
        if not isinstance(self.value, Mapping):
            self.refuse("is not a mapping")
        for key in self.value:
            if key not in keys:
                self.get(str(key)).refuse("is not a key the loader knows", _known(keys))


def _name_of(entry: object, number: int) -> str:
    name = entry.get("name") if isinstance(entry, Mapping) else None
    return name if isinstance(name, str) else str(number)


def _known(keys: tuple[str, ...]) -> str:
    return f"known keys: {', '.join(keys)}"
