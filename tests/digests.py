"""What the marts hold, so that two builds can be compared."""

import psycopg


def digest_of_marts(connection: psycopg.Connection) -> dict[str, tuple[int, str]]:
    """Row count and content digest of every mart but the list of builds, in any order of rows."""
    tables = connection.execute(
        "select table_name from information_schema.tables"
        " where table_schema = 'marts' and table_name != 'rpt_builds' order by 1"
    ).fetchall()
    digests = {}
    for (table,) in tables:
        row = connection.execute(
            f"select count(*), coalesce(md5(string_agg(line, e'\n' order by line)), '')"
            f" from (select rows::text as line from marts.{table} as rows) as lines"
        ).fetchone()
        assert row is not None
        digests[table] = row
    return digests
