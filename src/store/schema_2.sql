-- Version 2 of the records: what the pages brought. Columns added to a table the audit log vouches for are digested
-- only once they hold something (row_digest.rs), so that what was vouched for before stays so.

-- the newest runs of a day, for yield and reports
CREATE INDEX run_finished ON run (finished, verdict) WHERE finished IS NOT NULL;
-- what does not simply stand provisioned is what people look for
CREATE INDEX device_standing ON device (state, id) WHERE state <> 'provisioned';

-- work orders: which one the slots ran last, and first articles: the first device that passed after a changeover
-- is looked at by a person before the next one starts
ALTER TABLE work_order ADD COLUMN activated INTEGER;
ALTER TABLE work_order ADD COLUMN first_article TEXT CHECK (first_article IN ('asked', 'confirmed', 'rejected'));
ALTER TABLE work_order ADD COLUMN first_article_run INTEGER REFERENCES run (id);
ALTER TABLE work_order ADD COLUMN first_article_by TEXT;
ALTER TABLE work_order ADD COLUMN first_article_reason TEXT;
CREATE INDEX work_order_activated ON work_order (activated) WHERE activated IS NOT NULL;
CREATE INDEX run_of_order_not_passed ON run (work_order, verdict, stage, code) WHERE verdict <> 'PASS';

-- reports: what a unit said its serial number is, where its run ended before it was reserved
ALTER TABLE run ADD COLUMN claimed TEXT CHECK (device IS NULL OR claimed IS NULL);
CREATE INDEX run_claimed ON run (lower(claimed)) WHERE claimed IS NOT NULL;
-- -- devices
-- when a run entered which step: [["identify",0],…] in milliseconds, written with the verdict (domain/step.rs)
ALTER TABLE run ADD COLUMN steps TEXT;
-- Certificates by the first eight bytes of their thumbprints, SHA-1 and SHA-256 of the DER. A hint, held against the
-- certificate itself whenever it is used; the log does not vouch for it.
CREATE TABLE thumbprint (
    start INTEGER NOT NULL,
    run   INTEGER NOT NULL,
    PRIMARY KEY (start, run)
) STRICT, WITHOUT ROWID;
-- Which entries of the log are about a device (its number) or about a run without one (its number, negative). A way
-- to find entries; each speaks for itself.
CREATE TABLE audit_about (
    about INTEGER NOT NULL,
    seq   INTEGER NOT NULL,
    PRIMARY KEY (about, seq)
) STRICT, WITHOUT ROWID;
-- up to where older records are still to be entered into these two; goes down to nothing (store/catalogue.rs)
INSERT INTO meta (key, value)
    SELECT 'uncatalogued-certificates', CAST(newest AS TEXT) FROM (SELECT max(run) AS newest FROM certificate)
    WHERE newest IS NOT NULL;
INSERT INTO meta (key, value)
    SELECT 'uncatalogued-entries', CAST(newest AS TEXT) FROM (SELECT max(seq) AS newest FROM audit)
    WHERE newest IS NOT NULL;
-- labels: one row for each piece of paper. `digest` is that of the ZPL; the ZPL itself is kept until it is printed.
CREATE TABLE label (
    id         INTEGER PRIMARY KEY,
    run        INTEGER NOT NULL REFERENCES run (id),
    device     INTEGER NOT NULL REFERENCES device (id),
    -- counts the labels of a run from 1; never given twice
    copy       INTEGER NOT NULL CHECK (copy > 0),
    printer    TEXT NOT NULL,
    person     TEXT NOT NULL,
    -- why it was printed again; NULL for the labels of the PASS
    reason     TEXT,
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'printed', 'failed', 'settled')),
    digest     TEXT CHECK (length(digest) = 64),
    zpl        TEXT,
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    created    INTEGER NOT NULL,
    printed    INTEGER,
    -- why nothing more is done about it
    settled    TEXT,
    UNIQUE (run, copy),
    CHECK ((printed IS NOT NULL) = (state = 'printed')),
    CHECK ((settled IS NOT NULL) = (state = 'settled')),
    CHECK (state <> 'waiting' OR (zpl IS NOT NULL AND digest IS NOT NULL))
) STRICT;
CREATE INDEX label_open ON label (state, printer, id) WHERE state IN ('waiting', 'failed');
CREATE INDEX label_unsettled ON label (id) WHERE state IN ('waiting', 'failed');
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
    last_error TEXT,
    last_code  TEXT
) STRICT;
-- the verdicts in the order of their commits; a quotation mark within a text is escaped, so no text looks like this
CREATE INDEX audit_verdict ON audit (seq) WHERE instr(entry, '"event":"run-finished"') > 0;
-- the alarms, so that those about one device are found among any number of its entries
CREATE INDEX audit_alarm ON audit (seq) WHERE instr(entry, '"event":"duplicate-alarm"') > 0;
-- what was to be done about one enrollment
CREATE INDEX outbox_of_registration ON outbox (registration_id, id);
-- people: what a badge says is kept as a digest only (argon2id under the station's own salt in meta)
ALTER TABLE person ADD COLUMN badge TEXT CHECK (length(badge) = 64);
CREATE UNIQUE INDEX person_badge ON person (badge) WHERE badge IS NOT NULL;
-- outbox: the newest that were sent are found beside any number that wait
CREATE INDEX outbox_sent ON outbox (id) WHERE state = 'sent';
