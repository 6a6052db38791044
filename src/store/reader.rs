//! A view of the records that does not change while it is looked at.

use rusqlite::Connection;

/// What every reading function takes. Inside a change it also sees what the change did so far.
pub struct Reader<'c> {
    connection: &'c Connection,
}

impl<'c> Reader<'c> {
    pub(super) fn new(connection: &'c Connection) -> Reader<'c> {
        Reader { connection }
    }

    pub(super) fn connection(&self) -> &'c Connection {
        self.connection
    }
}
