-- Where nodes have gone that were deleted.
-- depends: 0018_connecting

-- migrate: apply

CREATE TABLE redirects (
    -- The name that it had.
    node text PRIMARY KEY,
    uri text NOT NULL,
    since timestamptz NOT NULL
);

-- migrate: rollback

DROP TABLE redirects;
