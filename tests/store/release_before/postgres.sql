-- A database as the release before left it (commit 6c5892c), cut off by a power failure while it worked:
-- two questions answered, one of them with a warning, a run remembered, a snooze, a mark, a subscription, a report,
-- the account's three invoices in the ledger; one question and one digest under way, one digest waiting for its turn.
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA dbos;
CREATE FUNCTION dbos.enqueue_workflow(workflow_name text, queue_name text, positional_args json[] DEFAULT ARRAY[]::json[], named_args json DEFAULT '{}'::json, class_name text DEFAULT NULL::text, config_name text DEFAULT NULL::text, workflow_id text DEFAULT NULL::text, app_version text DEFAULT NULL::text, timeout_ms bigint DEFAULT NULL::bigint, deadline_epoch_ms bigint DEFAULT NULL::bigint, deduplication_id text DEFAULT NULL::text, priority integer DEFAULT NULL::integer, queue_partition_key text DEFAULT NULL::text, authenticated_user text DEFAULT NULL::text, authenticated_roles text DEFAULT NULL::text, delay_until_epoch_ms bigint DEFAULT NULL::bigint, application_name text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_workflow_id TEXT;
    v_serialized_inputs TEXT;
    v_owner_xid TEXT;
    v_now BIGINT;
    v_recovery_attempts INT4 := 0;
    v_priority INT4;
    v_status TEXT;
BEGIN

    -- Validate required parameters
    IF workflow_name IS NULL OR workflow_name = '' THEN
        RAISE EXCEPTION 'Workflow name cannot be null or empty';
    END IF;
    IF queue_name IS NULL OR queue_name = '' THEN
        RAISE EXCEPTION 'Queue name cannot be null or empty';
    END IF;
    IF named_args IS NOT NULL AND jsonb_typeof(named_args::jsonb) != 'object' THEN
        RAISE EXCEPTION 'Named args must be a JSON object';
    END IF;
    IF workflow_id IS NOT NULL AND workflow_id = '' THEN
        RAISE EXCEPTION 'Workflow ID cannot be an empty string if provided.';
    END IF;
    IF delay_until_epoch_ms IS NOT NULL AND delay_until_epoch_ms < 0 THEN
        RAISE EXCEPTION 'delay_until_epoch_ms must be >= 0';
    END IF;
    v_workflow_id := COALESCE(workflow_id, gen_random_uuid()::TEXT);
    v_owner_xid := gen_random_uuid()::TEXT;
    v_priority := COALESCE(priority, 0);
    v_serialized_inputs := json_build_object(
        'positionalArgs', positional_args,
        'namedArgs', named_args
    )::TEXT;
    v_now := EXTRACT(epoch FROM now()) * 1000;
    v_status := CASE WHEN delay_until_epoch_ms IS NULL THEN 'ENQUEUED' ELSE 'DELAYED' END;
    INSERT INTO "dbos".workflow_status (
        workflow_uuid, status,
        name, class_name, config_name,
        queue_name, deduplication_id, priority, queue_partition_key,
        application_version,
        created_at, updated_at, recovery_attempts,
        workflow_timeout_ms, workflow_deadline_epoch_ms,
        parent_workflow_id, owner_xid, serialization,
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    ) VALUES (
        v_workflow_id, v_status,
        workflow_name, class_name, config_name,
        queue_name, deduplication_id, v_priority, queue_partition_key,
        app_version,
        v_now, v_now, v_recovery_attempts,
        timeout_ms, deadline_epoch_ms,
        NULL, v_owner_xid, 'portable_json',
        authenticated_user, authenticated_roles,
        delay_until_epoch_ms, application_name
    )
    ON CONFLICT (workflow_uuid)
    DO UPDATE SET
        updated_at = EXCLUDED.updated_at;
    INSERT INTO "dbos".workflow_input (
        workflow_uuid, inputs, retention_timestamp
    ) VALUES (
        v_workflow_id, v_serialized_inputs, v_now
    )
    ON CONFLICT (workflow_uuid) DO NOTHING;
    RETURN v_workflow_id;
EXCEPTION
    WHEN unique_violation THEN
        RAISE EXCEPTION 'DBOS queue duplicated'
            USING DETAIL = format('Workflow %s with queue %s and deduplication ID %s already exists', v_workflow_id, queue_name, deduplication_id),
                ERRCODE = 'unique_violation';
END;
$$;
CREATE FUNCTION dbos.notifications_function() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    payload text := NEW.destination_uuid || '::' || NEW.topic;
BEGIN
    PERFORM pg_notify('dbos_notifications_channel', payload);
    RETURN NEW;
END;
$$;
CREATE FUNCTION dbos.send_message(destination_id text, message json, topic text DEFAULT NULL::text, message_id text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_topic TEXT := COALESCE(topic, '__null__topic__');
    v_message_id TEXT := COALESCE(message_id, gen_random_uuid()::TEXT);
BEGIN
    INSERT INTO "dbos".notifications (
        destination_uuid, topic, message, message_uuid, serialization
    ) VALUES (
        destination_id, v_topic, message, v_message_id, 'portable_json'
    )
    ON CONFLICT (message_uuid) DO NOTHING;
EXCEPTION
    WHEN foreign_key_violation THEN
        RAISE EXCEPTION 'DBOS non-existent workflow'
            USING DETAIL = format('Destination workflow %s does not exist', destination_id),
                ERRCODE = 'foreign_key_violation';
END;
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE dbos.application_versions (
    version_id text NOT NULL,
    version_name text NOT NULL,
    version_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text
);
CREATE TABLE dbos.dbos_migrations (
    version bigint NOT NULL
);
CREATE TABLE dbos.event_dispatch_kv (
    service_name text NOT NULL,
    workflow_fn_name text NOT NULL,
    key text NOT NULL,
    value text,
    update_seq numeric(38,0),
    update_time numeric(38,15)
);
CREATE TABLE dbos.notifications (
    message_uuid text DEFAULT gen_random_uuid() NOT NULL,
    destination_uuid text NOT NULL,
    topic text,
    message text NOT NULL,
    created_at_epoch_ms bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    serialization text,
    consumed boolean DEFAULT false NOT NULL,
    consumed_by_function_id integer
);
CREATE TABLE dbos.operation_outputs (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    function_name text DEFAULT ''::text NOT NULL,
    output text,
    error text,
    child_workflow_id text,
    started_at_epoch_ms bigint,
    completed_at_epoch_ms bigint,
    serialization text,
    application_name text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.queues (
    queue_id text DEFAULT (gen_random_uuid())::text NOT NULL,
    name text NOT NULL,
    concurrency integer,
    worker_concurrency integer,
    rate_limit_max integer,
    rate_limit_period_sec double precision,
    priority_enabled boolean DEFAULT false NOT NULL,
    partition_queue boolean DEFAULT false NOT NULL,
    polling_interval_sec double precision DEFAULT 1.0 NOT NULL,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_name text,
    partition_concurrency integer,
    partition_worker_concurrency integer,
    partition_rate_limit_max integer,
    partition_rate_limit_period_sec double precision
);
CREATE TABLE dbos.streams (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    "offset" integer NOT NULL,
    function_id integer DEFAULT 0 NOT NULL,
    serialization text
);
CREATE TABLE dbos.workflow_events (
    workflow_uuid text NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);
CREATE TABLE dbos.workflow_events_history (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);
CREATE TABLE dbos.workflow_input (
    workflow_uuid text NOT NULL,
    inputs text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.workflow_output (
    workflow_uuid text NOT NULL,
    output text,
    error text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.workflow_schedules (
    schedule_id text NOT NULL,
    schedule_name text NOT NULL,
    workflow_name text NOT NULL,
    workflow_class_name text,
    schedule text NOT NULL,
    status text DEFAULT 'ACTIVE'::text NOT NULL,
    context text NOT NULL,
    last_fired_at text,
    automatic_backfill boolean DEFAULT false NOT NULL,
    cron_timezone text,
    queue_name text,
    application_name text
);
CREATE TABLE dbos.workflow_status (
    workflow_uuid text NOT NULL,
    status text,
    name text,
    authenticated_user text,
    assumed_role text,
    authenticated_roles text,
    request text,
    output text,
    error text,
    executor_id text,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_version text,
    application_id text,
    class_name character varying(255) DEFAULT NULL::character varying,
    config_name character varying(255) DEFAULT NULL::character varying,
    recovery_attempts bigint DEFAULT 0,
    queue_name text,
    workflow_timeout_ms bigint,
    workflow_deadline_epoch_ms bigint,
    inputs text,
    started_at_epoch_ms bigint,
    deduplication_id text,
    priority integer DEFAULT 0 NOT NULL,
    queue_partition_key text,
    forked_from text,
    owner_xid text,
    parent_workflow_id text,
    serialization text,
    delay_until_epoch_ms bigint,
    was_forked_from boolean DEFAULT false NOT NULL,
    rate_limited boolean DEFAULT false NOT NULL,
    completed_at bigint,
    attributes jsonb,
    schedule_name text,
    debounce_deadline_epoch_ms bigint,
    is_debounced boolean DEFAULT false NOT NULL,
    application_name text,
    creator_xid text
);
CREATE TABLE public.invoice_bot_executors (
    executor_id text NOT NULL,
    seen_at timestamp with time zone NOT NULL
);
CREATE TABLE public.invoice_bot_ledger_books (
    id bigint NOT NULL,
    account text NOT NULL,
    rules integer NOT NULL,
    emptied_at text
);
ALTER TABLE public.invoice_bot_ledger_books ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.invoice_bot_ledger_books_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.invoice_bot_ledger_invoices (
    book_id bigint NOT NULL,
    id text NOT NULL,
    number text NOT NULL,
    customer_id text,
    ticket_id text,
    updated_at text,
    read_at text NOT NULL,
    facts text NOT NULL
);
CREATE TABLE public.invoice_bot_ledger_lines (
    book_id bigint NOT NULL,
    invoice_id text NOT NULL,
    line_id text NOT NULL,
    there_since text NOT NULL,
    amount text,
    is_stray boolean NOT NULL
);
CREATE TABLE public.invoice_bot_ledger_numbers (
    book_id bigint NOT NULL,
    invoice_id text NOT NULL,
    said text NOT NULL,
    span_digits integer
);
CREATE TABLE public.invoice_bot_ledger_places (
    book_id bigint NOT NULL,
    name text NOT NULL,
    since text,
    as_of text NOT NULL,
    searched_at text NOT NULL,
    skipped integer NOT NULL
);
CREATE TABLE public.invoice_bot_ledger_ticket_items (
    book_id bigint NOT NULL,
    ticket_id text NOT NULL,
    item_id text NOT NULL
);
CREATE TABLE public.invoice_bot_ledger_tickets (
    book_id bigint NOT NULL,
    id text NOT NULL,
    updated_at text NOT NULL,
    read_at text NOT NULL,
    detail text NOT NULL
);
CREATE TABLE public.invoice_bot_marks (
    id bigint NOT NULL,
    ticket_id text NOT NULL,
    ticket_number text NOT NULL,
    customer text NOT NULL,
    made_by text NOT NULL,
    reason text NOT NULL,
    made_at text NOT NULL,
    undone_by text,
    undone_at text
);
ALTER TABLE public.invoice_bot_marks ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.invoice_bot_marks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.invoice_bot_messages (
    channel text NOT NULL,
    ts text NOT NULL,
    ticket_id text NOT NULL,
    ticket_number text NOT NULL,
    thread_ts text,
    source text NOT NULL,
    posted_at text NOT NULL
);
CREATE TABLE public.invoice_bot_posts (
    channel text NOT NULL,
    ts text NOT NULL,
    text text NOT NULL,
    blocks text NOT NULL,
    updates text NOT NULL,
    evidence text NOT NULL,
    posted_at text NOT NULL
);
CREATE TABLE public.invoice_bot_rate_ended (
    free_at double precision NOT NULL,
    calls integer NOT NULL
);
CREATE TABLE public.invoice_bot_rate_processes (
    process text NOT NULL,
    under_way integer NOT NULL,
    counts_until double precision NOT NULL,
    waits_until double precision NOT NULL
);
CREATE TABLE public.invoice_bot_rate_restraint (
    id integer NOT NULL,
    paused_until double precision NOT NULL,
    share double precision NOT NULL,
    lowered_at double precision NOT NULL,
    calm_since double precision NOT NULL
);
CREATE TABLE public.invoice_bot_runs (
    id bigint NOT NULL,
    run_key text NOT NULL,
    day text NOT NULL,
    made_at text NOT NULL,
    complete boolean NOT NULL,
    checked integer NOT NULL,
    unbilled integer NOT NULL,
    at_risk text NOT NULL,
    failures text NOT NULL
);
ALTER TABLE public.invoice_bot_runs ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.invoice_bot_runs_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.invoice_bot_schema (
    version integer NOT NULL
);
CREATE TABLE public.invoice_bot_snoozes (
    ticket_id text NOT NULL,
    ticket_number text NOT NULL,
    ends_at text NOT NULL,
    made_by text NOT NULL,
    reason text NOT NULL,
    made_at text NOT NULL
);
CREATE TABLE public.invoice_bot_subscriptions (
    user_id text NOT NULL,
    customers text NOT NULL,
    mine boolean NOT NULL
);
CREATE TABLE public.invoice_bot_warnings (
    id bigint NOT NULL,
    ticket_id text NOT NULL,
    ticket_number text NOT NULL,
    customer text NOT NULL,
    amount text NOT NULL,
    source text NOT NULL,
    first_said text NOT NULL,
    said_at text NOT NULL,
    ended_at text,
    ending text,
    invoice_number text,
    retracted_at text
);
ALTER TABLE public.invoice_bot_warnings ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.invoice_bot_warnings_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.invoice_bot_wrong_reports (
    id bigint NOT NULL,
    ticket_id text NOT NULL,
    ticket_number text NOT NULL,
    reported_by text NOT NULL,
    reported_at text NOT NULL,
    evidence text NOT NULL,
    warning_id bigint
);
ALTER TABLE public.invoice_bot_wrong_reports ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME public.invoice_bot_wrong_reports_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
INSERT INTO dbos.application_versions VALUES ('fc90f144-32b9-46b9-aa81-7add212b2e2e', '1', 1795877015828, 1795877015828, 'invoice-bot');
INSERT INTO dbos.dbos_migrations VALUES (125);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 1, 'begin', '"2:007cdc53dbd2438da3f64351ed419519"', NULL, NULL, 1795877017196, 1795877017216, 'portable_json', 'invoice-bot', 1795877017219);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 1, 'begin', '"2:007cdc53dbd2438da3f64351ed419519"', NULL, NULL, 1795877017197, 1795877017218, 'portable_json', 'invoice-bot', 1795877017222);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 2, 'post parent', '{"channel":"C0BILLING","ts":"1700000000.000300","at":"2026-11-28T14:43:37.229588+00:00"}', NULL, NULL, 1795877017225, 1795877017235, 'portable_json', 'invoice-bot', 1795877017244);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 2, 'post parent', '{"channel":"C0BILLING","ts":"1700000000.000400","at":"2026-11-28T14:43:37.233165+00:00"}', NULL, NULL, 1795877017228, 1795877017254, 'portable_json', 'invoice-bot', 1795877017258);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 3, 'read from Syncro', '{"at":"2026-11-28T14:43:37.508834+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000001","number":"41001","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":""}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877017257, 1795877017509, 'portable_json', 'invoice-bot', 1795877017515);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 3, 'read from Syncro', '{"at":"2026-11-28T14:43:37.539222+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000002","number":"41002","subject":"Sample: printer shows offline","customer_id":"7000002","customer_business_then_name":"Sample Birch","status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":""}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877017285, 1795877017539, 'portable_json', 'invoice-bot', 1795877017542);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 4, 'read from Syncro', '{"at":"2026-11-28T14:43:37.550151+00:00","answers":[{"of":1,"calls":0,"value":null}]}', NULL, NULL, 1795877017533, 1795877017550, 'portable_json', 'invoice-bot', 1795877017557);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 4, 'read from Syncro', '{"at":"2026-11-28T14:43:37.571749+00:00","answers":[{"of":1,"calls":0,"value":null}]}', NULL, NULL, 1795877017545, 1795877017571, 'portable_json', 'invoice-bot', 1795877017573);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 5, 'read from Syncro', '{"at":"2026-11-28T14:43:37.600527+00:00","answers":[{"of":2,"calls":1,"value":{"id":"109000001","number":"41001","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":"","ticket_timers":[],"line_items":[]}}]}', NULL, NULL, 1795877017570, 1795877017622, 'portable_json', 'invoice-bot', 1795877017624);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 5, 'read from Syncro', '{"at":"2026-11-28T14:43:37.623165+00:00","answers":[{"of":2,"calls":1,"value":{"id":"109000002","number":"41002","subject":"Sample: printer shows offline","customer_id":"7000002","customer_business_then_name":"Sample Birch","status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":"","ticket_timers":[],"line_items":[{"id":"210000001","quantity":"1.0","price_retail":"75","retail_cents":"7500","converted":false,"item_id":null}]}}]}', NULL, NULL, 1795877017578, 1795877017631, 'portable_json', 'invoice-bot', 1795877017639);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 6, 'read from Syncro', '{"at":"2026-11-28T14:43:37.644025+00:00","answers":[{"of":3,"calls":0,"value":[]}]}', NULL, NULL, 1795877017628, 1795877017644, 'portable_json', 'invoice-bot', 1795877017645);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 6, 'read from Syncro', '{"at":"2026-11-28T14:43:37.657556+00:00","answers":[{"of":3,"calls":0,"value":[]}]}', NULL, NULL, 1795877017642, 1795877017657, 'portable_json', 'invoice-bot', 1795877017658);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 7, 'read from Syncro', '{"at":"2026-11-28T14:43:37.669321+00:00","answers":[{"of":4,"calls":1,"value":{"rows":[{"id":"1649000001","number":"6701","customer_id":"7000001","ticket_id":"109000001","created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z"}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877017653, 1795877017669, 'portable_json', 'invoice-bot', 1795877017671);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 7, 'read from Syncro', '{"at":"2026-11-28T14:43:37.683532+00:00","answers":[{"of":4,"calls":1,"value":{"rows":[],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877017662, 1795877017683, 'portable_json', 'invoice-bot', 1795877017687);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 8, 'read from Syncro', '{"at":"2026-11-28T14:43:37.704306+00:00","answers":[{"of":5,"calls":1,"value":{"rows":[{"id":"1649000002","number":"6702","customer_id":"7000002","ticket_id":null,"created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z"}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877017689, 1795877017704, 'portable_json', 'invoice-bot', 1795877017712);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 8, 'read from Syncro', '{"at":"2026-11-28T14:43:37.696467+00:00","answers":[{"of":5,"calls":1,"value":{"id":"1649000001","number":"6701","ticket_id":"109000001","line_items":[{"id":"410000001","price":"75.0","quantity":"1.0","item":"Sample labour","name":"Remote support","description":""}],"customer_id":"7000001","customer_business_then_name":"Sample Alder","total":"75.0","created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z","note":""}}]}', NULL, NULL, 1795877017678, 1795877017730, 'portable_json', 'invoice-bot', 1795877017731);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 9, 'read from Syncro', '{"at":"2026-11-28T14:43:37.762813+00:00","answers":[{"of":6,"calls":0,"value":[null]}]}', NULL, NULL, 1795877017731, 1795877017762, 'portable_json', 'invoice-bot', 1795877017766);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 9, 'edit parent', '{"done":true}', NULL, NULL, 1795877017742, 1795877017784, 'portable_json', 'invoice-bot', 1795877017788);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 10, 'read from Syncro', '{"at":"2026-11-28T14:43:37.784246+00:00","answers":[{"of":7,"calls":1,"value":{"id":"1649000002","number":"6702","ticket_id":null,"line_items":[{"id":"410000002","price":"75.0","quantity":"1.0","item":"Sample managed service","name":"Monthly sample service","description":""}],"customer_id":"7000002","customer_business_then_name":"Sample Birch","total":"75.0","created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z","note":""}}]}', NULL, NULL, 1795877017769, 1795877017798, 'portable_json', 'invoice-bot', 1795877017800);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 10, 'post evidence', '{"channel":"C0BILLING","ts":"1700000000.000500","at":"2026-11-28T14:43:37.802047+00:00"}', NULL, NULL, 1795877017794, 1795877017805, 'portable_json', 'invoice-bot', 1795877017811);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 11, 'read from Syncro', '{"at":"2026-11-28T14:43:37.815020+00:00","answers":[{"of":8,"calls":1,"value":{"rows":[{"id":"1649000002","number":"6702","customer_id":"7000002","ticket_id":null,"created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z"}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877017803, 1795877017815, 'portable_json', 'invoice-bot', 1795877017820);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.E518FB9F2DF74DA1', 11, 'look for warnings', '[]', NULL, NULL, 1795877017815, 1795877017847, 'portable_json', 'invoice-bot', 1795877017862);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 12, 'read from Syncro', '{"at":"2026-11-28T14:43:37.861245+00:00","answers":[{"of":9,"calls":1,"value":{"rows":[{"id":"1649000002","number":"6702","customer_id":"7000002","ticket_id":null,"created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z"}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877017832, 1795877017861, 'portable_json', 'invoice-bot', 1795877017879);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.C2D39D33517A434F', 2, 'post parent', '{"channel":"C0BILLING","ts":"1700000000.000800","at":"2026-11-28T14:44:14.598061+00:00"}', NULL, NULL, 1795877054580, 1795877054611, 'portable_json', 'invoice-bot', 1795877054613);
INSERT INTO dbos.operation_outputs VALUES ('digest:now:1337.1B23AE025AA34FAC', 4, 'read from Syncro', '{"at":"2026-11-28T14:44:16.313348+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000003","number":"41003","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":""},{"id":"109000002","number":"41002","subject":"Sample: printer shows offline","customer_id":"7000002","customer_business_then_name":"Sample Birch","status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":""},{"id":"109000001","number":"41001","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":""}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877056246, 1795877056313, 'portable_json', 'invoice-bot', 1795877056316);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 13, 'read from Syncro', '{"at":"2026-11-28T14:43:37.947270+00:00","answers":[{"of":10,"calls":0,"value":null}]}', NULL, NULL, 1795877017897, 1795877017947, 'portable_json', 'invoice-bot', 1795877017953);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 14, 'read from Syncro', '{"at":"2026-11-28T14:43:37.966724+00:00","answers":[{"of":11,"calls":1,"value":{"rows":[],"number":1,"total_pages":null,"size":25}}]}', NULL, NULL, 1795877017957, 1795877017966, 'portable_json', 'invoice-bot', 1795877017974);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 15, 'edit parent', '{"done":true}', NULL, NULL, 1795877017988, 1795877018033, 'portable_json', 'invoice-bot', 1795877018038);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 16, 'post evidence', '{"channel":"C0BILLING","ts":"1700000000.000600","at":"2026-11-28T14:43:38.074468+00:00"}', NULL, NULL, 1795877018054, 1795877018078, 'portable_json', 'invoice-bot', 1795877018081);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.C2D39D33517A434F', 1, 'begin', '"2:007cdc53dbd2438da3f64351ed419519"', NULL, NULL, 1795877054524, 1795877054543, 'portable_json', 'invoice-bot', 1795877054547);
INSERT INTO dbos.operation_outputs VALUES ('digest:now:1337.1B23AE025AA34FAC', 2, 'begin digest', '"2026-11-28T14:44:16.133230+00:00"', NULL, NULL, 1795877056130, 1795877056133, 'portable_json', 'invoice-bot', 1795877056134);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.220C7572CFD74EDF', 17, 'remember warnings', 'null', NULL, NULL, 1795877018096, 1795877018188, 'portable_json', 'invoice-bot', 1795877018189);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.C2D39D33517A434F', 4, 'read from Syncro', '{"at":"2026-11-28T14:44:14.733144+00:00","answers":[{"of":1,"calls":0,"value":null}]}', NULL, NULL, 1795877054730, 1795877054733, 'portable_json', 'invoice-bot', 1795877054743);
INSERT INTO dbos.operation_outputs VALUES ('digest:now:1337.1B23AE025AA34FAC', 5, 'read from Syncro', '{"at":"2026-11-28T14:44:16.450129+00:00","answers":[{"of":1,"calls":0,"value":{"id":"109000002","updated_at":"2026-11-19T14:43:28Z","read_at":"2026-11-28T14:43:37.578563Z","timers":[],"charges":[{"id":"210000001","quantity":"1.0","price_retail":"75","retail_cents":"7500","converted":false,"item_id":null}],"labels":{"status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:43:28Z"}}},{"of":2,"calls":0,"value":{"id":"109000003","updated_at":"2026-11-19T14:43:28Z","read_at":"2026-11-28T14:44:14.764256Z","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:43:28Z"}}},{"of":3,"calls":0,"value":{"id":"109000001","updated_at":"2026-11-19T14:43:28Z","read_at":"2026-11-28T14:43:37.570231Z","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:43:28Z"}}}]}', NULL, NULL, 1795877056334, 1795877056450, 'portable_json', 'invoice-bot', 1795877056452);
INSERT INTO dbos.operation_outputs VALUES ('digest:now:1337.1B23AE025AA34FAC', 6, 'read from Syncro', '{"at":"2026-11-28T14:44:16.541292+00:00","answers":[{"of":4,"calls":0,"value":[{"name":"account","since":null,"as_of":"2026-11-28T14:44:08.333313Z","searched_at":"2026-11-28T14:43:50.859351Z","skipped":0},{"name":"customer/7000002","since":null,"as_of":"2026-11-28T14:43:37.233165Z","searched_at":"2026-11-28T14:43:37.233165Z","skipped":0},null,{"name":"offered/109000002","since":null,"as_of":"2026-11-28T14:43:37.233165Z","searched_at":"2026-11-28T14:43:37.233165Z","skipped":0},null,null]}]}', NULL, NULL, 1795877056470, 1795877056541, 'portable_json', 'invoice-bot', 1795877056553);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.C2D39D33517A434F', 3, 'read from Syncro', '{"at":"2026-11-28T14:44:14.697061+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000003","number":"41003","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":""}],"number":1,"total_pages":1,"size":25}}]}', NULL, NULL, 1795877054645, 1795877054697, 'portable_json', 'invoice-bot', 1795877054699);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.C2D39D33517A434F', 5, 'read from Syncro', '{"at":"2026-11-28T14:44:14.793912+00:00","answers":[{"of":2,"calls":1,"value":{"id":"109000003","number":"41003","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:43:28Z","updated_at":"2026-11-19T14:43:28Z","resolved_at":"2026-11-19T14:43:28Z","user":"","ticket_timers":[],"line_items":[]}}]}', NULL, NULL, 1795877054764, 1795877054814, 'portable_json', 'invoice-bot', 1795877054818);
INSERT INTO dbos.operation_outputs VALUES ('command:1337.C2D39D33517A434F', 6, 'read from Syncro', '{"at":"2026-11-28T14:44:14.842637+00:00","answers":[{"of":3,"calls":0,"value":[]}]}', NULL, NULL, 1795877054821, 1795877054842, 'portable_json', 'invoice-bot', 1795877054844);
INSERT INTO dbos.operation_outputs VALUES ('digest:now:1337.1B23AE025AA34FAC', 1, 'begin', '"2:007cdc53dbd2438da3f64351ed419519"', NULL, NULL, 1795877056110, 1795877056124, 'portable_json', 'invoice-bot', 1795877056125);
INSERT INTO dbos.operation_outputs VALUES ('digest:now:1337.1B23AE025AA34FAC', 3, 'recall', '{"standing":[{"ticket_id":"109000002","ticket_number":"41002","customer":"Sample Birch","first_said":"2026-11-28","amount":"75.00"}],"trend":[{"day":"2026-11-28","unbilled":1,"money":"75.00"}],"snoozes":[{"ticket_id":"109000002","ticket_number":"41002","until":"2099-01-01T00:00:00Z","by":"U0MANAGER","reason":"waits for a part","at":"2026-11-28T14:44:14.174016Z"}],"marks":[{"ticket_id":"109000001","ticket_number":"41001","customer":"Sample Alder","by":"U0MANAGER","reason":"goodwill","at":"2026-11-28T14:44:14.174016Z"}]}', NULL, NULL, 1795877056144, 1795877056202, 'portable_json', 'invoice-bot', 1795877056212);
INSERT INTO dbos.queues VALUES ('8e63c4e6-66b4-4f87-bee7-93a661e395e4', 'checks', NULL, 16, NULL, NULL, true, false, 0.1, 1795877016005, 1795877016003, 'invoice-bot', NULL, NULL, NULL, NULL);
INSERT INTO dbos.queues VALUES ('8c971689-8354-49fc-bb76-f8f833b51de4', 'digests', NULL, 1, NULL, NULL, true, false, 0.1, 1795877016089, 1795877016082, 'invoice-bot', NULL, NULL, NULL, NULL);
INSERT INTO dbos.queues VALUES ('db7bb5dc-cd26-4976-a841-2e7f9aeb11c3', 'syncs', NULL, 1, NULL, NULL, true, false, 0.1, 1795877016138, 1795877016130, 'invoice-bot', NULL, NULL, NULL, NULL);
INSERT INTO dbos.workflow_input VALUES ('command:1337.E518FB9F2DF74DA1', '{"namedArgs":{},"positionalArgs":[{"references":["41001"],"channel":"C0BILLING","user":"U0TECH","thread_ts":null,"response_url":"http://slack.example/response/RAF1D60AF520E44E1","direct":false,"exhaustive":false,"fresh":false}]}', 1795877016695);
INSERT INTO dbos.workflow_input VALUES ('command:1337.220C7572CFD74EDF', '{"namedArgs":{},"positionalArgs":[{"references":["41002"],"channel":"C0BILLING","user":"U0TECH","thread_ts":null,"response_url":"http://slack.example/response/R1B74E0ACE3AD4783","direct":false,"exhaustive":false,"fresh":false}]}', 1795877016709);
INSERT INTO dbos.workflow_input VALUES ('command:1337.C2D39D33517A434F', '{"namedArgs":{},"positionalArgs":[{"references":["41003"],"channel":"C0BILLING","user":"U0TECH","thread_ts":null,"response_url":"http://slack.example/response/R02C0D664E9F14067","direct":false,"exhaustive":false,"fresh":true}]}', 1795877054422);
INSERT INTO dbos.workflow_input VALUES ('digest:now:1337.1B23AE025AA34FAC', '{"namedArgs":{},"positionalArgs":[{"day":"2026-11-28","channel":"C0BILLING","asked_by":"U0MANAGER","response_url":"http://slack.example/response/REB8F953490A14AB9"}]}', 1795877055938);
INSERT INTO dbos.workflow_input VALUES ('digest:now:1337.39555B37CF8542FE', '{"namedArgs":{},"positionalArgs":[{"day":"2026-11-28","channel":"C0BILLING","asked_by":"U0MANAGER","response_url":"http://slack.example/response/RFB0EFFDED0E748E6"}]}', 1795877056968);
INSERT INTO dbos.workflow_output VALUES ('command:1337.E518FB9F2DF74DA1', 'null', NULL, 1795877017894);
INSERT INTO dbos.workflow_output VALUES ('command:1337.220C7572CFD74EDF', 'null', NULL, 1795877018235);
INSERT INTO dbos.workflow_status VALUES ('command:1337.E518FB9F2DF74DA1', 'SUCCESS', 'check', NULL, NULL, NULL, NULL, NULL, NULL, 'another-host-1-4000b3cc', 1795877016695, 1795877017894, '1', '', NULL, NULL, 1, 'checks', NULL, NULL, NULL, 1795877017099, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795877017894, 'null', NULL, NULL, false, 'invoice-bot', 'e5ecccbf-ae25-4ab8-b6c3-ebcb8a2b08f9');
INSERT INTO dbos.workflow_status VALUES ('command:1337.220C7572CFD74EDF', 'SUCCESS', 'check', NULL, NULL, NULL, NULL, NULL, NULL, 'another-host-1-4000b3cc', 1795877016709, 1795877018235, '1', '', NULL, NULL, 1, 'checks', NULL, NULL, NULL, 1795877017099, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, 1795877018235, 'null', NULL, NULL, false, 'invoice-bot', '45c582b4-9634-42fd-86e4-404c7692e938');
INSERT INTO dbos.workflow_status VALUES ('command:1337.C2D39D33517A434F', 'PENDING', 'check', NULL, NULL, NULL, NULL, NULL, NULL, 'another-host-1-4000b3cc', 1795877054422, 1795877054453, '1', '', NULL, NULL, 1, 'checks', NULL, NULL, NULL, 1795877054453, NULL, 0, NULL, NULL, '75677b61-74f8-4b54-83d4-9c20bc1f55a9', NULL, 'portable_json', NULL, false, false, NULL, 'null', NULL, NULL, false, 'invoice-bot', '887af576-ea5e-4a21-8598-a0e4f22016ce');
INSERT INTO dbos.workflow_status VALUES ('digest:now:1337.1B23AE025AA34FAC', 'PENDING', 'digest', NULL, NULL, NULL, NULL, NULL, NULL, 'another-host-1-4000b3cc', 1795877055938, 1795877056060, '1', '', NULL, NULL, 1, 'digests', NULL, NULL, NULL, 1795877056060, NULL, 0, NULL, NULL, '46bbb71e-ef10-4fba-a31b-06c4e42b236e', NULL, 'portable_json', NULL, false, false, NULL, 'null', NULL, NULL, false, 'invoice-bot', '4b474300-2e54-4d12-987c-3cb2bddfee0e');
INSERT INTO dbos.workflow_status VALUES ('digest:now:1337.39555B37CF8542FE', 'ENQUEUED', 'digest', NULL, NULL, NULL, NULL, NULL, NULL, 'another-host-1-4000b3cc', 1795877056968, 1795877056968, '1', '', NULL, NULL, 0, 'digests', NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'portable_json', NULL, false, false, NULL, 'null', NULL, NULL, false, 'invoice-bot', 'f40ad451-084e-4aa9-bc15-0aea31835d77');
INSERT INTO public.invoice_bot_executors VALUES ('another-host-1-4000b3cc', '2026-11-28 14:44:18.776707+00');
INSERT INTO public.invoice_bot_ledger_books VALUES (1, 'http://syncro.example/api/v1', 1, NULL);
INSERT INTO public.invoice_bot_ledger_invoices VALUES (1, '1649000002', '6702', '7000002', NULL, '2026-11-23T14:43:28.000000+00:00', '2026-11-28T14:43:51.056242+00:00', '{"id":"1649000002","number":"6702","customer_id":"7000002","customer":"Sample Birch","total":"75.0","created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z","lines":[{"id":"410000002","amount":"75.00","is_stray":true}]}');
INSERT INTO public.invoice_bot_ledger_invoices VALUES (1, '1649000003', '6703', '7000001', '109000003', '2026-11-23T14:43:28.000000+00:00', '2026-11-28T14:43:51.056242+00:00', '{"id":"1649000003","number":"6703","ticket_id":"109000003","customer_id":"7000001","customer":"Sample Alder","total":"75.0","created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z","lines":[{"id":"410000003","amount":"75.00"}]}');
INSERT INTO public.invoice_bot_ledger_invoices VALUES (1, '1649000001', '6701', '7000001', '109000001', '2026-11-23T14:43:28.000000+00:00', '2026-11-28T14:43:51.056242+00:00', '{"id":"1649000001","number":"6701","ticket_id":"109000001","customer_id":"7000001","customer":"Sample Alder","total":"75.0","created_at":"2026-11-23T14:43:28Z","updated_at":"2026-11-23T14:43:28Z","lines":[{"id":"410000001","amount":"75.00"}]}');
INSERT INTO public.invoice_bot_ledger_lines VALUES (1, '1649000002', '410000002', '2026-11-23T14:53:28.000000+00:00', '75.00', true);
INSERT INTO public.invoice_bot_ledger_lines VALUES (1, '1649000003', '410000003', '2026-11-23T14:53:28.000000+00:00', '75.00', false);
INSERT INTO public.invoice_bot_ledger_lines VALUES (1, '1649000001', '410000001', '2026-11-23T14:53:28.000000+00:00', '75.00', false);
INSERT INTO public.invoice_bot_ledger_places VALUES (1, 'offered/109000002', NULL, '2026-11-28T14:43:37.233165+00:00', '2026-11-28T14:43:37.233165+00:00', 0);
INSERT INTO public.invoice_bot_ledger_places VALUES (1, 'customer/7000002', NULL, '2026-11-28T14:43:37.233165+00:00', '2026-11-28T14:43:37.233165+00:00', 0);
INSERT INTO public.invoice_bot_ledger_places VALUES (1, 'account', NULL, '2026-11-28T14:44:08.333313+00:00', '2026-11-28T14:43:50.859351+00:00', 0);
INSERT INTO public.invoice_bot_ledger_tickets VALUES (1, '109000001', '2026-11-19T14:43:28.000000+00:00', '2026-11-28T14:43:37.570231+00:00', '{"id":"109000001","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:43:28Z"}}');
INSERT INTO public.invoice_bot_ledger_tickets VALUES (1, '109000002', '2026-11-19T14:43:28.000000+00:00', '2026-11-28T14:43:37.578563+00:00', '{"id":"109000002","timers":[],"charges":[{"id":"210000001","quantity":"1.0","price_retail":"75","retail_cents":"7500","converted":false,"item_id":null}],"labels":{"status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:43:28Z"}}');
INSERT INTO public.invoice_bot_ledger_tickets VALUES (1, '109000003', '2026-11-19T14:43:28.000000+00:00', '2026-11-28T14:44:14.764256+00:00', '{"id":"109000003","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:43:28Z"}}');
INSERT INTO public.invoice_bot_marks VALUES (1, '109000001', '41001', 'Sample Alder', 'U0MANAGER', 'goodwill', '2026-11-28T14:44:14.174016+00:00', NULL, NULL);
INSERT INTO public.invoice_bot_messages VALUES ('C0BILLING', '1700000000.000400', '109000002', '41002', NULL, 'check', '2026-11-28T14:43:38.123434+00:00');
INSERT INTO public.invoice_bot_posts VALUES ('C0BILLING', '1700000000.000400', 'Warning. Ticket #41002 (Sample Birch): NOT INVOICED, on no invoice. Unbilled: 75.00 in charges.
The work is finished (status "Resolved"). Every place where its invoice could be was read, and none bills it.
Subject: Sample: printer shows offline · Status in Syncro: Resolved
checked 2026-11-28 14:43 UTC · 8 calls to Syncro · evidence in the thread', '[{"type": "header", "text": {"type": "plain_text", "text": "\ud83d\udea8 Warning: ticket #41002 is NOT INVOICED", "emoji": true}}, {"type": "section", "text": {"type": "mrkdwn", "text": "*Ticket <http://syncro.example/tickets/109000002|#41002>* \u00b7 Sample Birch \u00b7 \ud83d\udea8 *NOT INVOICED* \u2014 on no invoice; unbilled: 75.00 in charges", "verbatim": true}}, {"type": "section", "text": {"type": "mrkdwn", "text": "The work is finished (status \"Resolved\"). Every place where its invoice could be was read, and none bills it.\nSubject: Sample: printer shows offline \u00b7 Status in Syncro: Resolved", "verbatim": true}}, {"type": "context", "elements": [{"type": "mrkdwn", "text": "checked <!date^1795877017^{date_short_pretty} {time}|2026-11-28 14:43 UTC> \u00b7 8 calls to Syncro \u00b7 evidence in the thread", "verbatim": true}, {"type": "mrkdwn", "text": "asked by <@U0TECH>", "verbatim": true}]}, {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Check again", "emoji": true}, "action_id": "check_again", "value": "41002"}]}]', '[]', '{"109000002": {"ticket_number": "41002", "ticket_id": 109000002, "ticket_url": "http://syncro.example/tickets/109000002", "customer": "Sample Birch", "subject": "Sample: printer shows offline", "status": "Resolved", "verdict": "not_invoiced", "reason": "The work is finished (status \"Resolved\"). Every place where its invoice could be was read, and none bills it.", "invoices": [], "coverage": {"listed": 1, "read": 1, "from_ledger": 0, "skipped": 0, "complete": true}, "unbilled": {"minutes": 0, "charges": "75.00"}, "checked_at": "2026-11-28T14:43:37Z", "looked": [{"place": "Invoices that Syncro offers for this ticket", "outcome": "none offered"}, {"place": "This customer''s invoices changed since 2026-11-17", "outcome": "1 invoice listed, all read, no link"}, {"place": "This customer''s older invoices", "outcome": "1 invoice listed, all read, no link"}, {"place": "Recurring invoices", "outcome": "0 schedules, 0 that pick up unbilled ticket charges"}], "failures": [], "alone_in_message": true}}', '2026-11-28T14:43:38.123434+00:00');
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877077.56, 2);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877077.62, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877077.6799998, 2);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877077.74, 3);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877077.8, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877077.86, 2);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877077.98, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877091, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877091.06, 3);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877091.12, 3);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877091.3, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877091.48, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877091.6, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877109.06, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877109.3, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877109.54, 2);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877109.6599998, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877114.7, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877114.82, 1);
INSERT INTO public.invoice_bot_rate_ended VALUES (1795877116.32, 1);
INSERT INTO public.invoice_bot_rate_processes VALUES ('41f6828cba6e4f38996344be16f03925', 2, 1795877266.617491, 0);
INSERT INTO public.invoice_bot_rate_restraint VALUES (1, 0, 1, 0, 0);
INSERT INTO public.invoice_bot_runs VALUES (1, 'terminal:24e9f869-0cdb-4d7e-8809-a41f13e141b7', '2026-11-28', '2026-11-28T14:44:08.333313+00:00', true, 3, 1, '75.00', '[]');
INSERT INTO public.invoice_bot_schema VALUES (2);
INSERT INTO public.invoice_bot_snoozes VALUES ('109000002', '41002', '2099-01-01T00:00:00.000000+00:00', 'U0MANAGER', 'waits for a part', '2026-11-28T14:44:14.174016+00:00');
INSERT INTO public.invoice_bot_subscriptions VALUES ('U0MANAGER', '["Sample Birch"]', false);
INSERT INTO public.invoice_bot_warnings VALUES (1, '109000002', '41002', 'Sample Birch', '75.00', 'check', '2026-11-28', '2026-11-28T14:43:38.123434+00:00', NULL, NULL, NULL, NULL);
INSERT INTO public.invoice_bot_wrong_reports VALUES (1, '109000002', '41002', 'U0MANAGER', '2026-11-28T14:44:14.174016+00:00', '{"seen": "a sample"}', 1);
SELECT pg_catalog.setval('public.invoice_bot_ledger_books_id_seq', 1, true);
SELECT pg_catalog.setval('public.invoice_bot_marks_id_seq', 1, true);
SELECT pg_catalog.setval('public.invoice_bot_runs_id_seq', 1, true);
SELECT pg_catalog.setval('public.invoice_bot_warnings_id_seq', 2, true);
SELECT pg_catalog.setval('public.invoice_bot_wrong_reports_id_seq', 1, true);
ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_pkey PRIMARY KEY (version_id);
ALTER TABLE ONLY dbos.application_versions
    ADD CONSTRAINT application_versions_version_name_key UNIQUE (version_name);
ALTER TABLE ONLY dbos.dbos_migrations
    ADD CONSTRAINT dbos_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY dbos.event_dispatch_kv
    ADD CONSTRAINT event_dispatch_kv_pkey PRIMARY KEY (service_name, workflow_fn_name, key);
ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_pkey PRIMARY KEY (message_uuid);
ALTER TABLE ONLY dbos.operation_outputs
    ADD CONSTRAINT operation_outputs_pkey PRIMARY KEY (workflow_uuid, function_id);
ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_name_key UNIQUE (name);
ALTER TABLE ONLY dbos.queues
    ADD CONSTRAINT queues_pkey PRIMARY KEY (queue_id);
ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_pkey PRIMARY KEY (workflow_uuid, key, "offset");
ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_pkey PRIMARY KEY (workflow_uuid, function_id, key);
ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_pkey PRIMARY KEY (workflow_uuid, key);
ALTER TABLE ONLY dbos.workflow_input
    ADD CONSTRAINT workflow_input_pkey PRIMARY KEY (workflow_uuid);
ALTER TABLE ONLY dbos.workflow_output
    ADD CONSTRAINT workflow_output_pkey PRIMARY KEY (workflow_uuid);
ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_pkey PRIMARY KEY (schedule_id);
ALTER TABLE ONLY dbos.workflow_schedules
    ADD CONSTRAINT workflow_schedules_schedule_name_key UNIQUE (schedule_name);
ALTER TABLE ONLY dbos.workflow_status
    ADD CONSTRAINT workflow_status_pkey PRIMARY KEY (workflow_uuid);
ALTER TABLE ONLY public.invoice_bot_executors
    ADD CONSTRAINT invoice_bot_executors_pkey PRIMARY KEY (executor_id);
ALTER TABLE ONLY public.invoice_bot_ledger_books
    ADD CONSTRAINT invoice_bot_ledger_books_account_rules_key UNIQUE (account, rules);
ALTER TABLE ONLY public.invoice_bot_ledger_books
    ADD CONSTRAINT invoice_bot_ledger_books_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invoice_bot_ledger_invoices
    ADD CONSTRAINT invoice_bot_ledger_invoices_pkey PRIMARY KEY (book_id, id);
ALTER TABLE ONLY public.invoice_bot_ledger_lines
    ADD CONSTRAINT invoice_bot_ledger_lines_pkey PRIMARY KEY (book_id, invoice_id, line_id);
ALTER TABLE ONLY public.invoice_bot_ledger_numbers
    ADD CONSTRAINT invoice_bot_ledger_numbers_pkey PRIMARY KEY (book_id, invoice_id, said);
ALTER TABLE ONLY public.invoice_bot_ledger_places
    ADD CONSTRAINT invoice_bot_ledger_places_pkey PRIMARY KEY (book_id, name);
ALTER TABLE ONLY public.invoice_bot_ledger_ticket_items
    ADD CONSTRAINT invoice_bot_ledger_ticket_items_pkey PRIMARY KEY (book_id, ticket_id, item_id);
ALTER TABLE ONLY public.invoice_bot_ledger_tickets
    ADD CONSTRAINT invoice_bot_ledger_tickets_pkey PRIMARY KEY (book_id, id);
ALTER TABLE ONLY public.invoice_bot_marks
    ADD CONSTRAINT invoice_bot_marks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invoice_bot_messages
    ADD CONSTRAINT invoice_bot_messages_pkey PRIMARY KEY (channel, ts, ticket_id);
ALTER TABLE ONLY public.invoice_bot_posts
    ADD CONSTRAINT invoice_bot_posts_pkey PRIMARY KEY (channel, ts);
ALTER TABLE ONLY public.invoice_bot_rate_ended
    ADD CONSTRAINT invoice_bot_rate_ended_pkey PRIMARY KEY (free_at);
ALTER TABLE ONLY public.invoice_bot_rate_processes
    ADD CONSTRAINT invoice_bot_rate_processes_pkey PRIMARY KEY (process);
ALTER TABLE ONLY public.invoice_bot_rate_restraint
    ADD CONSTRAINT invoice_bot_rate_restraint_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invoice_bot_runs
    ADD CONSTRAINT invoice_bot_runs_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invoice_bot_runs
    ADD CONSTRAINT invoice_bot_runs_run_key_key UNIQUE (run_key);
ALTER TABLE ONLY public.invoice_bot_snoozes
    ADD CONSTRAINT invoice_bot_snoozes_pkey PRIMARY KEY (ticket_id);
ALTER TABLE ONLY public.invoice_bot_subscriptions
    ADD CONSTRAINT invoice_bot_subscriptions_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY public.invoice_bot_warnings
    ADD CONSTRAINT invoice_bot_warnings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invoice_bot_wrong_reports
    ADD CONSTRAINT invoice_bot_wrong_reports_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.invoice_bot_wrong_reports
    ADD CONSTRAINT invoice_bot_wrong_reports_ticket_id_reported_by_reported_at_key UNIQUE (ticket_id, reported_by, reported_at);
CREATE INDEX idx_application_versions_owner_timestamp ON dbos.application_versions USING btree (application_name, version_timestamp DESC);
CREATE INDEX idx_application_versions_timestamp ON dbos.application_versions USING btree (version_timestamp DESC);
CREATE INDEX idx_operation_outputs_completed_at_function_name_v2 ON dbos.operation_outputs USING btree (completed_at_epoch_ms, function_name) INCLUDE (application_name);
CREATE INDEX idx_operation_outputs_retention ON dbos.operation_outputs USING btree (retention_timestamp);
CREATE INDEX idx_workflow_input_retention ON dbos.workflow_input USING btree (retention_timestamp);
CREATE INDEX idx_workflow_output_retention ON dbos.workflow_output USING btree (retention_timestamp);
CREATE INDEX idx_workflow_status_attributes ON dbos.workflow_status USING gin (attributes) WHERE (attributes IS NOT NULL);
CREATE INDEX idx_workflow_status_completed_at ON dbos.workflow_status USING btree (completed_at) WHERE (completed_at IS NOT NULL);
CREATE INDEX idx_workflow_status_deadline ON dbos.workflow_status USING btree (workflow_deadline_epoch_ms) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text, 'DELAYED'::text])) AND (workflow_deadline_epoch_ms IS NOT NULL));
CREATE INDEX idx_workflow_status_delayed ON dbos.workflow_status USING btree (delay_until_epoch_ms) WHERE (status = 'DELAYED'::text);
CREATE INDEX idx_workflow_status_failed ON dbos.workflow_status USING btree (status, created_at) WHERE (status = ANY (ARRAY['ERROR'::text, 'CANCELLED'::text, 'MAX_RECOVERY_ATTEMPTS_EXCEEDED'::text]));
CREATE INDEX idx_workflow_status_forked_from ON dbos.workflow_status USING btree (forked_from) WHERE (forked_from IS NOT NULL);
CREATE INDEX idx_workflow_status_in_flight_v2 ON dbos.workflow_status USING btree (queue_name, status, priority, created_at) INCLUDE (application_name) WHERE (status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text]));
CREATE INDEX idx_workflow_status_parent_workflow_id ON dbos.workflow_status USING btree (parent_workflow_id) WHERE (parent_workflow_id IS NOT NULL);
CREATE INDEX idx_workflow_status_partition_dequeue_v3 ON dbos.workflow_status USING btree (queue_name, status, queue_partition_key, priority, created_at, workflow_uuid) INCLUDE (application_name) WHERE ((status = ANY (ARRAY['ENQUEUED'::text, 'PENDING'::text])) AND (queue_partition_key IS NOT NULL));
CREATE INDEX idx_workflow_status_pending ON dbos.workflow_status USING btree (created_at) WHERE (status = 'PENDING'::text);
CREATE INDEX idx_workflow_status_rate_limited ON dbos.workflow_status USING btree (queue_name, started_at_epoch_ms) WHERE (rate_limited = true);
CREATE INDEX idx_workflow_status_schedule_name ON dbos.workflow_status USING btree (schedule_name) WHERE (schedule_name IS NOT NULL);
CREATE INDEX idx_workflow_status_started_at ON dbos.workflow_status USING btree (started_at_epoch_ms) WHERE (started_at_epoch_ms IS NOT NULL);
CREATE INDEX idx_workflow_topic ON dbos.notifications USING btree (destination_uuid, topic);
CREATE UNIQUE INDEX uq_application_versions_owner_version ON dbos.application_versions USING btree (application_name, version_name) WHERE (application_name IS NOT NULL);
CREATE UNIQUE INDEX uq_application_versions_unclaimed_version ON dbos.application_versions USING btree (version_name) WHERE (application_name IS NULL);
CREATE UNIQUE INDEX uq_workflow_status_dedup_id ON dbos.workflow_status USING btree (queue_name, deduplication_id) WHERE (deduplication_id IS NOT NULL);
CREATE INDEX workflow_status_created_at_index ON dbos.workflow_status USING btree (created_at);
CREATE INDEX invoice_bot_ledger_invoices_number ON public.invoice_bot_ledger_invoices USING btree (book_id, number);
CREATE INDEX invoice_bot_ledger_invoices_ticket ON public.invoice_bot_ledger_invoices USING btree (book_id, ticket_id) WHERE (ticket_id IS NOT NULL);
CREATE INDEX invoice_bot_ledger_invoices_updated ON public.invoice_bot_ledger_invoices USING btree (book_id, updated_at, id);
CREATE INDEX invoice_bot_ledger_lines_line ON public.invoice_bot_ledger_lines USING btree (book_id, line_id);
CREATE INDEX invoice_bot_ledger_lines_since ON public.invoice_bot_ledger_lines USING btree (book_id, there_since);
CREATE INDEX invoice_bot_ledger_numbers_said ON public.invoice_bot_ledger_numbers USING btree (book_id, said);
CREATE INDEX invoice_bot_ledger_numbers_span ON public.invoice_bot_ledger_numbers USING btree (book_id, span_digits, said) WHERE (span_digits IS NOT NULL);
CREATE INDEX invoice_bot_ledger_ticket_items_item ON public.invoice_bot_ledger_ticket_items USING btree (book_id, item_id);
CREATE UNIQUE INDEX invoice_bot_marks_standing ON public.invoice_bot_marks USING btree (ticket_id) WHERE (undone_at IS NULL);
CREATE INDEX invoice_bot_messages_ticket ON public.invoice_bot_messages USING btree (ticket_id);
CREATE UNIQUE INDEX invoice_bot_warnings_standing ON public.invoice_bot_warnings USING btree (ticket_id) WHERE (ended_at IS NULL);
CREATE INDEX invoice_bot_warnings_ticket ON public.invoice_bot_warnings USING btree (ticket_id);
CREATE TRIGGER dbos_notifications_trigger AFTER INSERT ON dbos.notifications FOR EACH ROW EXECUTE FUNCTION dbos.notifications_function();
ALTER TABLE ONLY dbos.notifications
    ADD CONSTRAINT notifications_destination_uuid_fkey FOREIGN KEY (destination_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY dbos.streams
    ADD CONSTRAINT streams_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY dbos.workflow_events_history
    ADD CONSTRAINT workflow_events_history_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY dbos.workflow_events
    ADD CONSTRAINT workflow_events_workflow_uuid_fkey FOREIGN KEY (workflow_uuid) REFERENCES dbos.workflow_status(workflow_uuid) ON UPDATE CASCADE ON DELETE CASCADE;
ALTER TABLE ONLY public.invoice_bot_wrong_reports
    ADD CONSTRAINT invoice_bot_wrong_reports_warning_id_fkey FOREIGN KEY (warning_id) REFERENCES public.invoice_bot_warnings(id);
