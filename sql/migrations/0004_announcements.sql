-- What callers hear while they wait.
-- depends: 0003_call_centre

-- migrate: apply

-- Names and meanings are app_queue's; times are in seconds.
ALTER TABLE queues
    -- Empty is what the dialplan has set for the channel.
    ADD COLUMN musicclass text NOT NULL DEFAULT '',
    -- 0 is never.
    ADD COLUMN announce_frequency double precision NOT NULL DEFAULT 0
        CHECK (announce_frequency >= 0),
    ADD COLUMN min_announce_frequency double precision NOT NULL DEFAULT 15
        CHECK (min_announce_frequency >= 1),
    ADD COLUMN announce_position text NOT NULL DEFAULT 'yes'
        CHECK (announce_position IN ('yes', 'no', 'limit', 'more')),
    ADD COLUMN announce_position_limit integer NOT NULL DEFAULT 5
        CHECK (announce_position_limit >= 0),
    ADD COLUMN announce_holdtime text NOT NULL DEFAULT 'no'
        CHECK (announce_holdtime IN ('yes', 'no', 'once')),
    -- Names of sounds, separated by commas: played in turn.
    ADD COLUMN periodic_announce text NOT NULL DEFAULT 'queue-periodic-announce',
    ADD COLUMN periodic_announce_frequency double precision NOT NULL DEFAULT 0
        CHECK (periodic_announce_frequency >= 0);

ALTER TABLE calls
    -- What was said to the caller and when; NULL is nothing.
    ADD COLUMN told jsonb;

-- migrate: rollback

ALTER TABLE calls DROP COLUMN told;

ALTER TABLE queues
    DROP COLUMN musicclass,
    DROP COLUMN announce_frequency,
    DROP COLUMN min_announce_frequency,
    DROP COLUMN announce_position,
    DROP COLUMN announce_position_limit,
    DROP COLUMN announce_holdtime,
    DROP COLUMN periodic_announce,
    DROP COLUMN periodic_announce_frequency;
