-- Notifications that are wanted together.
-- depends: 0024_people

-- migrate: apply

ALTER TABLE subscriptions
    -- Milliseconds that lie between two digests, at least; NULL: each notification comes alone.
    ADD COLUMN digest_every bigint CHECK (digest_every > 0),
    -- From which number on what the node holds waits for this subscription, and until when.
    ADD COLUMN digest_first bigint,
    ADD COLUMN digest_due timestamptz,
    ADD CHECK (digest_every IS NOT NULL OR digest_first IS NULL),
    ADD CHECK ((digest_first IS NULL) = (digest_due IS NULL));

CREATE TABLE held (
    node text NOT NULL REFERENCES nodes (name) ON DELETE CASCADE,
    -- Order at the node.
    seq bigint NOT NULL,
    -- NULL where something was published that has no item.
    item text,
    -- As it is to be delivered; NULL where the item was retracted.
    payload text,
    -- Whom to answer.
    reply_to text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (node, seq)
);

-- migrate: rollback

DROP TABLE held;
ALTER TABLE subscriptions
    DROP COLUMN digest_every, DROP COLUMN digest_first, DROP COLUMN digest_due;
