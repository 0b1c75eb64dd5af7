-- The first schema.
-- depends:

-- migrate: apply

-- What the operator configures. -----------------------------------------------------------------

CREATE TABLE customers (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code <> ''),
    name text NOT NULL,
    -- Travels with the call to the agent's software; all values are strings.
    attributes jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(attributes) = 'object')
);

CREATE TABLE extensions (
    extension text PRIMARY KEY CHECK (extension ~ '^[0-9A-Za-z_.-]+$'),
    -- What Asterisk rings, for example PJSIP/1000.
    device text NOT NULL UNIQUE CHECK (device LIKE '%/%'),
    -- The linked XMPP account, a bare JID in lower case.
    jid text NOT NULL CHECK (jid ~ '^[^/@]+@[^/@]+$' AND jid = lower(jid))
);

-- Names and meanings of the settings are those of app_queue; times are in seconds.
CREATE TABLE queues (
    name text PRIMARY KEY CHECK (name <> ''),
    timeout double precision NOT NULL DEFAULT 15 CHECK (timeout > 0),
    retry double precision NOT NULL DEFAULT 5 CHECK (retry > 0),
    -- How long a caller waits in all before going back to the dialplan.
    max_wait double precision NOT NULL DEFAULT 60 CHECK (max_wait > 0)
);

-- Who may log on to which queue, and who is.
CREATE TABLE members (
    queue text NOT NULL REFERENCES queues ON DELETE CASCADE ON UPDATE CASCADE,
    extension text NOT NULL REFERENCES extensions ON DELETE CASCADE ON UPDATE CASCADE,
    penalty integer NOT NULL DEFAULT 0 CHECK (penalty >= 0),
    -- NULL while logged off.
    logged_on_at timestamptz,
    -- Grows with each log-on; breaks ties between members.
    logon_order bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (queue, extension)
);

-- What the service remembers. -------------------------------------------------------------------

CREATE TABLE agents (
    extension text PRIMARY KEY REFERENCES extensions ON DELETE CASCADE ON UPDATE CASCADE,
    -- available -> reserved (offered a call) -> available
    -- reserved  -> on call  (answered)       -> available
    state text NOT NULL CHECK (state IN ('available', 'reserved', 'on call')),
    -- The leg that keeps the agent from other calls.
    leg_call text,
    leg_attempt integer,
    -- When the last connected call ended.
    last_call timestamptz,
    calls_taken bigint NOT NULL DEFAULT 0,
    CHECK ((state = 'available') = (leg_call IS NULL)),
    CHECK ((leg_call IS NULL) = (leg_attempt IS NULL))
);

CREATE TABLE calls (
    id text PRIMARY KEY,
    queue text NOT NULL,
    -- Asterisk's id of the caller's channel.
    channel text NOT NULL,
    caller_number text NOT NULL,
    caller_name text NOT NULL,
    -- What the caller keyed as customer code.
    digits text NOT NULL,
    -- As it was when the call came in: id, code, name, attributes.
    customer jsonb,
    -- waiting -> offered (to extension) -> waiting (withdrawn)
    --                                   -> answered -> ended
    -- waiting, offered                              -> ended
    state text NOT NULL CHECK (state IN ('waiting', 'offered', 'answered', 'ended')),
    extension text,
    attempt integer NOT NULL,
    tried text[] NOT NULL,
    retrying boolean NOT NULL,
    revision bigint NOT NULL,
    entered_at timestamptz NOT NULL,
    offered_at timestamptz,
    answered_at timestamptz,
    ended_at timestamptz,
    outcome text CHECK (
        outcome IN ('completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty')
    ),
    CHECK ((state = 'ended') = (outcome IS NOT NULL)),
    CHECK ((state = 'ended') = (ended_at IS NOT NULL))
);

CREATE INDEX calls_not_ended ON calls (entered_at) WHERE state <> 'ended';

-- Publish-subscribe (XEP-0060). -----------------------------------------------------------------

CREATE TABLE nodes (
    name text PRIMARY KEY,
    -- Owned by the service: exists as long as its extension does.
    managed boolean NOT NULL,
    title text NOT NULL,
    access_model text NOT NULL CHECK (access_model IN ('open', 'whitelist')),
    max_items integer NOT NULL CHECK (max_items >= 0)
);

CREATE TABLE affiliations (
    node text NOT NULL REFERENCES nodes ON DELETE CASCADE,
    jid text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'publisher', 'member', 'outcast')),
    PRIMARY KEY (node, jid)
);

CREATE TABLE subscriptions (
    node text NOT NULL REFERENCES nodes ON DELETE CASCADE,
    -- The service address it was made at.
    service text NOT NULL,
    jid text NOT NULL,
    subid text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (node, service, jid)
);

CREATE TABLE items (
    node text NOT NULL REFERENCES nodes ON DELETE CASCADE,
    id text NOT NULL,
    payload text NOT NULL,
    publisher text NOT NULL,
    published_at timestamptz NOT NULL,
    -- Order of publication.
    seq bigint NOT NULL,
    PRIMARY KEY (node, id)
);

-- Messages that are owed until the XMPP server has confirmed them.
CREATE TABLE outbox (
    seq bigint PRIMARY KEY,
    sender text NOT NULL,
    recipients text[] NOT NULL,
    type text NOT NULL,
    body text NOT NULL,
    expires_at timestamptz
);

-- migrate: rollback

DROP TABLE outbox, items, subscriptions, affiliations, nodes, calls, agents, members, queues,
    extensions, customers;
