-- The service numbers the entries of queue_log, so that it can tell which it has written.
-- depends: 0010_last_item_on_presence

-- migrate: apply

ALTER TABLE queue_log ALTER COLUMN id DROP IDENTITY;

-- migrate: rollback

ALTER TABLE queue_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY;
SELECT setval(pg_get_serial_sequence('queue_log', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM queue_log), false);
