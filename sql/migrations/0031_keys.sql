-- Half an extension that a caller has keyed, to leave the queue by it, is known after a crash, too.
-- depends: 0030_full_nodes

-- migrate: apply

ALTER TABLE calls
    -- The last keys, as many as may begin an extension of the queue's context.
    ADD COLUMN keys text NOT NULL DEFAULT '';

-- migrate: rollback

ALTER TABLE calls
    DROP COLUMN keys;
