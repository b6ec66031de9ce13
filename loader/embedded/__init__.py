"""The embedded server: a PostgreSQL of the project's own, started when needed."""

from loader.embedded.address import Address
from loader.embedded.server import EmbeddedServer, Status

__all__ = ["Address", "EmbeddedServer", "Status"]
