-- A call may ring at several agents at once.
-- depends: 0005_several_subscriptions

-- migrate: apply

ALTER TABLE queues
    DROP CONSTRAINT queues_strategy_check,
    ADD CONSTRAINT queues_strategy_check CHECK (
        strategy IN (
            'leastrecent', 'fewestcalls', 'random', 'wrandom', 'rrmemory', 'rrordered', 'linear',
            'ringall'
        )
    );

ALTER TABLE calls
    -- Where the call rings; once it is answered, the one offer that was taken: a list of extension,
    -- attempt (which leg of the call), offered_at.
    ADD COLUMN offers jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(offers) = 'array');

UPDATE calls
SET offers = jsonb_build_array(jsonb_build_object(
    'extension', extension, 'attempt', attempt,
    'offered_at', to_char(offered_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
))
WHERE state IN ('offered', 'answered') OR outcome = 'completed';

-- Who answered.
UPDATE calls SET extension = NULL WHERE answered_at IS NULL;

ALTER TABLE calls DROP COLUMN offered_at;

-- migrate: rollback

ALTER TABLE calls ADD COLUMN offered_at timestamptz;

UPDATE calls
SET extension = offers -> 0 ->> 'extension',
    attempt = (offers -> 0 ->> 'attempt')::integer,
    offered_at = (offers -> 0 ->> 'offered_at')::timestamptz
WHERE offers <> '[]';

ALTER TABLE calls DROP COLUMN offers;

UPDATE queues SET strategy = 'leastrecent' WHERE strategy = 'ringall';

ALTER TABLE queues
    DROP CONSTRAINT queues_strategy_check,
    ADD CONSTRAINT queues_strategy_check CHECK (
        strategy IN (
            'leastrecent', 'fewestcalls', 'random', 'wrandom', 'rrmemory', 'rrordered', 'linear'
        )
    );
