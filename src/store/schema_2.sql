-- Version 2 of the records: what the pages brought. Columns added to a table the audit log vouches for are digested
-- only once they hold something (row_digest.rs), so that what was vouched for before stays so.

-- the newest runs of a day, for yield and reports
CREATE INDEX run_finished ON run (finished, verdict) WHERE finished IS NOT NULL;
-- what does not simply stand provisioned is what people look for
CREATE INDEX device_standing ON device (state, id) WHERE state <> 'provisioned';

-- people: what a badge says is kept as a digest only (argon2id under the station's own salt in meta)
ALTER TABLE person ADD COLUMN badge TEXT CHECK (length(badge) = 64);
CREATE UNIQUE INDEX person_badge ON person (badge) WHERE badge IS NOT NULL;
