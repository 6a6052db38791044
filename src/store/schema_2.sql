-- Version 2 of the records: what the pages brought. Columns added to a table the audit log vouches for are digested
-- only once they hold something (row_digest.rs), so that what was vouched for before stays so.

-- the newest runs of a day, for yield and reports
CREATE INDEX run_finished ON run (finished, verdict) WHERE finished IS NOT NULL;
-- what does not simply stand provisioned is what people look for
CREATE INDEX device_standing ON device (state, id) WHERE state <> 'provisioned';

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
