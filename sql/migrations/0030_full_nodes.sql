-- What becomes of items beyond the maximum is configured; those of extensions go in silence as ever.
-- depends: 0029_callbacks_per_day

-- migrate: apply

UPDATE nodes SET config = config || '{"publish_node_full": "discard-oldest"}' WHERE managed;

-- migrate: rollback

UPDATE nodes SET config = config - 'publish_node_full';
