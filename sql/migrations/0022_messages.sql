-- Who is told by message that a caller waits, and what.
-- depends: 0021_callbacks

-- migrate: apply

ALTER TABLE queues
    ADD COLUMN message_to text NOT NULL DEFAULT 'members'
        CHECK (message_to IN ('members', 'agent', 'nobody')),
    -- Whether the message says who calls.
    ADD COLUMN message_personal boolean NOT NULL DEFAULT true;

-- migrate: rollback

ALTER TABLE queues
    DROP COLUMN message_to,
    DROP COLUMN message_personal;
