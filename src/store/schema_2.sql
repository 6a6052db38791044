-- Version 2 of the records: what the pages brought. Columns added to a table the audit log vouches for are digested
-- only once they hold something (row_digest.rs), so that what was vouched for before stays so.

-- the newest runs of a day, for yield and reports
CREATE INDEX run_finished ON run (finished, verdict) WHERE finished IS NOT NULL;
-- what does not simply stand provisioned is what people look for
CREATE INDEX device_standing ON device (state, id) WHERE state <> 'provisioned';

-- outbox: the newest that were sent are found beside any number that wait
CREATE INDEX outbox_sent ON outbox (id) WHERE state = 'sent';
