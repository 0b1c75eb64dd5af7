-- Subscriptions that depend on how available the subscriber is.
-- depends: 0014_sticky

-- migrate: apply

ALTER TABLE subscriptions
    -- For which presence notifications are wanted; empty is for any, and for none.
    ADD COLUMN show_values text[] NOT NULL DEFAULT '{}'
        CHECK (show_values <@ ARRAY['online', 'chat', 'away', 'xa', 'dnd']),
    -- Whether it ends when the subscriber goes offline.
    ADD COLUMN until_offline boolean NOT NULL DEFAULT false;

-- migrate: rollback

ALTER TABLE subscriptions DROP COLUMN show_values, DROP COLUMN until_offline;
UPDATE nodes SET config = config - 'presence_based_delivery';
UPDATE nodes SET config = jsonb_set(config, '{access_model}', '"whitelist"')
WHERE config ->> 'access_model' = 'presence';
