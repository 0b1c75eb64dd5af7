-- A membership that was deleted and made anew is told from the one that was there before.
-- depends: 0016_recent_calls

-- migrate: apply

-- Grows with each row that is made; what the service had noted in another one is gone with it.
ALTER TABLE members ADD COLUMN made bigint GENERATED ALWAYS AS IDENTITY;

-- What Asterisk can be asked about. Rows that were there already stay, until they are changed.
ALTER TABLE extensions ADD CONSTRAINT extensions_device_askable
    CHECK (device !~ '[,[:cntrl:]]' AND length(device) <= 250) NOT VALID;

-- migrate: rollback

ALTER TABLE extensions DROP CONSTRAINT extensions_device_askable;

ALTER TABLE members DROP COLUMN made;
