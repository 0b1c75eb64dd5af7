-- The rights that the service needs while it runs, and no others. To be run by a superuser, or by the
-- owner of database and schema if that may create roles, after the first `ivr-pubsub migrate` and
-- after each upgrade; running it twice changes nothing. Whoever is granted this role can run the
-- service:
--
--     CREATE ROLE ivr_pubsub LOGIN PASSWORD '...' IN ROLE ivr_pubsub_service;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ivr_pubsub_service') THEN
        CREATE ROLE ivr_pubsub_service NOLOGIN;
    END IF;
END
$$;

-- PostgreSQL 14 has it by default, and there it is a superuser's to take away.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO ivr_pubsub_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ivr_pubsub_service;

-- What is configured is read only: who calls, which extensions, queues and memberships there are,
-- and who may log on by which PIN.
REVOKE INSERT, UPDATE, DELETE
ON customers, extensions, queues, members, people, _pogo_migration, _pogo_version
FROM ivr_pubsub_service;

-- But of a membership, the service keeps whether its agent is logged on, paused and so on.
DO $$
BEGIN
    EXECUTE (
        SELECT format(
            'GRANT UPDATE (%s) ON members TO ivr_pubsub_service',
            string_agg(quote_ident(column_name), ', ')
        )
        FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = 'members'
        AND column_name NOT IN ('queue', 'extension', 'penalty')
    );
END
$$;

-- And of a queue, whether it is closed for the day.
GRANT UPDATE (closed_until) ON queues TO ivr_pubsub_service;

-- Administrators who are to add, change and remove extensions, customers, queues and members by
-- ad-hoc command, message or `ivr-pubsub agents add` need this; without it they are told that it is
-- not allowed:
--
--     GRANT INSERT, UPDATE, DELETE ON customers, extensions, queues, members TO ivr_pubsub_service;
