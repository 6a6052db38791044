-- Version 4 of the records: a run may give its device a secondary certificate beside the primary one, with a key of its
-- own. SQLite takes away no UNIQUE, so the table is made anew; what was vouched for in it stays so (row_digest.rs).

CREATE TABLE certificate_4 (
    serial          TEXT PRIMARY KEY CHECK (length(serial) = 32),
    run             INTEGER NOT NULL REFERENCES run (id),
    device          INTEGER NOT NULL REFERENCES device (id),
    registration_id TEXT NOT NULL,
    to_be_signed    TEXT NOT NULL CHECK (length(to_be_signed) = 64),
    public_key      TEXT NOT NULL REFERENCES public_key (digest),
    profile         TEXT NOT NULL REFERENCES profile (digest),
    not_before      INTEGER NOT NULL,
    not_after       INTEGER NOT NULL CHECK (not_after > not_before),
    state           TEXT NOT NULL CHECK (state = 'issued' OR state = 'intended' OR state = 'void' OR
                                           state = 'revoked' OR state = 'superseded'),
    der             BLOB,
    sha256          TEXT CHECK (length(sha256) = 64),
    revoked_at      INTEGER,
    reason          TEXT,
    successor       TEXT REFERENCES certificate_4 (serial),
    -- none for the primary certificate of a run
    which           TEXT CHECK (which = 'secondary'),
    CHECK ((der IS NULL) = (sha256 IS NULL)),
    CHECK ((der IS NULL) = (state IN ('intended', 'void'))),
    CHECK ((revoked_at IS NULL) = (state IN ('intended', 'issued'))),
    CHECK ((reason IS NULL) = (revoked_at IS NULL))
) STRICT;
INSERT INTO certificate_4 (serial, run, device, registration_id, to_be_signed, public_key, profile, not_before, not_after, state,
           der, sha256, revoked_at, reason, successor)
    SELECT serial, run, device, registration_id, to_be_signed, public_key, profile, not_before, not_after, state,
           der, sha256, revoked_at, reason, successor
    FROM certificate ORDER BY rowid;
DROP TABLE certificate;
ALTER TABLE certificate_4 RENAME TO certificate;
-- of each run at most one of either kind
CREATE UNIQUE INDEX certificate_run ON certificate (run, which IS NULL);
-- never two live identities of one kind on one device
CREATE UNIQUE INDEX certificate_live ON certificate (device, which IS NULL) WHERE state IN ('intended', 'issued');
CREATE INDEX certificate_device ON certificate (device);
CREATE INDEX certificate_withdrawn ON certificate (serial) WHERE revoked_at IS NOT NULL;
