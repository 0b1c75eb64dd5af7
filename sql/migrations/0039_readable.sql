-- What is configured can be read: one row that cannot keeps the service from starting.
-- depends: 0038_one_writer

-- migrate: apply

-- The service knows neither the year 10000 nor the time before Christ.
UPDATE queues SET closed_until = 'infinity' WHERE closed_until > '9999-12-30 00:00+00';
UPDATE queues SET closed_until = NULL WHERE closed_until < '0001-01-02 00:00+00';
ALTER TABLE queues ADD CONSTRAINT queues_closed_until_readable CHECK (
    closed_until = 'infinity'
    OR closed_until BETWEEN '0001-01-02 00:00+00' AND '9999-12-30 00:00+00'
);

-- As commands take them. Rows that were there already stay, until they are changed.
ALTER TABLE extensions ADD CONSTRAINT extensions_skills_bounded CHECK (
    NOT jsonb_path_exists(skills, '$.* ? (@ >= 1000000000 || @ <= -1000000000)')
) NOT VALID;

-- migrate: rollback

ALTER TABLE extensions DROP CONSTRAINT extensions_skills_bounded;

ALTER TABLE queues DROP CONSTRAINT queues_closed_until_readable;
