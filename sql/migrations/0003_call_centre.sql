-- The call centre: wrap-up, pause, strategies.
-- depends: 0001_schema

-- migrate: apply

-- Names and meanings of the settings are those of app_queue; times are in seconds.
ALTER TABLE queues
    ADD COLUMN strategy text NOT NULL DEFAULT 'leastrecent' CHECK (
        strategy IN (
            'leastrecent', 'fewestcalls', 'random', 'wrandom', 'rrmemory', 'rrordered', 'linear'
        )
    ),
    ADD COLUMN wrapuptime double precision NOT NULL DEFAULT 0 CHECK (wrapuptime >= 0);

ALTER TABLE members
    -- NULL while not paused.
    ADD COLUMN paused_at timestamptz,
    ADD COLUMN pause_reason text NOT NULL DEFAULT '',
    -- Connected calls of this queue.
    ADD COLUMN calls_taken bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT members_paused_while_logged_on
        CHECK (paused_at IS NULL OR logged_on_at IS NOT NULL);

ALTER TABLE agents
    -- Of the call that the leg or the wrap-up belongs to.
    ADD COLUMN queue text,
    ADD COLUMN wrap_up_until timestamptz,
    DROP CONSTRAINT agents_state_check,
    DROP CONSTRAINT agents_check,
    -- available -> reserved (offered a call) -> available
    -- reserved  -> on call  (answered)       -> available
    --                                        -> wrap-up -> available
    ADD CONSTRAINT agents_state_check
        CHECK (state IN ('available', 'reserved', 'on call', 'wrap-up')),
    ADD CONSTRAINT agents_leg_check
        CHECK ((state IN ('available', 'wrap-up')) = (leg_call IS NULL)),
    ADD CONSTRAINT agents_wrap_up_check
        CHECK ((state = 'wrap-up') = (wrap_up_until IS NOT NULL));

UPDATE agents SET queue = calls.queue FROM calls WHERE calls.id = agents.leg_call;

-- Who was offered the last call of a queue that goes round in a circle.
CREATE TABLE turns (
    queue text PRIMARY KEY REFERENCES queues ON DELETE CASCADE ON UPDATE CASCADE,
    extension text NOT NULL,
    logon_order bigint NOT NULL
);

-- migrate: rollback

DROP TABLE turns;

UPDATE agents SET state = 'available' WHERE state = 'wrap-up';

ALTER TABLE agents
    DROP CONSTRAINT agents_state_check,
    DROP CONSTRAINT agents_leg_check,
    DROP CONSTRAINT agents_wrap_up_check,
    DROP COLUMN queue,
    DROP COLUMN wrap_up_until,
    ADD CONSTRAINT agents_state_check CHECK (state IN ('available', 'reserved', 'on call')),
    ADD CONSTRAINT agents_check CHECK ((state = 'available') = (leg_call IS NULL));

ALTER TABLE members
    DROP CONSTRAINT members_paused_while_logged_on,
    DROP COLUMN paused_at,
    DROP COLUMN pause_reason,
    DROP COLUMN calls_taken;

ALTER TABLE queues DROP COLUMN strategy, DROP COLUMN wrapuptime;
