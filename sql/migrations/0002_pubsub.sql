-- Nodes are configured, subscriptions too.
-- depends: 0001_schema

-- migrate: apply

-- What differs from the service's default, by the names of XEP-0060's fields.
ALTER TABLE nodes ADD COLUMN config jsonb NOT NULL DEFAULT '{}'
    CHECK (jsonb_typeof(config) = 'object');

-- The titles of extensions' nodes are derived from their names.
UPDATE nodes SET config = jsonb_build_object(
    'title', CASE WHEN managed THEN '' ELSE title END,
    'access_model', access_model,
    'max_items', max_items,
    'send_last_published_item', 'never'
);

ALTER TABLE nodes DROP COLUMN title, DROP COLUMN access_model, DROP COLUMN max_items;

-- That an extension's account is a member of its node follows from `extensions`.
DELETE FROM affiliations USING nodes
WHERE nodes.name = affiliations.node AND nodes.managed AND affiliations.role = 'member';

ALTER TABLE affiliations
    DROP CONSTRAINT affiliations_role_check,
    ADD CHECK (role IN ('owner', 'publisher', 'publish-only', 'member', 'outcast'));

ALTER TABLE subscriptions
    ADD COLUMN state text NOT NULL DEFAULT 'subscribed' CHECK (state IN ('pending', 'subscribed')),
    -- Whether notifications are wanted now.
    ADD COLUMN deliver boolean NOT NULL DEFAULT true,
    -- When it ends by itself.
    ADD COLUMN expire timestamptz;

-- migrate: rollback

DELETE FROM affiliations WHERE role = 'publish-only';
DELETE FROM subscriptions WHERE state = 'pending';
ALTER TABLE subscriptions DROP COLUMN state, DROP COLUMN deliver, DROP COLUMN expire;
ALTER TABLE affiliations
    DROP CONSTRAINT affiliations_role_check,
    ADD CHECK (role IN ('owner', 'publisher', 'member', 'outcast'));
ALTER TABLE nodes
    ADD COLUMN title text NOT NULL DEFAULT '',
    ADD COLUMN access_model text NOT NULL DEFAULT 'whitelist'
        CHECK (access_model IN ('open', 'whitelist')),
    ADD COLUMN max_items integer NOT NULL DEFAULT 20 CHECK (max_items >= 0);
UPDATE nodes SET title = coalesce(config ->> 'title', '');
ALTER TABLE nodes DROP COLUMN config;
