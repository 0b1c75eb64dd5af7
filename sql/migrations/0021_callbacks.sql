-- Callers keep their place without staying on the line, and are called back when it is their turn.
-- depends: 0020_choices

-- migrate: apply

ALTER TABLE queues
    -- What a caller presses who wishes to be called back; empty: nobody can.
    ADD COLUMN callback_key text NOT NULL DEFAULT '' CHECK (callback_key ~ '^[0-9*#]?$'),
    -- What Asterisk dials; empty: nobody is called. A Local channel without /n would vanish.
    ADD COLUMN callback_dial text NOT NULL DEFAULT '' CHECK (
        callback_dial = ''
        OR (
            callback_dial ~ '^[A-Za-z0-9_]+/[A-Za-z0-9_.:@/-]*\{number\}[A-Za-z0-9_.:@/-]*$'
            AND (callback_dial !~* '^local/' OR callback_dial ~ '/n$')
        )
    ),
    -- Patterns of the dialplan, separated by commas: the numbers that may be called.
    ADD COLUMN callback_numbers text NOT NULL DEFAULT '_ZXXX.,_0ZXXX.' CHECK (
        callback_numbers ~ '^((_?\+?([0-9XZN]|\[([0-9]|[0-9]-[0-9])+\])*\.?)(,|$))*$'
    ),
    -- The number that the customer's phone shows.
    ADD COLUMN callback_callerid text NOT NULL DEFAULT ''
        CHECK (callback_callerid ~ '^(\+?[0-9]+)?$'),
    -- How many callers may be waiting to be called back, in this queue.
    ADD COLUMN callback_maxlen integer NOT NULL DEFAULT 50 CHECK (callback_maxlen >= 0),
    -- The same at one number, in all queues together.
    ADD COLUMN callback_per_number integer NOT NULL DEFAULT 1 CHECK (callback_per_number >= 1),
    -- In seconds: how long after they asked for it callers are called back at the latest; how long
    -- the customer's phone rings; how long after a call that came to nothing there is another one.
    ADD COLUMN callback_max_age double precision NOT NULL DEFAULT 14400
        CHECK (callback_max_age BETWEEN 0 AND 315360000),
    ADD COLUMN callback_timeout double precision NOT NULL DEFAULT 30
        CHECK (callback_timeout BETWEEN 1 AND 3600),
    ADD COLUMN callback_tries integer NOT NULL DEFAULT 3 CHECK (callback_tries >= 1),
    ADD COLUMN callback_retry double precision NOT NULL DEFAULT 300
        CHECK (callback_retry BETWEEN 1 AND 315360000);

ALTER TABLE calls
    -- What a caller is being asked: at, digits, number; NULL is nothing.
    ADD COLUMN dialogue jsonb,
    -- Of who is to be called back, or was: number, asked_on, asked_at, calls, called_at, reached_at,
    -- again_at.
    ADD COLUMN callback jsonb,
    -- waiting -> away (to be called back) -> calling (the customer) -> away
    --                                                              -> waiting, offered
    -- away, calling                                                -> ended
    DROP CONSTRAINT calls_state_check,
    ADD CONSTRAINT calls_state_check
        CHECK (state IN ('waiting', 'offered', 'connecting', 'answered', 'away', 'calling', 'ended')),
    ADD CONSTRAINT calls_callback_check
        CHECK (state NOT IN ('away', 'calling') OR callback IS NOT NULL),
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail', 'withdraw', 'transferred', 'exitwithkey', 'unreached', 'expired',
            'declined'
        )
    );

-- migrate: rollback

UPDATE calls
SET outcome = 'abandoned', state = 'ended', ended_at = coalesce(ended_at, now())
WHERE state IN ('away', 'calling') OR outcome IN ('unreached', 'expired', 'declined');

ALTER TABLE calls
    DROP CONSTRAINT calls_callback_check,
    DROP COLUMN dialogue,
    DROP COLUMN callback,
    DROP CONSTRAINT calls_state_check,
    ADD CONSTRAINT calls_state_check
        CHECK (state IN ('waiting', 'offered', 'connecting', 'answered', 'ended')),
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail', 'withdraw', 'transferred', 'exitwithkey'
        )
    );

ALTER TABLE queues
    DROP COLUMN callback_key,
    DROP COLUMN callback_dial,
    DROP COLUMN callback_numbers,
    DROP COLUMN callback_callerid,
    DROP COLUMN callback_maxlen,
    DROP COLUMN callback_per_number,
    DROP COLUMN callback_max_age,
    DROP COLUMN callback_timeout,
    DROP COLUMN callback_tries,
    DROP COLUMN callback_retry;
