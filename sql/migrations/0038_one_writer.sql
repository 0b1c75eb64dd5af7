-- Which service writes: one that has lost its connection finds out whether another has come meanwhile.
-- depends: 0037_who_passed_on

-- migrate: apply

CREATE TABLE writer (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    -- Made anew by each service that reads everything.
    term uuid NOT NULL
);

-- migrate: rollback

DROP TABLE writer;
