-- An agent who has answered does not hear the caller at once (`memberdelay`).
-- depends: 0017_made_anew

-- migrate: apply

ALTER TABLE calls
    DROP CONSTRAINT calls_state_check,
    -- offered -> connecting -> answered
    --                       -> waiting (the agent hung up)
    ADD CONSTRAINT calls_state_check
        CHECK (state IN ('waiting', 'offered', 'connecting', 'answered', 'ended'));

-- migrate: rollback

UPDATE calls SET state = 'offered' WHERE state = 'connecting';

ALTER TABLE calls
    DROP CONSTRAINT calls_state_check,
    ADD CONSTRAINT calls_state_check CHECK (state IN ('waiting', 'offered', 'answered', 'ended'));
