-- How a caller was to leave when the call was over: a gap may have come between.
-- depends: 0034_tags_of_languages

-- migrate: apply

ALTER TABLE calls
    -- QUEUESTATUS, or a number, or a channel; all empty is to be hung up. NULL: the caller had left.
    ADD COLUMN way_out jsonb;

-- migrate: rollback

ALTER TABLE calls DROP COLUMN way_out;
