-- People who log on at whichever extension they sit at.
-- depends: 0023_closed_queues

-- migrate: apply

CREATE TABLE people (
    -- What they key.
    number text PRIMARY KEY CHECK (number ~ '^[0-9]+$'),
    name text NOT NULL CHECK (name <> ''),
    -- Their XMPP account, a bare JID in lower case.
    jid text NOT NULL CHECK (jid ~ '^[^/@]+@[^/@]+$' AND jid = lower(jid)),
    -- Hashed; empty if they need none.
    pin text NOT NULL DEFAULT '' CHECK (pin = '' OR pin LIKE 'scrypt$%')
);

ALTER TABLE agents
    -- Who is logged on at the extension, as it was found then; NULL is the extension's own agent.
    ADD COLUMN person text,
    ADD COLUMN person_jid text,
    ADD CHECK ((person IS NULL) = (person_jid IS NULL));

-- migrate: rollback

ALTER TABLE agents
    DROP COLUMN person,
    DROP COLUMN person_jid;

DROP TABLE people;
