-- A database as the release before left it (commit 6c5892c), cut off by a power failure while it worked:
-- two questions answered, one of them with a warning, a run remembered, a snooze, a mark, a subscription, a report,
-- the account's three invoices in the ledger; one question and one digest under way, one digest waiting for its turn.
BEGIN TRANSACTION;
CREATE TABLE application_versions (
    version_id TEXT NOT NULL PRIMARY KEY,
    version_name TEXT NOT NULL UNIQUE,
    version_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL);
INSERT INTO "application_versions" VALUES('b12f08a5-bda6-4bbd-8df2-db9504d578b9','1',1795876961000,1795876961000,'invoice-bot');
CREATE TABLE dbos_migrations (version INTEGER NOT NULL PRIMARY KEY);
INSERT INTO "dbos_migrations" VALUES(125);
CREATE TABLE invoice_bot_ledger_books (
        id INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        rules INTEGER NOT NULL,
        emptied_at TEXT,
        UNIQUE (account, rules)
    );
INSERT INTO "invoice_bot_ledger_books" VALUES(1,'http://syncro.example/api/v1',1,NULL);
CREATE TABLE invoice_bot_ledger_invoices (
        book_id BIGINT NOT NULL,
        id TEXT NOT NULL,
        number TEXT NOT NULL,
        customer_id TEXT,
        ticket_id TEXT,
        updated_at TEXT,
        read_at TEXT NOT NULL,
        facts TEXT NOT NULL,
        PRIMARY KEY (book_id, id)
    );
INSERT INTO "invoice_bot_ledger_invoices" VALUES(1,'1649000001','6701','7000001','109000001','2026-11-23T14:42:31.000000+00:00','2026-11-28T14:42:57.686157+00:00','{"id":"1649000001","number":"6701","ticket_id":"109000001","customer_id":"7000001","customer":"Sample Alder","total":"75.0","created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z","lines":[{"id":"410000001","amount":"75.00"}]}');
INSERT INTO "invoice_bot_ledger_invoices" VALUES(1,'1649000002','6702','7000002',NULL,'2026-11-23T14:42:31.000000+00:00','2026-11-28T14:42:57.686157+00:00','{"id":"1649000002","number":"6702","customer_id":"7000002","customer":"Sample Birch","total":"75.0","created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z","lines":[{"id":"410000002","amount":"75.00","is_stray":true}]}');
INSERT INTO "invoice_bot_ledger_invoices" VALUES(1,'1649000003','6703','7000001','109000003','2026-11-23T14:42:31.000000+00:00','2026-11-28T14:42:57.686157+00:00','{"id":"1649000003","number":"6703","ticket_id":"109000003","customer_id":"7000001","customer":"Sample Alder","total":"75.0","created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z","lines":[{"id":"410000003","amount":"75.00"}]}');
CREATE TABLE invoice_bot_ledger_lines (
        book_id BIGINT NOT NULL,
        invoice_id TEXT NOT NULL,
        line_id TEXT NOT NULL,
        there_since TEXT NOT NULL,
        amount TEXT,
        is_stray BOOLEAN NOT NULL,
        PRIMARY KEY (book_id, invoice_id, line_id)
    ) WITHOUT ROWID;
INSERT INTO "invoice_bot_ledger_lines" VALUES(1,'1649000001','410000001','2026-11-23T14:52:31.000000+00:00','75.00',0);
INSERT INTO "invoice_bot_ledger_lines" VALUES(1,'1649000002','410000002','2026-11-23T14:52:31.000000+00:00','75.00',1);
INSERT INTO "invoice_bot_ledger_lines" VALUES(1,'1649000003','410000003','2026-11-23T14:52:31.000000+00:00','75.00',0);
CREATE TABLE invoice_bot_ledger_numbers (
        book_id BIGINT NOT NULL,
        invoice_id TEXT NOT NULL,
        said TEXT NOT NULL,
        span_digits INTEGER,
        PRIMARY KEY (book_id, invoice_id, said)
    ) WITHOUT ROWID;
CREATE TABLE invoice_bot_ledger_places (
        book_id BIGINT NOT NULL,
        name TEXT NOT NULL,
        since TEXT,
        as_of TEXT NOT NULL,
        searched_at TEXT NOT NULL,
        skipped INTEGER NOT NULL,
        PRIMARY KEY (book_id, name)
    ) WITHOUT ROWID;
INSERT INTO "invoice_bot_ledger_places" VALUES(1,'account',NULL,'2026-11-28T14:43:15.121562+00:00','2026-11-28T14:42:57.297778+00:00',0);
INSERT INTO "invoice_bot_ledger_places" VALUES(1,'customer/7000002',NULL,'2026-11-28T14:42:42.496567+00:00','2026-11-28T14:42:42.496567+00:00',0);
INSERT INTO "invoice_bot_ledger_places" VALUES(1,'offered/109000002',NULL,'2026-11-28T14:42:42.496567+00:00','2026-11-28T14:42:42.496567+00:00',0);
CREATE TABLE invoice_bot_ledger_ticket_items (
        book_id BIGINT NOT NULL,
        ticket_id TEXT NOT NULL,
        item_id TEXT NOT NULL,
        PRIMARY KEY (book_id, ticket_id, item_id)
    ) WITHOUT ROWID;
CREATE TABLE invoice_bot_ledger_tickets (
        book_id BIGINT NOT NULL,
        id TEXT NOT NULL,
        updated_at TEXT NOT NULL,
        read_at TEXT NOT NULL,
        detail TEXT NOT NULL,
        PRIMARY KEY (book_id, id)
    );
INSERT INTO "invoice_bot_ledger_tickets" VALUES(1,'109000001','2026-11-19T14:42:31.000000+00:00','2026-11-28T14:42:42.710658+00:00','{"id":"109000001","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:42:31Z"}}');
INSERT INTO "invoice_bot_ledger_tickets" VALUES(1,'109000002','2026-11-19T14:42:31.000000+00:00','2026-11-28T14:42:42.754395+00:00','{"id":"109000002","timers":[],"charges":[{"id":"210000001","quantity":"1.0","price_retail":"75","retail_cents":"7500","converted":false,"item_id":null}],"labels":{"status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:42:31Z"}}');
INSERT INTO "invoice_bot_ledger_tickets" VALUES(1,'109000003','2026-11-19T14:42:31.000000+00:00','2026-11-28T14:43:18.773384+00:00','{"id":"109000003","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:42:31Z"}}');
CREATE TABLE invoice_bot_marks (
        id INTEGER PRIMARY KEY,
        ticket_id TEXT NOT NULL,
        ticket_number TEXT NOT NULL,
        customer TEXT NOT NULL,
        made_by TEXT NOT NULL,
        reason TEXT NOT NULL,
        made_at TEXT NOT NULL,
        undone_by TEXT,
        undone_at TEXT
    );
INSERT INTO "invoice_bot_marks" VALUES(1,'109000001','41001','Sample Alder','U0MANAGER','goodwill','2026-11-28T14:43:18.442566+00:00',NULL,NULL);
CREATE TABLE invoice_bot_messages (
        channel TEXT NOT NULL,
        ts TEXT NOT NULL,
        ticket_id TEXT NOT NULL,
        ticket_number TEXT NOT NULL,
        thread_ts TEXT,
        source TEXT NOT NULL,
        posted_at TEXT NOT NULL,
        PRIMARY KEY (channel, ts, ticket_id)
    );
INSERT INTO "invoice_bot_messages" VALUES('C0BILLING','1700000000.000300','109000002','41002',NULL,'check','2026-11-28T14:42:43.647841+00:00');
CREATE TABLE invoice_bot_posts (
        channel TEXT NOT NULL,
        ts TEXT NOT NULL,
        text TEXT NOT NULL,
        blocks TEXT NOT NULL,
        updates TEXT NOT NULL,
        evidence TEXT NOT NULL,
        posted_at TEXT NOT NULL,
        PRIMARY KEY (channel, ts)
    );
INSERT INTO "invoice_bot_posts" VALUES('C0BILLING','1700000000.000300','Warning. Ticket #41002 (Sample Birch): NOT INVOICED, on no invoice. Unbilled: 75.00 in charges.
The work is finished (status "Resolved"). Every place where its invoice could be was read, and none bills it.
Subject: Sample: printer shows offline · Status in Syncro: Resolved
checked 2026-11-28 14:42 UTC · 8 calls to Syncro · evidence in the thread','[{"type": "header", "text": {"type": "plain_text", "text": "\ud83d\udea8 Warning: ticket #41002 is NOT INVOICED", "emoji": true}}, {"type": "section", "text": {"type": "mrkdwn", "text": "*Ticket <http://syncro.example/tickets/109000002|#41002>* \u00b7 Sample Birch \u00b7 \ud83d\udea8 *NOT INVOICED* \u2014 on no invoice; unbilled: 75.00 in charges", "verbatim": true}}, {"type": "section", "text": {"type": "mrkdwn", "text": "The work is finished (status \"Resolved\"). Every place where its invoice could be was read, and none bills it.\nSubject: Sample: printer shows offline \u00b7 Status in Syncro: Resolved", "verbatim": true}}, {"type": "context", "elements": [{"type": "mrkdwn", "text": "checked <!date^1795876963^{date_short_pretty} {time}|2026-11-28 14:42 UTC> \u00b7 8 calls to Syncro \u00b7 evidence in the thread", "verbatim": true}, {"type": "mrkdwn", "text": "asked by <@U0TECH>", "verbatim": true}]}, {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Check again", "emoji": true}, "action_id": "check_again", "value": "41002"}]}]','[]','{"109000002": {"ticket_number": "41002", "ticket_id": 109000002, "ticket_url": "http://syncro.example/tickets/109000002", "customer": "Sample Birch", "subject": "Sample: printer shows offline", "status": "Resolved", "verdict": "not_invoiced", "reason": "The work is finished (status \"Resolved\"). Every place where its invoice could be was read, and none bills it.", "invoices": [], "coverage": {"listed": 1, "read": 1, "from_ledger": 0, "skipped": 0, "complete": true}, "unbilled": {"minutes": 0, "charges": "75.00"}, "checked_at": "2026-11-28T14:42:43Z", "looked": [{"place": "Invoices that Syncro offers for this ticket", "outcome": "none offered"}, {"place": "This customer''s invoices changed since 2026-11-17", "outcome": "1 invoice listed, all read, no link"}, {"place": "This customer''s older invoices", "outcome": "1 invoice listed, all read, no link"}, {"place": "Recurring invoices", "outcome": "0 schedules, 0 that pick up unbilled ticket charges"}], "failures": [], "alone_in_message": true}}','2026-11-28T14:42:43.647841+00:00');
CREATE TABLE invoice_bot_rate_ended (
	free_at DOUBLE NOT NULL, 
	calls INTEGER NOT NULL, 
	PRIMARY KEY (free_at)
);
INSERT INTO "invoice_bot_rate_ended" VALUES(3655.44,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3655.5,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3655.62,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3655.68,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3.65579999999999972711e+03,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3.65585999999999967263e+03,2);
INSERT INTO "invoice_bot_rate_ended" VALUES(3655.92,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3656.1,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3656.22,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3.65627999999999974529e+03,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3656.4,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3.67037999999999965433e+03,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3670.56,3);
INSERT INTO "invoice_bot_rate_ended" VALUES(3670.62,3);
INSERT INTO "invoice_bot_rate_ended" VALUES(3670.68,3);
INSERT INTO "invoice_bot_rate_ended" VALUES(3688.62,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3.68879999999999972715e+03,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3688.98,2);
INSERT INTO "invoice_bot_rate_ended" VALUES(3689.04,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3691.62,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3691.68,1);
INSERT INTO "invoice_bot_rate_ended" VALUES(3.69287999999999965437e+03,1);
CREATE TABLE invoice_bot_rate_processes (
	process TEXT NOT NULL, 
	under_way INTEGER NOT NULL, 
	counts_until DOUBLE NOT NULL, 
	waits_until DOUBLE NOT NULL, 
	PRIMARY KEY (process)
);
INSERT INTO "invoice_bot_rate_processes" VALUES('2fd720bf04b04d97888b6c5b86ca25c5',2,3842.922691493,0.0);
CREATE TABLE invoice_bot_rate_restraint (
	id INTEGER NOT NULL, 
	paused_until DOUBLE NOT NULL, 
	share DOUBLE NOT NULL, 
	lowered_at DOUBLE NOT NULL, 
	calm_since DOUBLE NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "invoice_bot_rate_restraint" VALUES(1,0.0,1.0,0.0,0.0);
CREATE TABLE invoice_bot_runs (
        id INTEGER PRIMARY KEY,
        run_key TEXT NOT NULL UNIQUE,
        day TEXT NOT NULL,
        made_at TEXT NOT NULL,
        complete BOOLEAN NOT NULL,
        checked INTEGER NOT NULL,
        unbilled INTEGER NOT NULL,
        at_risk TEXT NOT NULL,
        failures TEXT NOT NULL
    );
INSERT INTO "invoice_bot_runs" VALUES(1,'terminal:7bfa6962-8986-4a86-81df-a26b4dfe404f','2026-11-28','2026-11-28T14:43:15.121562+00:00',1,3,1,'75.00','[]');
CREATE TABLE invoice_bot_schema (version INTEGER NOT NULL);
INSERT INTO "invoice_bot_schema" VALUES(2);
CREATE TABLE invoice_bot_snoozes (
        ticket_id TEXT NOT NULL PRIMARY KEY,
        ticket_number TEXT NOT NULL,
        ends_at TEXT NOT NULL,
        made_by TEXT NOT NULL,
        reason TEXT NOT NULL,
        made_at TEXT NOT NULL
    );
INSERT INTO "invoice_bot_snoozes" VALUES('109000002','41002','2099-01-01T00:00:00.000000+00:00','U0MANAGER','waits for a part','2026-11-28T14:43:18.442566+00:00');
CREATE TABLE invoice_bot_subscriptions (
        user_id TEXT NOT NULL PRIMARY KEY,
        customers TEXT NOT NULL,
        mine BOOLEAN NOT NULL
    );
INSERT INTO "invoice_bot_subscriptions" VALUES('U0MANAGER','["Sample Birch"]',0);
CREATE TABLE invoice_bot_warnings (
        id INTEGER PRIMARY KEY,
        ticket_id TEXT NOT NULL,
        ticket_number TEXT NOT NULL,
        customer TEXT NOT NULL,
        amount TEXT NOT NULL,
        source TEXT NOT NULL,
        first_said TEXT NOT NULL,
        said_at TEXT NOT NULL,
        ended_at TEXT,
        ending TEXT,
        invoice_number TEXT,
        retracted_at TEXT
    );
INSERT INTO "invoice_bot_warnings" VALUES(1,'109000002','41002','Sample Birch','75.00','check','2026-11-28','2026-11-28T14:42:43.647841+00:00',NULL,NULL,NULL,NULL);
CREATE TABLE invoice_bot_wrong_reports (
        id INTEGER PRIMARY KEY,
        ticket_id TEXT NOT NULL,
        ticket_number TEXT NOT NULL,
        reported_by TEXT NOT NULL,
        reported_at TEXT NOT NULL,
        evidence TEXT NOT NULL,
        warning_id BIGINT REFERENCES invoice_bot_warnings (id),
        UNIQUE (ticket_id, reported_by, reported_at)
    );
INSERT INTO "invoice_bot_wrong_reports" VALUES(1,'109000002','41002','U0MANAGER','2026-11-28T14:43:18.442566+00:00','{"seen": "a sample"}',1);
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',1,'begin','"2:aa07b3af74a14257926eb87f32286ddc"',NULL,NULL,1795876962490,1795876962491,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',1,'begin','"2:aa07b3af74a14257926eb87f32286ddc"',NULL,NULL,1795876962486,1795876962489,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',2,'post parent','{"channel":"C0BILLING","ts":"1700000000.000300","at":"2026-11-28T14:42:42.496567+00:00"}',NULL,NULL,1795876962494,1795876962502,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',2,'post parent','{"channel":"C0BILLING","ts":"1700000000.000400","at":"2026-11-28T14:42:42.506424+00:00"}',NULL,NULL,1795876962505,1795876962511,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',3,'read from Syncro','{"at":"2026-11-28T14:42:42.570102+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000001","number":"41001","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":""}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876962516,1795876962570,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',3,'read from Syncro','{"at":"2026-11-28T14:42:42.584107+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000002","number":"41002","subject":"Sample: printer shows offline","customer_id":"7000002","customer_business_then_name":"Sample Birch","status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":""}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876962512,1795876962584,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',4,'read from Syncro','{"at":"2026-11-28T14:42:42.655275+00:00","answers":[{"of":1,"calls":0,"value":null}]}',NULL,NULL,1795876962598,1795876962655,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',4,'read from Syncro','{"at":"2026-11-28T14:42:42.689036+00:00","answers":[{"of":1,"calls":0,"value":null}]}',NULL,NULL,1795876962672,1795876962689,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',5,'read from Syncro','{"at":"2026-11-28T14:42:42.739746+00:00","answers":[{"of":2,"calls":1,"value":{"id":"109000001","number":"41001","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":"","ticket_timers":[],"line_items":[]}}]}',NULL,NULL,1795876962710,1795876962774,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',5,'read from Syncro','{"at":"2026-11-28T14:42:42.763882+00:00","answers":[{"of":2,"calls":1,"value":{"id":"109000002","number":"41002","subject":"Sample: printer shows offline","customer_id":"7000002","customer_business_then_name":"Sample Birch","status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":"","ticket_timers":[],"line_items":[{"id":"210000001","quantity":"1.0","price_retail":"75","retail_cents":"7500","converted":false,"item_id":null}]}}]}',NULL,NULL,1795876962754,1795876962777,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',6,'read from Syncro','{"at":"2026-11-28T14:42:42.857712+00:00","answers":[{"of":3,"calls":0,"value":[]}]}',NULL,NULL,1795876962836,1795876962873,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',6,'read from Syncro','{"at":"2026-11-28T14:42:42.886450+00:00","answers":[{"of":3,"calls":0,"value":[]}]}',NULL,NULL,1795876962792,1795876962886,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',7,'read from Syncro','{"at":"2026-11-28T14:42:42.931289+00:00","answers":[{"of":4,"calls":1,"value":{"rows":[],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876962889,1795876962931,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',7,'read from Syncro','{"at":"2026-11-28T14:42:42.940116+00:00","answers":[{"of":4,"calls":1,"value":{"rows":[{"id":"1649000001","number":"6701","customer_id":"7000001","ticket_id":"109000001","created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z"}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876962906,1795876962940,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',8,'read from Syncro','{"at":"2026-11-28T14:42:42.980999+00:00","answers":[{"of":5,"calls":1,"value":{"rows":[{"id":"1649000002","number":"6702","customer_id":"7000002","ticket_id":null,"created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z"}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876962939,1795876962981,'portable_json','invoice-bot',1795876962000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',8,'read from Syncro','{"at":"2026-11-28T14:42:43.010863+00:00","answers":[{"of":5,"calls":1,"value":{"id":"1649000001","number":"6701","ticket_id":"109000001","line_items":[{"id":"410000001","price":"75.0","quantity":"1.0","item":"Sample labour","name":"Remote support","description":""}],"customer_id":"7000001","customer_business_then_name":"Sample Alder","total":"75.0","created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z","note":""}}]}',NULL,NULL,1795876962946,1795876963066,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',9,'edit parent','{"done":true}',NULL,NULL,1795876963104,1795876963124,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',9,'read from Syncro','{"at":"2026-11-28T14:42:43.006025+00:00","answers":[{"of":6,"calls":0,"value":[null]}]}',NULL,NULL,1795876962990,1795876963006,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',10,'post evidence','{"channel":"C0BILLING","ts":"1700000000.000500","at":"2026-11-28T14:42:43.151219+00:00"}',NULL,NULL,1795876963150,1795876963157,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',10,'read from Syncro','{"at":"2026-11-28T14:42:43.182929+00:00","answers":[{"of":7,"calls":1,"value":{"id":"1649000002","number":"6702","ticket_id":null,"line_items":[{"id":"410000002","price":"75.0","quantity":"1.0","item":"Sample managed service","name":"Monthly sample service","description":""}],"customer_id":"7000002","customer_business_then_name":"Sample Birch","total":"75.0","created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z","note":""}}]}',NULL,NULL,1795876963170,1795876963195,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.D614E3855A15434A',11,'look for warnings','[]',NULL,NULL,1795876963183,1795876963234,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',11,'read from Syncro','{"at":"2026-11-28T14:42:43.332462+00:00","answers":[{"of":8,"calls":1,"value":{"rows":[{"id":"1649000002","number":"6702","customer_id":"7000002","ticket_id":null,"created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z"}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876963222,1795876963332,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',12,'read from Syncro','{"at":"2026-11-28T14:42:43.378741+00:00","answers":[{"of":9,"calls":1,"value":{"rows":[{"id":"1649000002","number":"6702","customer_id":"7000002","ticket_id":null,"created_at":"2026-11-23T14:42:31Z","updated_at":"2026-11-23T14:42:31Z"}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876963335,1795876963378,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',13,'read from Syncro','{"at":"2026-11-28T14:42:43.417643+00:00","answers":[{"of":10,"calls":0,"value":null}]}',NULL,NULL,1795876963394,1795876963444,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',14,'read from Syncro','{"at":"2026-11-28T14:42:43.515486+00:00","answers":[{"of":11,"calls":1,"value":{"rows":[],"number":1,"total_pages":null,"size":25}}]}',NULL,NULL,1795876963482,1795876963515,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',15,'edit parent','{"done":true}',NULL,NULL,1795876963521,1795876963546,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',16,'post evidence','{"channel":"C0BILLING","ts":"1700000000.000600","at":"2026-11-28T14:42:43.595884+00:00"}',NULL,NULL,1795876963594,1795876963618,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.57047A2DD50D48BE',17,'remember warnings','null',NULL,NULL,1795876963646,1795876963666,'portable_json','invoice-bot',1795876963000);
INSERT INTO "operation_outputs" VALUES('command:1337.FF9358A2DE2B4E31',1,'begin','"2:aa07b3af74a14257926eb87f32286ddc"',NULL,NULL,1795876998680,1795876998683,'portable_json','invoice-bot',1795876998000);
INSERT INTO "operation_outputs" VALUES('command:1337.FF9358A2DE2B4E31',2,'post parent','{"channel":"C0BILLING","ts":"1700000000.000800","at":"2026-11-28T14:43:18.691253+00:00"}',NULL,NULL,1795876998690,1795876998698,'portable_json','invoice-bot',1795876998000);
INSERT INTO "operation_outputs" VALUES('command:1337.FF9358A2DE2B4E31',3,'read from Syncro','{"at":"2026-11-28T14:43:18.752462+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000003","number":"41003","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":""}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876998709,1795876998752,'portable_json','invoice-bot',1795876998000);
INSERT INTO "operation_outputs" VALUES('command:1337.FF9358A2DE2B4E31',4,'read from Syncro','{"at":"2026-11-28T14:43:18.758485+00:00","answers":[{"of":1,"calls":0,"value":null}]}',NULL,NULL,1795876998757,1795876998758,'portable_json','invoice-bot',1795876998000);
INSERT INTO "operation_outputs" VALUES('command:1337.FF9358A2DE2B4E31',5,'read from Syncro','{"at":"2026-11-28T14:43:18.783273+00:00","answers":[{"of":2,"calls":1,"value":{"id":"109000003","number":"41003","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":"","ticket_timers":[],"line_items":[]}}]}',NULL,NULL,1795876998773,1795876998785,'portable_json','invoice-bot',1795876998000);
INSERT INTO "operation_outputs" VALUES('command:1337.FF9358A2DE2B4E31',6,'read from Syncro','{"at":"2026-11-28T14:43:18.792578+00:00","answers":[{"of":3,"calls":0,"value":[]}]}',NULL,NULL,1795876998791,1795876998792,'portable_json','invoice-bot',1795876998000);
INSERT INTO "operation_outputs" VALUES('digest:now:1337.D1600D92D07F434C',1,'begin','"2:aa07b3af74a14257926eb87f32286ddc"',NULL,NULL,1795876999890,1795876999891,'portable_json','invoice-bot',1795876999000);
INSERT INTO "operation_outputs" VALUES('digest:now:1337.D1600D92D07F434C',2,'begin digest','"2026-11-28T14:43:19.902474+00:00"',NULL,NULL,1795876999901,1795876999902,'portable_json','invoice-bot',1795876999000);
INSERT INTO "operation_outputs" VALUES('digest:now:1337.D1600D92D07F434C',3,'recall','{"standing":[{"ticket_id":"109000002","ticket_number":"41002","customer":"Sample Birch","first_said":"2026-11-28","amount":"75.00"}],"trend":[{"day":"2026-11-28","unbilled":1,"money":"75.00"}],"snoozes":[{"ticket_id":"109000002","ticket_number":"41002","until":"2099-01-01T00:00:00Z","by":"U0MANAGER","reason":"waits for a part","at":"2026-11-28T14:43:18.442566Z"}],"marks":[{"ticket_id":"109000001","ticket_number":"41001","customer":"Sample Alder","by":"U0MANAGER","reason":"goodwill","at":"2026-11-28T14:43:18.442566Z"}]}',NULL,NULL,1795876999914,1795876999918,'portable_json','invoice-bot',1795876999000);
INSERT INTO "operation_outputs" VALUES('digest:now:1337.D1600D92D07F434C',4,'read from Syncro','{"at":"2026-11-28T14:43:19.974580+00:00","answers":[{"of":0,"calls":1,"value":{"rows":[{"id":"109000003","number":"41003","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":""},{"id":"109000002","number":"41002","subject":"Sample: printer shows offline","customer_id":"7000002","customer_business_then_name":"Sample Birch","status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":""},{"id":"109000001","number":"41001","subject":"Sample: printer shows offline","customer_id":"7000001","customer_business_then_name":"Sample Alder","status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"created_at":"2026-11-18T14:42:31Z","updated_at":"2026-11-19T14:42:31Z","resolved_at":"2026-11-19T14:42:31Z","user":""}],"number":1,"total_pages":1,"size":25}}]}',NULL,NULL,1795876999934,1795876999974,'portable_json','invoice-bot',1795876999000);
INSERT INTO "operation_outputs" VALUES('digest:now:1337.D1600D92D07F434C',5,'read from Syncro','{"at":"2026-11-28T14:43:20.005838+00:00","answers":[{"of":1,"calls":0,"value":{"id":"109000002","updated_at":"2026-11-19T14:42:31Z","read_at":"2026-11-28T14:42:42.754395Z","timers":[],"charges":[{"id":"210000001","quantity":"1.0","price_retail":"75","retail_cents":"7500","converted":false,"item_id":null}],"labels":{"status":"Resolved","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:42:31Z"}}},{"of":2,"calls":0,"value":{"id":"109000003","updated_at":"2026-11-19T14:42:31Z","read_at":"2026-11-28T14:43:18.773384Z","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:42:31Z"}}},{"of":3,"calls":0,"value":{"id":"109000001","updated_at":"2026-11-19T14:42:31Z","read_at":"2026-11-28T14:42:42.710658Z","timers":[],"charges":[],"labels":{"status":"Invoiced","billing_status":"","ticket_type_name":"","problem_type":"Other","tag_list":[],"resolved_at":"2026-11-19T14:42:31Z"}}}]}',NULL,NULL,1795876999987,1795877000006,'portable_json','invoice-bot',1795877000000);
INSERT INTO "operation_outputs" VALUES('digest:now:1337.D1600D92D07F434C',6,'read from Syncro','{"at":"2026-11-28T14:43:20.040294+00:00","answers":[{"of":4,"calls":0,"value":[{"name":"account","since":null,"as_of":"2026-11-28T14:43:15.121562Z","searched_at":"2026-11-28T14:42:57.297778Z","skipped":0},{"name":"customer/7000002","since":null,"as_of":"2026-11-28T14:42:42.496567Z","searched_at":"2026-11-28T14:42:42.496567Z","skipped":0},null,{"name":"offered/109000002","since":null,"as_of":"2026-11-28T14:42:42.496567Z","searched_at":"2026-11-28T14:42:42.496567Z","skipped":0},null,null]}]}',NULL,NULL,1795877000026,1795877000040,'portable_json','invoice-bot',1795877000000);
CREATE TABLE queues (
    queue_id TEXT PRIMARY KEY DEFAULT (hex(randomblob(16))),
    name TEXT NOT NULL UNIQUE,
    concurrency INTEGER,
    worker_concurrency INTEGER,
    rate_limit_max INTEGER,
    rate_limit_period_sec REAL,
    priority_enabled BOOLEAN NOT NULL DEFAULT FALSE,
    partition_queue BOOLEAN NOT NULL DEFAULT FALSE,
    polling_interval_sec REAL NOT NULL DEFAULT 1.0,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
, "application_name" TEXT DEFAULT NULL, "partition_concurrency" INTEGER DEFAULT NULL, "partition_worker_concurrency" INTEGER DEFAULT NULL, "partition_rate_limit_max" INTEGER DEFAULT NULL, "partition_rate_limit_period_sec" REAL DEFAULT NULL);
INSERT INTO "queues" VALUES('29E808DFFC5FB86EAB4310E848AA5A09','checks',NULL,16,NULL,NULL,1,0,0.1,1795876961000,1795876961119,'invoice-bot',NULL,NULL,NULL,NULL);
INSERT INTO "queues" VALUES('B1553AA287CABBB2740869A28B328C6C','digests',NULL,1,NULL,NULL,1,0,0.1,1795876961000,1795876961178,'invoice-bot',NULL,NULL,NULL,NULL);
INSERT INTO "queues" VALUES('C63D2B72365C3962B2D1309150D658C0','syncs',NULL,1,NULL,NULL,1,0,0.1,1795876961000,1795876961210,'invoice-bot',NULL,NULL,NULL,NULL);
CREATE TABLE streams (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    "offset" INTEGER NOT NULL, function_id INTEGER NOT NULL DEFAULT 0, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key, "offset"),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_input" VALUES('command:1337.D614E3855A15434A','{"namedArgs":{},"positionalArgs":[{"references":["41001"],"channel":"C0BILLING","user":"U0TECH","thread_ts":null,"response_url":"http://slack.example/response/R13B34E56E25D41D1","direct":false,"exhaustive":false,"fresh":false}]}',1795876962000);
INSERT INTO "workflow_input" VALUES('command:1337.57047A2DD50D48BE','{"namedArgs":{},"positionalArgs":[{"references":["41002"],"channel":"C0BILLING","user":"U0TECH","thread_ts":null,"response_url":"http://slack.example/response/R02CF9BBDE1BF4B77","direct":false,"exhaustive":false,"fresh":false}]}',1795876962000);
INSERT INTO "workflow_input" VALUES('command:1337.FF9358A2DE2B4E31','{"namedArgs":{},"positionalArgs":[{"references":["41003"],"channel":"C0BILLING","user":"U0TECH","thread_ts":null,"response_url":"http://slack.example/response/RF542A8226CE946F8","direct":false,"exhaustive":false,"fresh":true}]}',1795876998000);
INSERT INTO "workflow_input" VALUES('digest:now:1337.D1600D92D07F434C','{"namedArgs":{},"positionalArgs":[{"day":"2026-11-28","channel":"C0BILLING","asked_by":"U0MANAGER","response_url":"http://slack.example/response/R35375C8552B948F2"}]}',1795876999000);
INSERT INTO "workflow_input" VALUES('digest:now:1337.A44D03FFE8584249','{"namedArgs":{},"positionalArgs":[{"day":"2026-11-28","channel":"C0BILLING","asked_by":"U0MANAGER","response_url":"http://slack.example/response/R5ECDF6DBFFFF4CD2"}]}',1795877000000);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
INSERT INTO "workflow_output" VALUES('command:1337.D614E3855A15434A','null',NULL,1795876963000);
INSERT INTO "workflow_output" VALUES('command:1337.57047A2DD50D48BE','null',NULL,1795876963000);
CREATE TABLE workflow_schedules (
    schedule_id TEXT PRIMARY KEY,
    schedule_name TEXT NOT NULL UNIQUE,
    workflow_name TEXT NOT NULL,
    workflow_class_name TEXT,
    schedule TEXT NOT NULL,
    status TEXT NOT NULL DEFAULT 'ACTIVE',
    context TEXT NOT NULL
, "last_fired_at" TEXT DEFAULT NULL, "automatic_backfill" BOOLEAN NOT NULL DEFAULT FALSE, "cron_timezone" TEXT DEFAULT NULL, "queue_name" TEXT DEFAULT NULL, "application_name" TEXT DEFAULT NULL);
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
INSERT INTO "workflow_status" VALUES('command:1337.D614E3855A15434A','SUCCESS','check',NULL,NULL,NULL,NULL,NULL,NULL,'invoice-bot',1795876962000,1795876963000,'1','',NULL,NULL,1,'checks',NULL,NULL,NULL,1795876962000,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1795876963000,'null',NULL,NULL,0,'invoice-bot','539101bb-5607-4eed-bed5-2df24654b594');
INSERT INTO "workflow_status" VALUES('command:1337.57047A2DD50D48BE','SUCCESS','check',NULL,NULL,NULL,NULL,NULL,NULL,'invoice-bot',1795876962000,1795876963000,'1','',NULL,NULL,1,'checks',NULL,NULL,NULL,1795876962000,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,1795876963000,'null',NULL,NULL,0,'invoice-bot','03caeed7-fe97-4353-b703-96cd263ac127');
INSERT INTO "workflow_status" VALUES('command:1337.FF9358A2DE2B4E31','PENDING','check',NULL,NULL,NULL,NULL,NULL,NULL,'invoice-bot',1795876998000,1795876998000,'1','',NULL,NULL,1,'checks',NULL,NULL,NULL,1795876998000,NULL,0,NULL,NULL,'f65a09b1-ae85-4e41-a65d-ef4d90c77048',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'invoice-bot','99c0f79b-00c1-40d2-b665-21e35102f3b2');
INSERT INTO "workflow_status" VALUES('digest:now:1337.D1600D92D07F434C','PENDING','digest',NULL,NULL,NULL,NULL,NULL,NULL,'invoice-bot',1795876999000,1795876999000,'1','',NULL,NULL,1,'digests',NULL,NULL,NULL,1795876999000,NULL,0,NULL,NULL,'ed1d9d3e-3473-4b16-a081-ad0173133516',NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'invoice-bot','e847d9e0-baf7-4463-bd83-53f30025b588');
INSERT INTO "workflow_status" VALUES('digest:now:1337.A44D03FFE8584249','ENQUEUED','digest',NULL,NULL,NULL,NULL,NULL,NULL,'invoice-bot',1795877000000,1795877000000,'1','',NULL,NULL,0,'digests',NULL,NULL,NULL,NULL,NULL,0,NULL,NULL,NULL,NULL,'portable_json',NULL,0,0,NULL,'null',NULL,NULL,0,'invoice-bot','df6d50a9-de66-44f6-bac6-9094eed0ba5e');
CREATE UNIQUE INDEX invoice_bot_warnings_standing ON invoice_bot_warnings (ticket_id) WHERE ended_at IS NULL;
CREATE INDEX invoice_bot_warnings_ticket ON invoice_bot_warnings (ticket_id);
CREATE INDEX invoice_bot_messages_ticket ON invoice_bot_messages (ticket_id);
CREATE UNIQUE INDEX invoice_bot_marks_standing ON invoice_bot_marks (ticket_id) WHERE undone_at IS NULL;
CREATE INDEX invoice_bot_ledger_invoices_number ON invoice_bot_ledger_invoices (book_id, number);
CREATE INDEX invoice_bot_ledger_invoices_ticket ON invoice_bot_ledger_invoices (book_id, ticket_id)
        WHERE ticket_id IS NOT NULL;
CREATE INDEX invoice_bot_ledger_invoices_updated ON invoice_bot_ledger_invoices (book_id, updated_at, id);
CREATE INDEX invoice_bot_ledger_lines_line ON invoice_bot_ledger_lines (book_id, line_id);
CREATE INDEX invoice_bot_ledger_lines_since ON invoice_bot_ledger_lines (book_id, there_since);
CREATE INDEX invoice_bot_ledger_numbers_said ON invoice_bot_ledger_numbers (book_id, said);
CREATE INDEX invoice_bot_ledger_numbers_span ON invoice_bot_ledger_numbers (book_id, span_digits, said)
        WHERE span_digits IS NOT NULL;
CREATE INDEX invoice_bot_ledger_ticket_items_item ON invoice_bot_ledger_ticket_items (book_id, item_id);
CREATE INDEX workflow_status_created_at_index ON workflow_status (created_at);
CREATE INDEX idx_workflow_topic ON notifications (destination_uuid, topic);
CREATE INDEX "idx_workflow_status_delayed" ON "workflow_status" ("delay_until_epoch_ms") WHERE status = 'DELAYED';
CREATE INDEX "idx_workflow_status_forked_from" ON "workflow_status" ("forked_from") WHERE "forked_from" IS NOT NULL;
CREATE INDEX "idx_workflow_status_parent_workflow_id" ON "workflow_status" ("parent_workflow_id") WHERE "parent_workflow_id" IS NOT NULL;
CREATE UNIQUE INDEX "uq_workflow_status_dedup_id" ON "workflow_status" ("queue_name", "deduplication_id") WHERE "deduplication_id" IS NOT NULL;
CREATE INDEX "idx_workflow_status_pending" ON "workflow_status" ("created_at") WHERE "status" = 'PENDING';
CREATE INDEX "idx_workflow_status_failed" ON "workflow_status" ("status", "created_at") WHERE "status" IN ('ERROR', 'CANCELLED', 'MAX_RECOVERY_ATTEMPTS_EXCEEDED');
CREATE INDEX "idx_workflow_status_rate_limited" ON "workflow_status" ("queue_name", "started_at_epoch_ms") WHERE "rate_limited" = TRUE;
CREATE INDEX "idx_workflow_status_completed_at" ON "workflow_status" ("completed_at") WHERE "completed_at" IS NOT NULL;
CREATE INDEX "idx_workflow_status_started_at" ON "workflow_status" ("started_at_epoch_ms") WHERE "started_at_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_workflow_status_schedule_name" ON "workflow_status" ("schedule_name") WHERE "schedule_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_owner_version"
    ON application_versions ("application_name", "version_name")
    WHERE "application_name" IS NOT NULL;
CREATE UNIQUE INDEX "uq_application_versions_unclaimed_version"
    ON application_versions ("version_name")
    WHERE "application_name" IS NULL;
CREATE INDEX idx_workflow_input_retention
    ON workflow_input (retention_timestamp);
CREATE INDEX idx_workflow_output_retention
    ON workflow_output (retention_timestamp);
CREATE INDEX idx_operation_outputs_retention
    ON operation_outputs (retention_timestamp);
CREATE INDEX "idx_workflow_status_in_flight_v2" ON "workflow_status" ("queue_name", "status", "priority", "created_at", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING');
CREATE INDEX "idx_workflow_status_partition_dequeue_v3" ON "workflow_status" ("queue_name", "status", "queue_partition_key", "priority", "created_at", "workflow_uuid", "application_name") WHERE "status" IN ('ENQUEUED', 'PENDING') AND "queue_partition_key" IS NOT NULL;
CREATE INDEX "idx_operation_outputs_completed_at_function_name_v2" ON "operation_outputs" ("completed_at_epoch_ms", "function_name", "application_name");
CREATE INDEX "idx_workflow_status_deadline" ON "workflow_status" ("workflow_deadline_epoch_ms") WHERE "status" IN ('ENQUEUED', 'PENDING', 'DELAYED') AND "workflow_deadline_epoch_ms" IS NOT NULL;
CREATE INDEX "idx_application_versions_timestamp" ON "application_versions" ("version_timestamp" DESC);
CREATE INDEX "idx_application_versions_owner_timestamp" ON "application_versions" ("application_name", "version_timestamp" DESC);
COMMIT;
