-- The nodes of extensions send their newest item to subscribers who come online.
-- depends: 0009_transfers

-- migrate: apply

UPDATE nodes SET config = jsonb_set(
    config, '{send_last_published_item}', '"on_sub_and_presence"'
) WHERE managed AND config ->> 'send_last_published_item' = 'never';

-- migrate: rollback

UPDATE nodes SET config = jsonb_set(config, '{send_last_published_item}', '"never"')
WHERE config ->> 'send_last_published_item' = 'on_sub_and_presence';
