"""Loads a CSV file with pandas the way most tutorials do: read_csv, then to_sql in chunks.

    python with_pandas.py FILE COLUMN,COLUMN TABLE

Every column stays text. The database is the one the PG* variables name.
"""

import sys

import pandas as pd
import sqlalchemy

_CHUNK = 10_000


def main() -> None:
    """Load the file that the arguments name."""
    file, columns, table = sys.argv[1:]
    # An empty address: the driver, libpq, takes everything from the PG* variables.
    engine = sqlalchemy.create_engine("postgresql+psycopg://")
    names = columns.split(",")
    for frame in pd.read_csv(file, header=0, names=names, dtype=str, chunksize=_CHUNK):
        frame.to_sql(table, engine, schema="public", if_exists="append", index=False)


if __name__ == "__main__":
    main()
