-- How often somebody may ask, within a day, to be called back.
-- depends: 0028_meta_data

-- migrate: apply

ALTER TABLE queues
    -- For one number, and from one number, in all queues together.
    ADD COLUMN callback_per_day integer NOT NULL DEFAULT 5 CHECK (callback_per_day >= 1);

-- To count on after a restart.
CREATE INDEX calls_called_back ON calls (entered_at) WHERE callback IS NOT NULL;

-- migrate: rollback

DROP INDEX calls_called_back;

ALTER TABLE queues DROP COLUMN callback_per_day;
