"""A server that may be killed."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from databases import connect_to

from loader.embedded import EmbeddedServer
from loader.project import Project


@dataclass
class MortalServer:
    """An embedded server of the faults' own, that they may kill."""

    project: Project

    def environment(self, name: str = "postgres") -> dict[str, str]:
        address = EmbeddedServer(self.project.server_home).start()
        return {
            "PGHOST": address.host,
            "PGPORT": str(address.port),
            "PGUSER": address.user,
            "PGPASSWORD": address.password,
            "PGDATABASE": name,
            "PGSSLMODE": "disable",
        }

    def new_database(self, options: str = "") -> dict[str, str]:
        name = f"loader_faults_{secrets.token_hex(6)}"
        with connect_to(self.environment()) as connection:
            connection.execute(f"create database {name} template template0 {options}")
        return self.environment(name)

    @property
    def postmaster(self) -> int:
        pid = EmbeddedServer(self.project.server_home).status().pid
        assert pid is not None
        return pid

    @property
    def root(self) -> Path:
        return self.project.root
