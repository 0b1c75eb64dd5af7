-- Why each call was offered to whom.
-- depends: 0019_redirects

-- migrate: apply

CREATE TABLE choices (
    call_id text NOT NULL,
    -- The first of the call's legs that were made then.
    attempt integer NOT NULL,
    queue text NOT NULL,
    at timestamptz NOT NULL,
    -- What decided: the strategy, that the agent spoke with the customer last, or a colleague.
    chosen_by text NOT NULL CHECK (chosen_by IN ('strategy', 'sticky', 'transfer')),
    strategy text NOT NULL,
    offered text[] NOT NULL,
    -- The first in the order of the strategy: extension, penalty, and what the strategy goes by.
    line jsonb NOT NULL,
    -- How many there were.
    candidates integer NOT NULL,
    -- By what kept them from the call: how many members, and the extensions of some.
    passed_over jsonb NOT NULL,
    PRIMARY KEY (call_id, attempt)
);

CREATE INDEX choices_at ON choices (at);

-- migrate: rollback

DROP TABLE choices;
