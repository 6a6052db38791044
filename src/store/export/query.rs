//! The SQL of an export: the join of a device with its newest run and its certificate, or the rows of imported files, with
//! the same columns in the same places.

use rusqlite::types::Value;

use super::{Parts, Selection};

/// A selection made into SQL.
pub struct Query {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
    pub(super) selection: Selection,
}

impl Query {
    /// What is to be read of which devices.
    pub fn new(selection: &Selection, parts: Parts) -> Query {
        if selection.announced {
            return Query::of_announced(selection);
        }
        let of_run = selection.work_order.is_some()
            || selection.verdict.is_some()
            || selection.from.is_some()
            || selection.until.is_some();
        let run = match parts.run {
            true => {
                "r.id, r.work_order, r.product, r.product_digest, r.verdict, r.started, r.finished, r.person, \
                 r.slot, r.credential"
            }
            false => "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        };
        let certificate = match parts {
            Parts { der: true, .. } => "c.serial, c.not_before, c.not_after, c.sha256, c.der",
            Parts { certificate: true, .. } => "c.serial, c.not_before, c.not_after, c.sha256, NULL",
            _ => "NULL, NULL, NULL, NULL, NULL",
        };
        let secondary = match parts.secondary {
            true => "s.serial, s.not_before, s.not_after, s.sha256, s.der",
            false => "NULL, NULL, NULL, NULL, NULL",
        };
        let mut sql = format!(
            "SELECT d.id, d.serial, d.mac, d.registration_id, d.device_id, d.state, {run}, {certificate}, \
             NULL, NULL, NULL, {secondary} FROM device d"
        );
        if parts.run || of_run {
            // the join's order stands: conditions on the run must not turn it round
            sql.push_str(" LEFT JOIN run r ON r.id = (SELECT max(id) FROM run WHERE device = d.id)");
        }
        if parts.certificate || parts.der {
            sql.push_str(
                " LEFT JOIN certificate c ON c.device = d.id AND (c.which IS NULL) = 1
                                         AND c.state IN ('intended', 'issued') AND c.sha256 IS NOT NULL",
            );
        }
        if parts.secondary {
            sql.push_str(
                " LEFT JOIN certificate s ON s.device = d.id AND (s.which IS NULL) = 0
                                         AND s.state IN ('intended', 'issued') AND s.sha256 IS NOT NULL",
            );
        }
        sql.push_str(" WHERE d.id BETWEEN ?1 AND ?2");
        let mut values = Vec::new();
        let mut also = |condition: &str, value: Value| {
            values.push(value);
            sql.push_str(&format!(" AND +{condition} ?{}", values.len() + 2));
        };
        let Selection { announced: _, work_order, verdict, state, from, until } = selection;
        if let Some(name) = work_order {
            also("r.work_order =", Value::Text(name.to_string()));
        }
        if let Some(verdict) = verdict {
            also("r.verdict =", Value::Text(verdict.to_string()));
        }
        if let Some(state) = state {
            also("d.state =", Value::Text(state.to_string()));
        }
        if let Some(from) = from {
            also("r.finished >=", Value::Integer(from.millis()));
        }
        if let Some(until) = until {
            also("r.finished <", Value::Integer(until.millis()));
        }
        sql.push_str(" ORDER BY d.id");
        Query { sql, values, selection: selection.clone() }
    }

    /// The same columns of the rows of imported files that count.
    fn of_announced(selection: &Selection) -> Query {
        let mut sql = "SELECT a.id, coalesce(a.serial, ''), a.mac, coalesce(a.registration_id, ''),
                              coalesce(a.registration_id, ''), 'announced',
                              NULL, a.work_order, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
                              NULL, NULL, NULL, NULL, NULL, a.batch, a.extra, a.endorsement_key,
                              NULL, NULL, NULL, NULL, NULL
                       FROM announced a CROSS JOIN batch b ON b.id = a.batch AND b.state = 'done'
                       WHERE a.id BETWEEN ?1 AND ?2"
            .to_owned();
        let mut values = Vec::new();
        if let Some(name) = &selection.work_order {
            sql.push_str(" AND +a.work_order = ?3");
            values.push(Value::Text(name.to_string()));
        }
        sql.push_str(" ORDER BY a.id");
        Query { sql, values, selection: selection.clone() }
    }
}
