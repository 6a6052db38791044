//! From rows to devices that may get a certificate: every rule that can be asked before anything is reserved.

use std::collections::{HashSet, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::ask::{IssueAsk, Keys, SECONDARY_CSR};
use super::failed::IssueFailed;
use super::rehearsal::Rehearsal;
use super::sharing::share;
use super::surveyed::SurveyedFile;
use crate::ca::csr::{self, BadCsr, ProvenKey};
use crate::ca::issue::Refused;
use crate::domain::code::{Code, Coded};
use crate::domain::mac_address::MacAddress;
use crate::domain::name::Name;
use crate::domain::pair::Pair;
use crate::domain::product::DeviceIdentity;
use crate::domain::serial_number::SerialNumber;
use crate::station::batch::identity_cells::{Identity, IdentityRule};
use crate::station::batch::outcome::RowFault;
use crate::station::batch::table::{Column, Header, Row, Table};
use crate::station::blocklist::LiveBlocklist;
use crate::store::Store;
use crate::store::announced::{self, contradiction};
use crate::store::certificates;
use crate::store::certificates::issue::IntendError;
use crate::store::devices::Device;
use crate::store::devices::standing::{self, Claim, Standing};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::store::runs::reserve::ReserveError;
use crate::store::work_orders;

/// Chunks whose devices may not be on record yet while another one is planned: one that is signed, one that waits, one
/// that is written, and one more.
const IN_FLIGHT: usize = 4;

/// Rows of so many bytes are a chunk, however few they are: several chunks are in memory at once.
const BYTES_AT_ONCE: u64 = 4 << 20;

/// A row that may get a certificate.
pub struct Planned {
    /// The row.
    pub row: Row,
    /// The device's serial number.
    pub serial: SerialNumber,
    /// Its MAC address, if the row has one.
    pub mac: Option<MacAddress>,
    /// The identities it will have.
    pub identity: DeviceIdentity,
    /// The device on record, if it was seen before.
    pub known: Option<Device>,
    /// The key of its request, or of both.
    pub request: Option<Pair<ProvenKey>>,
}

/// Rows of the input, sorted out.
#[derive(Default)]
pub struct PlannedChunk {
    /// How many rows there were; none at the end of the table.
    pub rows: usize,
    /// Those that may get a certificate.
    pub good: Vec<Planned>,
    /// Those that may not, and why.
    pub refused: Vec<(Row, RowFault)>,
    /// The byte of the input after them.
    pub end: u64,
}

/// Why a row gets no certificate, where no other room says so.
#[derive(Debug, thiserror::Error)]
enum BadRow {
    #[error("another row of this file has the same {0}")]
    Twice(&'static str),
    #[error("the row has no registration ID, and no recipe forms one")]
    NoRegistrationId,
    #[error("the row has no request in its column {0}")]
    NoRequest(&'static str),
    #[error("the request in column {0} is neither PEM nor base64")]
    Garbled(&'static str),
    #[error("both requests of the row are for one and the same key")]
    KeysAlike,
    #[error("{0}")]
    Identity(Box<dyn Coded + Send + Sync>),
}

impl Coded for BadRow {
    fn code(&self) -> Code {
        match self {
            BadRow::Twice(_) => Code::RowDuplicate,
            BadRow::NoRegistrationId => Code::IdentityMissing,
            BadRow::NoRequest(_) | BadRow::Garbled(_) => Code::CsrGarbage,
            BadRow::KeysAlike => Code::KeysAlike,
            BadRow::Identity(error) => error.code(),
        }
    }
}

/// What is asked once for all rows.
pub struct Planner<'a> {
    ask: &'a IssueAsk,
    blocklist: &'a LiveBlocklist,
    header: Header,
    rule: IdentityRule,
    /// Where the requests for second keys stand, if devices get two certificates and make the keys.
    secondary_csr: Option<usize>,
    /// Of the files of devices, if they are wanted.
    rehearsal: Option<Rehearsal>,
    /// Whom the rows of the chunks in flight are about.
    seen: VecDeque<HashSet<String>>,
    /// The work order that lists serial numbers; none if it may hold any.
    listed: Option<Option<Name>>,
    /// Whether files announced anything.
    announced: bool,
}

impl<'a> Planner<'a> {
    /// For a table with this header.
    pub fn new(
        ask: &'a IssueAsk,
        blocklist: &'a LiveBlocklist,
        header: Header,
        rehearsal: Option<Rehearsal>,
    ) -> Planner<'a> {
        let rule = ask.product().map(IdentityRule::of).unwrap_or_default();
        let secondary_csr = header.named(SECONDARY_CSR).filter(|_| ask.is_two());
        let (seen, listed) = (VecDeque::new(), None);
        Planner { ask, blocklist, header, rule, secondary_csr, rehearsal, seen, listed, announced: false }
    }

    /// Sorts out the next rows, at most so many.
    pub fn next(
        &mut self,
        store: &Store,
        table: &mut Table<SurveyedFile>,
        most: usize,
    ) -> Result<PlannedChunk, IssueFailed> {
        let mut rows = Vec::new();
        let mut chunk = PlannedChunk::default();
        let mut row = Row::default();
        let (begin, _) = table.position();
        while rows.len() < most && chunk.end.saturating_sub(begin) < BYTES_AT_ONCE && table.next(&mut row)? {
            chunk.end = row.end;
            rows.push(row.clone());
        }
        chunk.rows = rows.len();
        let mut read = share(rows, |_, row| Ok::<_, IssueFailed>(self.read(row)))?;
        if let Some(rehearsal) = &mut self.rehearsal {
            read = rehearsal.sort(read)?;
        }
        while self.seen.len() >= IN_FLIGHT {
            self.seen.pop_front();
        }
        self.seen.push_back(HashSet::with_capacity(read.len()));
        store.read(|reader| {
            self.announced = announced::any(reader)?;
            for found in read {
                match found {
                    Ok(planned) => self.admit(reader, planned, &mut chunk)?,
                    Err((row, fault)) => chunk.refused.push((row, fault)),
                }
            }
            Ok::<_, IssueFailed>(())
        })?;
        Ok(chunk)
    }

    /// What the row alone says.
    fn read(&self, row: Row) -> Result<Planned, (Row, RowFault)> {
        match self.parse(&row) {
            Ok((serial, mac, identity, request)) => {
                Ok(Planned { row, serial, mac, identity, known: None, request })
            }
            Err(fault) => Err((row, fault)),
        }
    }

    #[allow(clippy::type_complexity, reason = "it is taken apart where it is made")]
    fn parse(
        &self,
        row: &Row,
    ) -> Result<(SerialNumber, Option<MacAddress>, DeviceIdentity, Option<Pair<ProvenKey>>), RowFault> {
        let line = row.line;
        if let Some(fault) = row.fault(&self.header) {
            return Err(fault);
        }
        let Identity { serial, mac, registration_id } = self.rule.read(&self.header, row)?;
        let wrong = |error: BadRow| RowFault::new(line, &error);
        let serial = match (serial, &registration_id) {
            (Some(serial), _) => serial,
            // without a column of serial numbers the registration ID is what the device is known by
            (None, Some(id)) => {
                id.as_str().parse::<SerialNumber>().map_err(|error| RowFault::new(line, &error))?
            }
            (None, None) => return Err(wrong(BadRow::NoRegistrationId)),
        };
        let identity = match self.ask.product() {
            Some(product) => {
                product.identity(&serial, mac.as_ref()).map_err(|e| wrong(BadRow::Identity(e)))?
            }
            None => {
                let registration_id = registration_id.ok_or(BadRow::NoRegistrationId).map_err(wrong)?;
                registration_id.fits_cn().map_err(|error| RowFault::new(line, &error))?;
                DeviceIdentity { device_id: (&registration_id).into(), registration_id }
            }
        };
        let request = match self.ask.keys {
            Keys::Sealed(_) | Keys::Clear => None,
            Keys::FromRequests => Some(self.requests(row)?),
        };
        Ok((serial, mac, identity, request))
    }

    fn requests(&self, row: &Row) -> Result<Pair<ProvenKey>, RowFault> {
        let primary = self.request(row, "csr", row.get(&self.header, Column::Csr))?;
        let Some(place) = self.secondary_csr else { return Ok(Pair::one(primary)) };
        let cell = Some(row.cell(place).trim()).filter(|cell| !cell.is_empty());
        let secondary = self.request(row, SECONDARY_CSR, cell)?;
        let keys = Pair { primary, secondary: Some(secondary) };
        if csr::are_alike(&keys) {
            return Err(RowFault::new(row.line, &BadRow::KeysAlike));
        }
        Ok(keys)
    }

    fn request(&self, row: &Row, column: &'static str, cell: Option<&str>) -> Result<ProvenKey, RowFault> {
        let line = row.line;
        let cell = cell.ok_or(BadRow::NoRequest(column)).map_err(|error| RowFault::new(line, &error))?;
        let key = match cell.starts_with("-----") {
            true => csr::proven_key(cell.as_bytes()),
            false => match STANDARD.decode(cell) {
                Ok(der) => csr::proven_key(&der),
                Err(_) => return Err(RowFault::new(line, &BadRow::Garbled(column))),
            },
        };
        let key = key.map_err(|error: BadCsr| RowFault::new(line, &error))?;
        self.blocklist.admit(key.public_key()).map_err(|error| RowFault::new(line, &error))?;
        let (profile, found) = (&self.ask.profile, key.public_key().kind());
        if !profile.keys().contains(&found) {
            let (allowed, profile) = (profile.keys().to_vec(), profile.name().clone());
            return Err(RowFault::new(line, &Refused::KeyKind { found, allowed, profile }));
        }
        Ok(key)
    }

    /// What the records say of it.
    fn admit(
        &mut self,
        reader: &Reader<'_>,
        mut planned: Planned,
        chunk: &mut PlannedChunk,
    ) -> Result<(), IssueFailed> {
        let line = planned.row.line;
        let claim = Claim { serial: &planned.serial, mac: planned.mac.as_ref(), identity: &planned.identity };
        let fault = match standing::standing(reader, &claim) {
            Ok(Standing::New) => None,
            Ok(Standing::Known(device)) => {
                planned.known = Some(device);
                None
            }
            Ok(Standing::Resume { device: _, run }) => {
                Some(RowFault::new(line, &ReserveError::Resumable { run: run.id }))
            }
            Err(ReserveError::Store(error)) => return Err(error.into()),
            Err(error) => Some(RowFault::new(line, &error)),
        };
        let fault = match fault {
            None => self.not_listed(reader, &planned)?,
            some => some,
        };
        let fault = match fault {
            None => self.has_key(reader, &planned)?,
            some => some,
        };
        let fault = match fault {
            None if self.announced => self.contradicts(reader, &planned)?,
            other => other,
        };
        match fault.or_else(|| self.twice(&planned)) {
            None => chunk.good.push(planned),
            Some(fault) => chunk.refused.push((planned.row, fault)),
        }
        Ok(())
    }

    /// A serial number that the work order does not hold.
    fn not_listed(&mut self, reader: &Reader<'_>, planned: &Planned) -> Result<Option<RowFault>, StoreError> {
        let listed = match &self.listed {
            Some(listed) => listed,
            None => {
                let order = self.ask.work_order.as_ref();
                let holds = order.map(|name| work_orders::count_serials(reader, name)).transpose()?;
                &*self.listed.insert(order.filter(|_| holds.is_some_and(|count| count > 0)).cloned())
            }
        };
        let Some(name) = listed else { return Ok(None) };
        if work_orders::allows(reader, name, &planned.serial)? {
            return Ok(None);
        }
        let (work_order, serial) = (name.clone(), planned.serial.clone());
        Ok(Some(RowFault::new(planned.row.line, &ReserveError::SerialNotAllowed { work_order, serial })))
    }

    /// A key that another device has, or that is known to others.
    fn has_key(&self, reader: &Reader<'_>, planned: &Planned) -> Result<Option<RowFault>, StoreError> {
        let own = planned.known.as_ref().map(|device| device.id);
        for (_, request) in planned.request.iter().flat_map(Pair::each) {
            let public_key = request.public_key().digest();
            let fault = match certificates::owner_of_key(reader, &public_key)? {
                Some(known_device) if own != Some(known_device) => {
                    IntendError::DuplicateKey { known_device, public_key }
                }
                Some(device) if certificates::issue::is_compromised(reader, device, &public_key)? => {
                    IntendError::Compromised { public_key }
                }
                Some(_) | None => continue,
            };
            return Ok(Some(RowFault::new(planned.row.line, &fault)));
        }
        Ok(None)
    }

    /// A device that was announced otherwise.
    fn contradicts(&self, reader: &Reader<'_>, planned: &Planned) -> Result<Option<RowFault>, StoreError> {
        let Planned { serial, mac, identity, .. } = planned;
        let claim = Claim { serial, mac: mac.as_ref(), identity };
        let mut found = contradiction::of_claim(reader, &claim, self.ask.work_order.as_ref())?;
        for (_, key) in planned.request.iter().flat_map(Pair::each) {
            if found.is_none() {
                found = contradiction::of_public_key(reader, &key.public_key().digest(), &claim)?;
            }
        }
        Ok(found.map(|found| RowFault::new(planned.row.line, &found)))
    }

    /// A device or a key that an earlier row has.
    fn twice(&mut self, planned: &Planned) -> Option<RowFault> {
        let mut about = vec![
            ("serial number", format!("s{}", planned.serial.folded())),
            ("registration ID", format!("r{}", planned.identity.registration_id)),
        ];
        if planned.identity.device_id.as_str() != planned.identity.registration_id.as_str() {
            about.push(("device ID", format!("d{}", planned.identity.device_id)));
        }
        about.extend(planned.mac.iter().map(|mac| ("MAC address", format!("m{mac}"))));
        let keys = planned.request.iter().flat_map(Pair::each);
        about.extend(keys.map(|(_, key)| ("public key", format!("k{}", key.public_key().digest()))));
        let had = about.iter().find(|(_, key)| self.seen.iter().any(|seen| seen.contains(key)));
        if let Some((what, _)) = had {
            return Some(RowFault::new(planned.row.line, &BadRow::Twice(what)));
        }
        if let Some(newest) = self.seen.back_mut() {
            newest.extend(about.into_iter().map(|(_, key)| key));
        }
        None
    }
}
