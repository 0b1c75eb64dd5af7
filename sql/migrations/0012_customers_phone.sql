-- Callers who key no code are looked for by number.
-- depends: 0011_queue_log_ids

-- migrate: apply

CREATE INDEX customers_phone ON customers ((attributes ->> 'phone'));

-- migrate: rollback

DROP INDEX customers_phone;
