"""The rights that the service needs of its tables, as `sql/grants.sql` gives them."""

import asyncpg

WRITTEN = (
    "affiliations", "agents", "calls", "choices", "contacts", "held", "items", "nodes", "outbox",
    "queue_log", "redirects", "subscriptions", "turns", "writer",
)  # fmt: skip

READ = ("extensions", "members", "people", "queues")
"""Customers may be anywhere: whether they can be looked up is tried by doing so."""

NEEDED = [
    *((table, right) for table in WRITTEN for right in ("SELECT", "INSERT", "UPDATE", "DELETE")),
    *((table, "SELECT") for table in READ),
    ("members", "UPDATE"),
]

MISSING = """
SELECT name, privilege, found IS NULL AS is_unknown
FROM unnest($1::text[], $2::text[]) AS needed (name, privilege), to_regclass(name) AS found
WHERE CASE privilege
    WHEN 'DELETE' THEN has_table_privilege(found, privilege)
    ELSE has_any_column_privilege(found, privilege)
END IS NOT TRUE
"""


async def missing(connection: asyncpg.Connection) -> str:
    """Return which rights this role lacks in an up-to-date schema, in words; empty: none."""
    names, rights = zip(*NEEDED, strict=True)
    rows = await connection.fetch(MISSING, names, rights)
    unknown = sorted({row["name"] for row in rows if row["is_unknown"]})
    if unknown:
        return f"there is no table {unknown[0]} in the search_path of this role"
    lacking = ", ".join(f"{row['privilege']} on {row['name']}" for row in rows)
    return f"this role may not {lacking}" if lacking else ""
