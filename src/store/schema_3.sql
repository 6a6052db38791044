-- Version 3 of the records: batches, identities in and out of files.

-- One row for each file that came in or went out, from its start to its end.
CREATE TABLE batch (
    id            INTEGER PRIMARY KEY,
    kind          TEXT NOT NULL CHECK (kind IN ('derive', 'export', 'import', 'issue')),
    -- names of files without their folders; empty if there is none
    input         TEXT NOT NULL,
    output        TEXT NOT NULL,
    -- SHA-256 of the files; the input's is known from the start wherever a batch can be resumed
    input_digest  TEXT CHECK (length(input_digest) = 64),
    output_digest TEXT CHECK (length(output_digest) = 64),
    -- what was asked for, as one JSON object
    asked         TEXT NOT NULL,
    work_order    TEXT REFERENCES work_order (name),
    person        TEXT NOT NULL,
    state         TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed', 'cancelled')),
    -- rows that were taken and rows that were refused, once it has ended
    good          INTEGER NOT NULL DEFAULT 0 CHECK (good >= 0),
    refused       INTEGER NOT NULL DEFAULT 0 CHECK (refused >= 0),
    code          TEXT,
    started       INTEGER NOT NULL,
    finished      INTEGER,
    CHECK ((finished IS NULL) = (state = 'running')),
    CHECK ((state = 'failed') = (code IS NOT NULL))
) STRICT;
CREATE INDEX batch_running ON batch (id) WHERE state = 'running';

-- import: announced devices, rows of imported files, written once and never changed. They count from the moment their
-- batch is done; rows of a batch that ended otherwise are removed. Rows of one batch stand together, in the file's order.
CREATE TABLE announced (
    id              INTEGER PRIMARY KEY,
    batch           INTEGER NOT NULL REFERENCES batch (id),
    -- where in the file the row began, counted from 1
    line            INTEGER NOT NULL,
    serial          TEXT,
    mac             TEXT,
    registration_id TEXT,
    work_order      TEXT,
    -- a request for a certificate, DER, and the SHA-256 of its public key
    csr             BLOB,
    public_key      TEXT,
    -- TPM2B_PUBLIC
    endorsement_key BLOB,
    -- the cells of the columns that mean nothing to us, as a JSON array in the order of the announcement's names
    extra           TEXT NOT NULL,
    CHECK (serial IS NOT NULL OR registration_id IS NOT NULL),
    CHECK ((csr IS NULL) = (public_key IS NULL))
) STRICT;
-- What vouches for them: one row for each batch that announced devices, written when it is done, with the digest over
-- its rows in order (store/announced/canonical.rs). `names` are those of the kept columns, a JSON array.
CREATE TABLE announcement (
    batch  INTEGER PRIMARY KEY REFERENCES batch (id),
    names  TEXT NOT NULL,
    rows   INTEGER NOT NULL CHECK (rows >= 0),
    digest TEXT NOT NULL CHECK (length(digest) = 64)
) STRICT;
-- Finds announced devices by the first eight bytes of SHA-256 of kind and folded value (serial, MAC, registration ID,
-- endorsement key, public key of the request): small, and alike for any kind of IDs. A hint, held against the row itself.
CREATE TABLE announced_key (
    start INTEGER NOT NULL,
    id    INTEGER NOT NULL,
    PRIMARY KEY (start, id)
) STRICT, WITHOUT ROWID;

-- Issuing in bulk goes chunk by chunk: intended before anything is signed, issued when certificates and output are
-- durable, or void: then the numbers in `intents` are on the CRL and none of them is ever signed again.
CREATE TABLE batch_chunk (
    id           INTEGER PRIMARY KEY,
    batch        INTEGER NOT NULL REFERENCES batch (id),
    chunk        INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('intended', 'issued', 'void')),
    certificates INTEGER NOT NULL CHECK (certificates >= 0),
    refused      INTEGER NOT NULL CHECK (refused >= 0),
    -- of each certificate 80 bytes: serial number, digest of the body to be signed, digest of the public key; the
    -- certificates themselves take their place once they are on record
    intents      BLOB,
    -- SHA-256 of these bytes
    digest       TEXT NOT NULL CHECK (length(digest) = 64),
    -- how far input, output, refused rows and bundles were durable with it, in bytes
    input_end    INTEGER NOT NULL,
    output_end   INTEGER NOT NULL,
    refused_end  INTEGER NOT NULL,
    bundle_end   INTEGER NOT NULL,
    intended     INTEGER NOT NULL,
    ended        INTEGER,
    UNIQUE (batch, chunk),
    CHECK ((intents IS NULL) = (state = 'issued')),
    CHECK ((ended IS NULL) = (state = 'intended'))
) STRICT;
CREATE INDEX batch_chunk_open ON batch_chunk (state, id) WHERE state <> 'issued';

-- The serial numbers of a work order as they were given; the folded ones decide.
ALTER TABLE work_order_serial ADD COLUMN serial TEXT;
