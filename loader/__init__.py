"""From vendors' usage exports to costs somebody owns, in PostgreSQL and with dbt."""

__version__ = "0.1.0"
