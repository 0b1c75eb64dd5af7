-- The language of a node is a tag (BCP 47). What is none would have its configuration refused.
-- depends: 0033_own_maximum

-- migrate: apply

UPDATE nodes SET config = config - 'language'
WHERE config->>'language' !~ '^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$';

-- migrate: rollback

-- There is nothing to go back to.
