-- The records of a station, version 1. Times are milliseconds since 1970 in UTC, digests and certificate
-- serial numbers are lower-case hexadecimal text. No column holds a secret in clear.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The audit log. These two columns are a promise to auditors: seq counts from 1 without gaps, entry is
-- canonical JSON and the leaf seq - 1 of the Merkle tree.
CREATE TABLE audit (
    seq   INTEGER PRIMARY KEY,
    entry TEXT NOT NULL
) STRICT;

-- The tree's hashes in the order of Crosby and Wallach (leaf and completed subtrees, dense from 0).
CREATE TABLE audit_hash (
    idx  INTEGER PRIMARY KEY,
    hash BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;

-- Signed tree heads (C2SP tlog-checkpoint).
CREATE TABLE checkpoint (
    size      INTEGER PRIMARY KEY CHECK (size > 0),
    signed_at INTEGER NOT NULL,
    note      TEXT NOT NULL
) STRICT;

CREATE TABLE person (
    name     TEXT PRIMARY KEY,
    role     TEXT NOT NULL CHECK (role IN ('operator', 'engineer', 'administrator', 'auditor')),
    password TEXT NOT NULL,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    created  INTEGER NOT NULL
) STRICT;
-- `Ada` and `ada` are not two people
CREATE UNIQUE INDEX person_folded ON person (lower(name));

CREATE TABLE secret_check (
    name   TEXT PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64)
) STRICT;

-- Recipes and certificate profiles as they were used, under the digest of their text.
CREATE TABLE product (
    digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
    name   TEXT NOT NULL,
    text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE profile (
    digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
    name   TEXT NOT NULL,
    text   TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE work_order (
    name        TEXT PRIMARY KEY,
    product     TEXT NOT NULL,
    quantity    INTEGER NOT NULL CHECK (quantity > 0),
    spare       INTEGER NOT NULL CHECK (spare >= 0),
    -- digest of the allowed serials, sorted, one a line; NULL allows any
    serials     TEXT CHECK (length(serials) = 64),
    state       TEXT NOT NULL CHECK (state IN ('planned', 'active', 'paused', 'closed')),
    released_by TEXT NOT NULL DEFAULT '',
    issued      INTEGER NOT NULL DEFAULT 0,
    passed      INTEGER NOT NULL DEFAULT 0 CHECK (passed >= 0),
    created     INTEGER NOT NULL,
    CHECK (issued BETWEEN 0 AND quantity + spare),
    CHECK (state = 'planned' OR released_by <> '' OR state = 'closed')
) STRICT;
CREATE UNIQUE INDEX work_order_active ON work_order (state) WHERE state = 'active';
CREATE INDEX work_order_created ON work_order (created, name);

CREATE TABLE work_order_serial (
    work_order    TEXT NOT NULL REFERENCES work_order (name),
    serial_folded TEXT NOT NULL,
    PRIMARY KEY (work_order, serial_folded)
) STRICT, WITHOUT ROWID;

-- The rows of the next three tables come by the million. Their checks are written with OR: IN with more than two
-- values makes SQLite build a table of them for every row, which costs as much as the row itself.
CREATE TABLE device (
    id              INTEGER PRIMARY KEY,
    serial          TEXT NOT NULL,
    serial_folded   TEXT NOT NULL UNIQUE,
    mac             TEXT UNIQUE,
    registration_id TEXT NOT NULL UNIQUE,
    device_id       TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state = 'provisioned' OR state = 'new' OR state = 'quarantined' OR
                                           state = 'scrapped' OR state = 'released'),
    created         INTEGER NOT NULL
) STRICT;
-- usually the registration ID; where a recipe names another one, it must be unique as well
CREATE UNIQUE INDEX device_other_id ON device (device_id) WHERE device_id <> registration_id;

CREATE TABLE run (
    id             INTEGER PRIMARY KEY,
    device         INTEGER REFERENCES device (id),
    work_order     TEXT REFERENCES work_order (name),
    product        TEXT,
    product_digest TEXT,
    slot           TEXT,
    person         TEXT NOT NULL,
    credential     TEXT CHECK (credential IN ('x509', 'group-key')),
    key_origin     TEXT CHECK (key_origin IN ('on-device', 'station')),
    group_key      TEXT,
    started        INTEGER NOT NULL,
    stage          TEXT NOT NULL CHECK (stage = 'finished' OR stage = 'identify' OR stage = 'prepare' OR
        stage = 'intended' OR stage = 'issued' OR stage = 'inject' OR stage = 'read-back' OR stage = 'prove'),
    verdict        TEXT CHECK (verdict = 'PASS' OR verdict = 'FAIL' OR verdict = 'ERROR' OR verdict = 'ABORTED' OR
        verdict = 'SKIPPED' OR verdict = 'QUARANTINE' OR verdict = 'SCRAP'),
    code           TEXT,
    message        TEXT NOT NULL DEFAULT '',
    proof          TEXT,
    finished       INTEGER,
    resume         INTEGER NOT NULL DEFAULT 0 CHECK (resume IN (0, 1)),
    CHECK ((verdict IS NULL) = (finished IS NULL)),
    CHECK (device IS NOT NULL OR verdict IS NOT NULL),
    CHECK ((credential IS 'x509') = (key_origin IS NOT NULL)),
    CHECK ((credential IS 'group-key') = (group_key IS NOT NULL))
) STRICT;
-- a device has one attempt at a time
CREATE UNIQUE INDEX run_unfinished ON run (device) WHERE verdict IS NULL;
CREATE INDEX run_device ON run (device);
CREATE INDEX run_work_order ON run (work_order);
CREATE INDEX run_not_passed ON run (verdict) WHERE verdict <> 'PASS';

CREATE TABLE certificate (
    serial          TEXT PRIMARY KEY CHECK (length(serial) = 32),
    run             INTEGER NOT NULL UNIQUE REFERENCES run (id),
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
    successor       TEXT REFERENCES certificate (serial),
    CHECK ((der IS NULL) = (sha256 IS NULL)),
    CHECK ((der IS NULL) = (state IN ('intended', 'void'))),
    CHECK ((revoked_at IS NULL) = (state IN ('intended', 'issued'))),
    CHECK ((reason IS NULL) = (revoked_at IS NULL))
) STRICT;
-- never two live identities on one device
CREATE UNIQUE INDEX certificate_live ON certificate (device) WHERE state IN ('intended', 'issued');
CREATE INDEX certificate_device ON certificate (device);
CREATE INDEX certificate_withdrawn ON certificate (serial) WHERE revoked_at IS NOT NULL;

-- One public key belongs to one device, for ever.
CREATE TABLE public_key (
    digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
    device INTEGER NOT NULL REFERENCES device (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE outbox (
    id              INTEGER PRIMARY KEY,
    registration_id TEXT NOT NULL,
    operation       TEXT NOT NULL CHECK (operation IN ('create', 'disable')),
    run             INTEGER REFERENCES run (id),
    body            TEXT NOT NULL,
    state           TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'conflict', 'parked', 'cancelled')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_try        INTEGER NOT NULL,
    created         INTEGER NOT NULL,
    sent            INTEGER,
    last_error      TEXT,
    last_code       TEXT,
    CHECK ((sent IS NOT NULL) = (state = 'sent'))
) STRICT;
CREATE INDEX outbox_due ON outbox (next_try, id) WHERE state = 'waiting';
CREATE INDEX outbox_open ON outbox (registration_id, id) WHERE state IN ('waiting', 'conflict', 'parked');
CREATE INDEX outbox_disable ON outbox (registration_id) WHERE operation = 'disable';
CREATE INDEX outbox_state ON outbox (state, id) WHERE state <> 'sent';

CREATE TABLE crl (
    number      INTEGER PRIMARY KEY CHECK (number > 0),
    der         BLOB NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL CHECK (next_update > this_update)
) STRICT;
