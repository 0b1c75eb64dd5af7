-- The call centre: wrap-up, pause, strategies, the other settings of queues, queue_log.
-- depends: 0002_pubsub

-- migrate: apply

-- Names and meanings of the settings are those of app_queue; times are in seconds.
ALTER TABLE queues
    ADD COLUMN strategy text NOT NULL DEFAULT 'leastrecent' CHECK (
        strategy IN (
            'leastrecent', 'fewestcalls', 'random', 'wrandom', 'rrmemory', 'rrordered', 'linear'
        )
    ),
    ADD COLUMN wrapuptime double precision NOT NULL DEFAULT 0 CHECK (wrapuptime >= 0),
    -- How many callers may wait; 0 is any number.
    ADD COLUMN maxlen integer NOT NULL DEFAULT 0 CHECK (maxlen >= 0),
    ADD COLUMN servicelevel double precision NOT NULL DEFAULT 60 CHECK (servicelevel >= 0),
    -- Words separated by commas: which members do not count as there. With 'penalty' alone, as no
    -- caller has penalty limits, the queue is empty only if nobody is logged on.
    ADD COLUMN joinempty text NOT NULL DEFAULT 'penalty' CHECK (
        joinempty ~ '^((yes|no|strict|loose|paused|penalty|inuse|ringing|unavailable|invalid|unknown|wrapup)(,(?!$)|$))+$'
    ),
    ADD COLUMN leavewhenempty text NOT NULL DEFAULT 'penalty' CHECK (
        leavewhenempty ~ '^((yes|no|strict|loose|paused|penalty|inuse|ringing|unavailable|invalid|unknown|wrapup)(,(?!$)|$))+$'
    ),
    ADD COLUMN ringinuse boolean NOT NULL DEFAULT false,
    ADD COLUMN autopause text NOT NULL DEFAULT 'no' CHECK (autopause IN ('no', 'yes', 'all')),
    ADD COLUMN weight integer NOT NULL DEFAULT 0;

ALTER TABLE calls
    ADD COLUMN priority integer NOT NULL DEFAULT 0,
    -- The place in the line on entering it, from 1; 0 for one who was not let in.
    ADD COLUMN original_position integer NOT NULL DEFAULT 0,
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail'
        )
    );

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

-- As app_queue's realtime queue_log: the same columns, events and data, for the same statistics
-- software. Only ever added to; the operator deletes what is old.
CREATE TABLE queue_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time timestamptz NOT NULL,
    -- Asterisk's id of the caller's channel.
    callid text NOT NULL,
    queuename text NOT NULL,
    agent text NOT NULL,
    event text NOT NULL,
    data1 text NOT NULL,
    data2 text NOT NULL,
    data3 text NOT NULL,
    data4 text NOT NULL,
    data5 text NOT NULL
);

CREATE INDEX queue_log_time ON queue_log (time);

-- migrate: rollback

DROP TABLE queue_log;

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

UPDATE calls SET outcome = replace(outcome, 'unavail', 'empty');
UPDATE calls SET outcome = 'joinempty' WHERE outcome = 'full';

ALTER TABLE calls
    DROP COLUMN priority,
    DROP COLUMN original_position,
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN ('completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty')
    );

ALTER TABLE queues
    DROP COLUMN strategy,
    DROP COLUMN wrapuptime,
    DROP COLUMN maxlen,
    DROP COLUMN servicelevel,
    DROP COLUMN joinempty,
    DROP COLUMN leavewhenempty,
    DROP COLUMN ringinuse,
    DROP COLUMN autopause,
    DROP COLUMN weight;
