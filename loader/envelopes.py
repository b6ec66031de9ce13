"""What stands around the rows of a reply, as a source declares it.

A vendor's endpoint wraps its rows in an object: `{"period": {...}, "breakdown": [...]}`. Under
`config.meta.loader.envelope` a table names the member that holds the rows, the members that every
row gets as columns, and those that say nothing about a row. A member of an object in the envelope
is named with a point, such as period.start.
"""

from dataclasses import dataclass

from loader.declaration import Node

_KEYS = ("rows", "members", "ignored")


@dataclass(frozen=True)
class Envelope:
    """The member that holds the rows, and the names of the other members that may be there."""

    rows: str
    members: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()

    @property
    def outer_members(self) -> frozenset[str]:
        """The first parts of the names in `members`."""
        return frozenset(name.partition(".")[0] for name in self.members)


def read_envelope(node: Node) -> Envelope | None:
    """Return the envelope that the `loader` settings of a table declare, if they do.

    Raises `UsageError` that names file and key.
    """
    envelope = node.get("envelope")
    if envelope.value is None:
        return None
    envelope.allow(_KEYS)
    return Envelope(
        rows=envelope.get("rows").text(),
        members=tuple(name.text() for name in envelope.get("members").items()),
        ignored=tuple(name.text() for name in envelope.get("ignored").items()),
    )
