-- No two extensions have the same address: addresses make no difference between capitals and others.
-- depends: 0039_readable

-- migrate: apply

CREATE UNIQUE INDEX extensions_address ON extensions (lower(extension COLLATE "C"));

-- migrate: rollback

DROP INDEX extensions_address;
