-- Who created nodes, and when; and the newest item is sent on presence too, unless it is said.
-- depends: 0027_forgetting

-- migrate: apply

ALTER TABLE nodes
    -- A bare JID; empty if the service did.
    ADD COLUMN creator text NOT NULL DEFAULT '',
    -- NULL where that was not recorded.
    ADD COLUMN created timestamptz;

-- What is stored of a configuration is what differs from the default, which is another now.
UPDATE nodes
SET config = jsonb_build_object('send_last_published_item', 'on_sub') || config;

-- migrate: rollback

UPDATE nodes
SET config = jsonb_build_object('send_last_published_item', 'on_sub_and_presence') || config;
ALTER TABLE nodes DROP COLUMN creator, DROP COLUMN created;
