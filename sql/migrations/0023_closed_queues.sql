-- Queues that are closed for the day.
-- depends: 0022_messages

-- migrate: apply

-- Until then nobody is let in, and those who wait are served; NULL is not closed.
ALTER TABLE queues ADD COLUMN closed_until timestamptz;

-- migrate: rollback

ALTER TABLE queues DROP COLUMN closed_until;
