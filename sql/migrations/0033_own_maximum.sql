-- Administrators may say of an extension's node, too, how many items it keeps.
-- depends: 0032_asked_before

-- migrate: apply

ALTER TABLE nodes
    -- Whether the maximum in its configuration is its own, and not that of all extensions.
    ADD COLUMN own_maximum boolean NOT NULL DEFAULT false;

-- migrate: rollback

ALTER TABLE nodes DROP COLUMN own_maximum;
