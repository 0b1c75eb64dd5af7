-- Agents pass calls on.
-- depends: 0008_configuration_feed

-- migrate: apply

ALTER TABLE calls
    -- How the call came from one agent to another: a list of extension (who passed it on), at,
    -- attended (the two had talked before).
    ADD COLUMN transfers jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(transfers) = 'array'),
    -- With whom an agent passed it on to, past the queue.
    ADD COLUMN direct boolean NOT NULL DEFAULT false,
    -- When the caller has waited long enough; NULL is the queue's max_wait after entering.
    ADD COLUMN wait_until timestamptz,
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail', 'withdraw', 'transferred'
        )
    );

-- migrate: rollback

UPDATE calls SET outcome = 'completed' WHERE outcome = 'transferred';

ALTER TABLE calls
    DROP COLUMN transfers,
    DROP COLUMN direct,
    DROP COLUMN wait_until,
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail', 'withdraw'
        )
    );
