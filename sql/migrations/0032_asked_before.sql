-- Requests to be called back, of callers whom an agent has passed on since, count after a restart, too.
-- depends: 0031_keys

-- migrate: apply

ALTER TABLE calls
    -- What the caller asked for before the call came to this queue: number, by, at; NULL is nothing.
    ADD COLUMN asked_before jsonb CHECK (jsonb_typeof(asked_before) = 'array');

-- To count on after a restart.
CREATE INDEX calls_asked_before ON calls (entered_at) WHERE asked_before IS NOT NULL;

-- migrate: rollback

DROP INDEX calls_asked_before;

ALTER TABLE calls
    DROP COLUMN asked_before;
