-- Calls that ended long ago are found without looking through all that ever were.
-- depends: 0026_several_calls

-- migrate: apply

CREATE INDEX calls_ended ON calls (ended_at) WHERE state = 'ended';

-- migrate: rollback

DROP INDEX calls_ended;
