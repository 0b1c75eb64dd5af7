-- It is known when those who were tried are tried again: an old timer is told from that of now.
-- depends: 0035_ways_out

-- migrate: apply

ALTER TABLE calls
    -- NULL while no pause runs before that.
    ADD COLUMN retry_at timestamptz;

UPDATE calls SET retry_at = now() WHERE retrying AND state IN ('waiting', 'away');

ALTER TABLE calls DROP COLUMN retrying;

-- migrate: rollback

ALTER TABLE calls ADD COLUMN retrying boolean;

UPDATE calls SET retrying = retry_at IS NOT NULL;

ALTER TABLE calls
    ALTER COLUMN retrying SET NOT NULL,
    DROP COLUMN retry_at;
