-- Who sees the presence of an extension's address, or of the service's.
-- depends: 0006_offers

-- migrate: apply

CREATE TABLE contacts (
    service text NOT NULL,
    -- A bare JID.
    jid text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (service, jid)
);

-- migrate: rollback

DROP TABLE contacts;
