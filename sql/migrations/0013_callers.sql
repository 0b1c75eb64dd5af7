-- What callers bring along, the key by which they leave, and the skills of agents.
-- depends: 0012_customers_phone

-- migrate: apply

ALTER TABLE queues
    -- Where a caller goes who presses a key that is an extension there; empty is nowhere.
    ADD COLUMN context text NOT NULL DEFAULT '' CHECK (context ~ '^[A-Za-z0-9_.-]*$'),
    ADD COLUMN memberdelay double precision NOT NULL DEFAULT 0 CHECK (memberdelay >= 0),
    -- After so many seconds the skills that a caller asks for are waived; 0 is never.
    ADD COLUMN skills_timeout double precision NOT NULL DEFAULT 0 CHECK (skills_timeout >= 0),
    -- As those that were there: neither infinite nor NaN, 10 years at most.
    ADD CONSTRAINT queues_waiting_finite CHECK (
        greatest(
            announce_frequency, min_announce_frequency, periodic_announce_frequency, memberdelay,
            skills_timeout
        ) <= 315360000
    );

ALTER TABLE extensions
    -- What the agent can do, and how well: {"french": 2}.
    ADD COLUMN skills jsonb NOT NULL DEFAULT '{}' CHECK (
        jsonb_typeof(skills) = 'object'
        AND NOT jsonb_path_exists(skills, '$.* ? (@.type() != "number" || @ != @.floor())')
    );

ALTER TABLE calls
    -- What the dialplan asked for: limits, skills, timeout; NULL is nothing.
    ADD COLUMN terms jsonb,
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail', 'withdraw', 'transferred', 'exitwithkey'
        )
    );

-- migrate: rollback

UPDATE calls SET outcome = 'abandoned' WHERE outcome = 'exitwithkey';

ALTER TABLE calls
    DROP COLUMN terms,
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail', 'withdraw', 'transferred'
        )
    );

ALTER TABLE extensions DROP COLUMN skills;

ALTER TABLE queues
    DROP CONSTRAINT queues_waiting_finite,
    DROP COLUMN context,
    DROP COLUMN memberdelay,
    DROP COLUMN skills_timeout;
