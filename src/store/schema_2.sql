-- Version 2 of the records: what the pages brought. Columns added to a table the audit log vouches for are digested
-- only once they hold something (row_digest.rs), so that what was vouched for before stays so.

-- the newest runs of a day, for yield and reports
CREATE INDEX run_finished ON run (finished, verdict) WHERE finished IS NOT NULL;
-- what does not simply stand provisioned is what people look for
CREATE INDEX device_standing ON device (state, id) WHERE state <> 'provisioned';

-- Other systems -------------------------------------------------------------------------------------------------
-- who may ask over the API; of a token only its SHA-256 is kept
CREATE TABLE client (
    name     TEXT PRIMARY KEY,
    token    TEXT NOT NULL UNIQUE CHECK (length(token) = 64),
    rights   TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created  INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX client_folded ON client (lower(name));
-- How far each webhook was told the log and its checkpoints: books of deliveries, no history.
CREATE TABLE webhook (
    name       TEXT PRIMARY KEY,
    seq        INTEGER NOT NULL,
    checkpoint INTEGER NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    next_try   INTEGER NOT NULL,
    since      INTEGER,
    last_error TEXT
) STRICT;
-- the verdicts in the order of their commits; a quotation mark within a text is escaped, so no text looks like this
CREATE INDEX audit_verdict ON audit (seq) WHERE instr(entry, '"event":"run-finished"') > 0;
-- what was to be done about one enrollment
CREATE INDEX outbox_of_registration ON outbox (registration_id, id);
