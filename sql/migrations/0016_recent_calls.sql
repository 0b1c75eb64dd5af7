-- What is read of recent calls at the start is found without looking through all that ever were.
-- depends: 0015_presence_options

-- migrate: apply

-- For the estimated hold time.
CREATE INDEX calls_answered ON calls (queue, answered_at) WHERE answered_at IS NOT NULL;

-- For who last spoke with a customer.
CREATE INDEX calls_spoken ON calls (ended_at)
    WHERE outcome = 'completed' AND customer IS NOT NULL AND extension IS NOT NULL;

-- migrate: rollback

DROP INDEX calls_spoken;
DROP INDEX calls_answered;
