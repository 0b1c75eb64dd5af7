-- A JID may have several subscriptions to a node, with different options.
-- depends: 0004_announcements

-- migrate: apply

ALTER TABLE subscriptions
    -- Whether notifications have a text for people too.
    ADD COLUMN include_body boolean NOT NULL DEFAULT false,
    DROP CONSTRAINT subscriptions_pkey,
    ADD PRIMARY KEY (node, service, jid, subid);

-- migrate: rollback

DELETE FROM subscriptions AS extra USING subscriptions AS kept
WHERE (extra.node, extra.service, extra.jid) = (kept.node, kept.service, kept.jid)
    AND extra.subid > kept.subid;
ALTER TABLE subscriptions
    DROP CONSTRAINT subscriptions_pkey,
    ADD PRIMARY KEY (node, service, jid),
    DROP COLUMN include_body;
