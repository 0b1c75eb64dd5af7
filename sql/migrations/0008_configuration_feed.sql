-- What the operator changes is told to the running service.
-- depends: 0007_contacts

-- migrate: apply

-- A duration that the service can count with: neither infinite nor NaN, 10 years at most.
ALTER TABLE queues ADD CONSTRAINT queues_finite
    CHECK (greatest(timeout, retry, max_wait, wrapuptime, servicelevel) <= 315360000);

-- Notifies of a row by its key, whose columns are the trigger's arguments: [table, key, gone].
CREATE FUNCTION notify_configuration() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    old_key jsonb;
    new_key jsonb;
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        PERFORM pg_notify('ivr_pubsub_configuration', '');
        RETURN NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        SELECT jsonb_agg(to_jsonb(OLD) -> key.name ORDER BY key.place) INTO old_key
        FROM unnest(TG_ARGV) WITH ORDINALITY AS key (name, place);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        SELECT jsonb_agg(to_jsonb(NEW) -> key.name ORDER BY key.place) INTO new_key
        FROM unnest(TG_ARGV) WITH ORDINALITY AS key (name, place);
    END IF;
    IF old_key IS NOT NULL AND old_key IS DISTINCT FROM new_key THEN
        PERFORM notify_configuration(jsonb_build_array(TG_TABLE_NAME, old_key, true));
    END IF;
    IF new_key IS NOT NULL THEN
        PERFORM notify_configuration(jsonb_build_array(TG_TABLE_NAME, new_key, false));
    END IF;
    RETURN NULL;
END
$$;

-- What is too long for a notification stands for everything.
CREATE FUNCTION notify_configuration(payload jsonb) RETURNS void LANGUAGE sql AS $$
    SELECT pg_notify(
        'ivr_pubsub_configuration',
        CASE WHEN octet_length(payload::text) < 8000 THEN payload::text ELSE '' END
    )
$$;

CREATE TRIGGER notify_configuration AFTER INSERT OR UPDATE OR DELETE ON queues
    FOR EACH ROW EXECUTE FUNCTION notify_configuration('name');
CREATE TRIGGER notify_configuration AFTER INSERT OR UPDATE OR DELETE ON extensions
    FOR EACH ROW EXECUTE FUNCTION notify_configuration('extension');
-- Not of the columns in which the service notes who is logged on.
CREATE TRIGGER notify_configuration
    AFTER INSERT OR UPDATE OF queue, extension, penalty OR DELETE ON members
    FOR EACH ROW EXECUTE FUNCTION notify_configuration('queue', 'extension');

CREATE TRIGGER notify_truncated AFTER TRUNCATE ON queues
    FOR EACH STATEMENT EXECUTE FUNCTION notify_configuration();
CREATE TRIGGER notify_truncated AFTER TRUNCATE ON extensions
    FOR EACH STATEMENT EXECUTE FUNCTION notify_configuration();
CREATE TRIGGER notify_truncated AFTER TRUNCATE ON members
    FOR EACH STATEMENT EXECUTE FUNCTION notify_configuration();

-- Callers of a queue that is removed are withdrawn.
ALTER TABLE calls
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail', 'withdraw'
        )
    );

-- migrate: rollback

UPDATE calls SET outcome = 'timeout' WHERE outcome = 'withdraw';

ALTER TABLE calls
    DROP CONSTRAINT calls_outcome_check,
    ADD CONSTRAINT calls_outcome_check CHECK (
        outcome IN (
            'completed', 'abandoned', 'timeout', 'joinempty', 'leaveempty', 'full', 'joinunavail',
            'leaveunavail'
        )
    );

DROP TRIGGER notify_truncated ON queues;
DROP TRIGGER notify_truncated ON extensions;
DROP TRIGGER notify_truncated ON members;
DROP TRIGGER notify_configuration ON queues;
DROP TRIGGER notify_configuration ON extensions;
DROP TRIGGER notify_configuration ON members;
DROP FUNCTION notify_configuration(jsonb);
DROP FUNCTION notify_configuration();

ALTER TABLE queues DROP CONSTRAINT queues_finite;
