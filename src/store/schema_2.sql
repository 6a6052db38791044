-- Version 2 of the records: what the pages brought. Columns added to a table the audit log vouches for are digested
-- only once they hold something (row_digest.rs), so that what was vouched for before stays so.

-- the newest runs of a day, for yield and reports
CREATE INDEX run_finished ON run (finished, verdict) WHERE finished IS NOT NULL;
-- what does not simply stand provisioned is what people look for
CREATE INDEX device_standing ON device (state, id) WHERE state <> 'provisioned';

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
    state      TEXT NOT NULL CHECK (state IN ('waiting', 'printed', 'failed')),
    digest     TEXT CHECK (length(digest) = 64),
    zpl        TEXT,
    attempts   INTEGER NOT NULL DEFAULT 0,
    last_error TEXT,
    created    INTEGER NOT NULL,
    printed    INTEGER,
    UNIQUE (run, copy),
    CHECK ((printed IS NOT NULL) = (state = 'printed')),
    CHECK (state <> 'waiting' OR (zpl IS NOT NULL AND digest IS NOT NULL))
) STRICT;
CREATE INDEX label_open ON label (state, printer, id) WHERE state <> 'printed';
