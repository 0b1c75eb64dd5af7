-- Agents who may have several calls at once.
-- depends: 0025_digests

-- migrate: apply

ALTER TABLE extensions
    -- How many calls the agent may have at once; more than one only of queues with ringinuse.
    ADD COLUMN max_calls integer NOT NULL DEFAULT 1 CHECK (max_calls BETWEEN 1 AND 100);

ALTER TABLE agents
    -- The calls that the agent is on besides that of the leg; NULL is none:
    -- [{"leg": {"call_id": ..., "attempt": ...}, "queue": ...}].
    ADD COLUMN others jsonb,
    -- The wrap-up from which another call keeps the agent: {"queue": ..., "until": ...}.
    ADD COLUMN deferred jsonb;

-- migrate: rollback

ALTER TABLE agents
    DROP COLUMN others,
    DROP COLUMN deferred;

ALTER TABLE extensions DROP COLUMN max_calls;
