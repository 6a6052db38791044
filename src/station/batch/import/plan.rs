//! What a table holds, told by its header, and how one of its rows is read.

use super::fault::{BadRow, ImportFailed};
use super::requests;
use crate::domain::endorsement_key::EndorsementKey;
use crate::domain::name::Name;
use crate::domain::product::Product;
use crate::station::batch::identity_cells::{Identity, IdentityRule};
use crate::station::batch::outcome::RowFault;
use crate::station::batch::result_file;
use crate::station::batch::table::{Column, Header, Row};
use crate::station::blocklist::Blocklist;
use crate::store::announced::writing::NewRow;

/// What a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImportKind {
    /// Devices: a serial number or a registration ID a row.
    Devices,
    /// Devices with the endorsement keys of their TPMs.
    EndorsementKeys,
    /// Devices with requests for certificates.
    Requests,
    /// Work orders: `work_order`, `product` and `quantity`, and nothing that names a device.
    WorkOrders,
}

impl ImportKind {
    /// The word in records, `--json` and on pages.
    pub fn as_str(self) -> &'static str {
        match self {
            ImportKind::Devices => "devices",
            ImportKind::EndorsementKeys => "endorsement-keys",
            ImportKind::Requests => "requests",
            ImportKind::WorkOrders => "work-orders",
        }
    }
}

/// A column that means something here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    /// Its name in the file.
    pub name: String,
    /// Our name for it.
    pub means: &'static str,
}

/// How the rows of one table are read.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What it holds.
    pub kind: ImportKind,
    /// The columns that are understood.
    pub understood: Vec<Understood>,
    /// The columns that are kept as they are: place and name.
    pub kept: Vec<(usize, String)>,
    header: Header,
    rule: IdentityRule,
    blocklist: Blocklist,
}

const OF_DEVICES: [Column; 6] = [
    Column::Serial,
    Column::Mac,
    Column::RegistrationId,
    Column::WorkOrder,
    Column::Csr,
    Column::EndorsementKey,
];
const OF_ORDERS: [Column; 4] = [Column::WorkOrder, Column::Product, Column::Quantity, Column::Spare];

impl Plan {
    /// Decides what a table holds.
    ///
    /// # Errors
    /// [`ImportFailed::Unclear`] if its columns name neither devices nor work orders.
    pub fn of(header: &Header, product: Option<&Product>) -> Result<Plan, ImportFailed> {
        let has = |column| header.place(column).is_some();
        let orders = [Column::WorkOrder, Column::Product, Column::Quantity].into_iter().all(has);
        let kind = match (has(Column::Serial) || has(Column::RegistrationId), orders) {
            (true, _) if has(Column::Csr) => ImportKind::Requests,
            (true, _) if has(Column::EndorsementKey) => ImportKind::EndorsementKeys,
            (true, _) => ImportKind::Devices,
            (false, true) => ImportKind::WorkOrders,
            (false, false) => return Err(ImportFailed::Unclear),
        };
        let meant: &[Column] = if kind == ImportKind::WorkOrders { &OF_ORDERS } else { &OF_DEVICES };
        let of_place = |place| meant.iter().find(|column| header.place(**column) == Some(place));
        let (mut understood, mut kept) = (Vec::new(), Vec::new());
        for (place, name) in header.names.iter().enumerate() {
            match of_place(place) {
                Some(column) => understood.push(Understood {
                    name: name.clone(),
                    means: column.names().first().copied().unwrap_or_default(),
                }),
                // what an earlier import said of the row is said anew
                None if result_file::COLUMNS.contains(&name.to_lowercase().as_str()) => {}
                None => kept.push((place, name.clone())),
            }
        }
        let rule = product.map(IdentityRule::of).unwrap_or_default();
        let blocklist = Blocklist::default();
        Ok(Plan { kind, understood, kept, header: header.clone(), rule, blocklist })
    }

    /// The same, and keys on this list are refused.
    pub fn without_keys_on(self, blocklist: Blocklist) -> Plan {
        Plan { blocklist, ..self }
    }

    /// The header the rows stand under.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Reads the row of a device.
    ///
    /// # Errors
    /// The first cell that breaks its rule.
    pub fn device(&self, row: &Row) -> Result<NewRow, RowFault> {
        let header = &self.header;
        let fault = |error: &dyn crate::domain::code::Coded| RowFault {
            line: row.line,
            code: error.code(),
            message: crate::domain::code::sentence(&error),
        };
        if let Some(shape) = row.fault(header) {
            return Err(shape);
        }
        let Identity { serial, mac, registration_id } = self.rule.read(header, row)?;
        let work_order = row.get(header, Column::WorkOrder).map(str::parse::<Name>).transpose();
        let work_order = work_order.map_err(|bad| fault(&bad))?;
        let endorsement_key = row.get(header, Column::EndorsementKey).map(EndorsementKey::parse).transpose();
        let endorsement_key = endorsement_key.map_err(|bad| fault(&bad))?;
        let request =
            row.get(header, Column::Csr).map(|cell| requests::read(cell, &self.blocklist)).transpose();
        let request = request.map_err(|bad| fault(&bad))?;
        let (csr, public_key) = request.map(|request| (request.der, request.public_key.to_string())).unzip();
        Ok(NewRow {
            line: row.line,
            serial: serial.map(String::from),
            mac: mac.map(|mac| mac.to_string()),
            registration_id: registration_id.map(String::from),
            work_order: work_order.map(String::from),
            csr,
            public_key,
            endorsement_key: endorsement_key.map(|key| key.as_bytes().to_vec()),
            extra: self.extra(row),
        })
    }

    /// A cell that a work order cannot do without.
    pub fn demanded<'r>(&self, row: &'r Row, column: Column) -> Result<&'r str, BadRow> {
        let name = column.names().first().copied().unwrap_or_default();
        row.get(&self.header, column).ok_or(BadRow::Empty(name))
    }

    /// The kept cells as a JSON array.
    fn extra(&self, row: &Row) -> String {
        let mut text = String::from("[");
        for (at, (place, _)) in self.kept.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            let cell = row.cell(*place);
            // nearly all cells are plain, and a million of them are felt
            if cell.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                text.push('"');
                text.push_str(cell);
                text.push('"');
            } else {
                text.push_str(&serde_json::Value::from(cell).to_string());
            }
        }
        text.push(']');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::Code;
    use crate::station::batch::table::Table;
    use proptest::prelude::*;
    use std::io::Cursor;

    fn plan(text: &str) -> Result<Plan, ImportFailed> {
        Plan::of(Table::read(Cursor::new(text.as_bytes().to_vec())).unwrap().header(), None)
    }

    fn rows(text: &str) -> Vec<Result<NewRow, RowFault>> {
        let mut table = Table::read(Cursor::new(text.as_bytes().to_vec())).unwrap();
        let plan = Plan::of(table.header(), None).unwrap();
        let (mut row, mut rows) = (Row::default(), Vec::new());
        while table.next(&mut row).unwrap() {
            rows.push(plan.device(&row));
        }
        rows
    }

    #[test]
    fn the_header_tells_what_a_table_holds() {
        let kind = |text: &str| plan(text).unwrap().kind;
        assert_eq!(kind("sn,eth_mac,line\n"), ImportKind::Devices);
        assert_eq!(kind("registration_id;ek\n"), ImportKind::EndorsementKeys);
        assert_eq!(kind("serial\tcsr\tek\n"), ImportKind::Requests);
        assert_eq!(kind("work_order,product,quantity\n"), ImportKind::WorkOrders);
        assert_eq!(kind("work_order,product,quantity,serial\n"), ImportKind::Devices, "those of that order");
        assert!(matches!(plan("work_order,product\n"), Err(ImportFailed::Unclear)));
        assert!(matches!(plan("name,colour\n"), Err(ImportFailed::Unclear)));
    }

    #[test]
    fn what_means_nothing_is_kept_and_earlier_results_are_not() {
        let plan = plan("Line;SN;status;Quantity;error_code;error\n").unwrap();
        assert_eq!(plan.kept, [(0, "Line".to_owned()), (3, "Quantity".to_owned())]);
        assert_eq!(plan.understood, [Understood { name: "SN".to_owned(), means: "serial" }]);
    }

    #[test]
    fn a_row_is_folded_as_the_records_hold_it_and_its_own_cells_stay() {
        let found =
            rows("serial,mac,device_id,order,site\n 007A ,A0B2C3D4E5F6,SN-007A,lot-1,\" \"\"x\"\"\t\"\n");
        let row = found[0].as_ref().unwrap();
        assert_eq!(row.serial.as_deref(), Some("007A"));
        assert_eq!(row.mac.as_deref(), Some("a0:b2:c3:d4:e5:f6"));
        assert_eq!(row.registration_id.as_deref(), Some("sn-007a"));
        assert_eq!(row.work_order.as_deref(), Some("lot-1"));
        assert_eq!(row.extra, r#"[" \"x\"\t"]"#);
        let code = |text: &str| rows(text)[0].as_ref().unwrap_err().code;
        assert_eq!(code("serial,work_order\nA1,lot 1\n"), Code::NameInvalid);
        assert_eq!(code("serial,ek\nA1,AAAA\n"), Code::EndorsementKeyInvalid);
        assert_eq!(code("serial,csr\nA1,%%%\n"), Code::CsrGarbage);
    }

    proptest! {
        #[test]
        fn kept_cells_are_kept_exactly(cells in proptest::collection::vec("\\PC{0,20}|[\"\\\\\n\r\t\u{0}-\u{1f}=]{0,6}", 3)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(["serial", "a", "b", "c"]).unwrap();
            writer.write_record(["S1".to_owned()].iter().chain(&cells)).unwrap();
            let text = writer.into_inner().unwrap();
            prop_assume!(!text.contains(&0));
            let found = rows(std::str::from_utf8(&text).unwrap());
            let row = found[0].as_ref().unwrap();
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&row.extra).unwrap(), cells);
        }
    }
}
