-- Who passed a call on, in vain or to somebody who is no agent, spoke with the customer, too.
-- depends: 0036_rounds

-- migrate: apply

DROP INDEX calls_spoken;

CREATE INDEX calls_spoken ON calls (ended_at)
    WHERE customer IS NOT NULL AND (extension IS NOT NULL OR transfers <> '[]');

-- migrate: rollback

DROP INDEX calls_spoken;

CREATE INDEX calls_spoken ON calls (ended_at)
    WHERE outcome = 'completed' AND customer IS NOT NULL AND extension IS NOT NULL;
