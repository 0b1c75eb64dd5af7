"""Deletes what has been kept for long enough, a few rows at a time: commits go on meanwhile."""

from enum import StrEnum


class Record(StrEnum):
    """What grows with each call, by the names of the tables."""

    CHOICES = "choices"
    CALLS = "calls"
    QUEUE_LOG = "queue_log"


AT_ONCE = 1000
"""Rows."""

STATEMENTS = {
    Record.CHOICES: """
        DELETE FROM choices WHERE (call_id, attempt) IN (
            SELECT call_id, attempt FROM choices
            WHERE at < now() - $1::interval ORDER BY at LIMIT $2
        )""",
    Record.CALLS: """
        DELETE FROM calls WHERE id IN (
            SELECT id FROM calls
            WHERE state = 'ended' AND ended_at < now() - $1::interval ORDER BY ended_at LIMIT $2
        )""",
    # The last entry stays, whose number the next one goes by.
    Record.QUEUE_LOG: """
        DELETE FROM queue_log WHERE id IN (
            SELECT id FROM queue_log
            WHERE time < now() - $1::interval AND id < (SELECT max(id) FROM queue_log)
            ORDER BY time LIMIT $2
        )""",
}
"""$1 is how long is kept, $2 how many rows are deleted."""
