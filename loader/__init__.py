"""Loads vendors' usage exports into PostgreSQL and turns them, with dbt, into costs somebody owns."""

__version__ = "0.1.0"
