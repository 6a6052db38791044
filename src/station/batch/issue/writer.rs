//! Writing a chunk: rows and keys on the disk first, then the records, so that what is on record is in the output.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use zeroize::Zeroizing;

use super::Bench;
use super::ask::{IssueAsk, Keys};
use super::bundle::contents::{BundleCertificate, BundleDevice, Contents, Surroundings};
use super::bundle::{Bundles, Start};
use super::failed::IssueFailed;
use super::key_file::{self, KeyFolder};
use super::places::refused_of;
use super::row_out::{self, RowOut, Wanted};
use super::sealing::{Common, Sealed, SealedChunk};
use super::sharing::share;
use crate::device::render::template_set::TemplateSet;
use crate::domain::digest::{Digest, Digester};
use crate::durable;
use crate::station::authority::Authority;
use crate::station::batch::outcome::{NAMED_FAULTS, RowFault};
use crate::station::batch::progress::Progress;
use crate::station::batch::result_file::{Fate, ResultFile};
use crate::station::batch::table::{Header, Row};
use crate::station::{clock, crash_point, enrollment};
use crate::store::bulk::commit::{self, IssuedRow};
use crate::store::bulk::{Ends, Standing};

/// A file that grows chunk by chunk.
struct Growing {
    path: PathBuf,
    file: Option<File>,
    length: u64,
}

impl Growing {
    /// Takes up a file at the length that is on record; what is behind it was never committed.
    fn at(path: PathBuf, length: u64) -> Result<Growing, IssueFailed> {
        if length == 0 {
            // begun by an attempt that committed nothing, or not at all
            return Ok(Growing { path, file: None, length });
        }
        let fault = |cause| IssueFailed::Write { path: path.clone(), cause };
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(fault)?;
        let found = file.metadata().map_err(fault)?.len();
        if found < length {
            return Err(IssueFailed::OutputShorter { path, found, expected: length });
        }
        file.set_len(length).and_then(|()| file.seek(SeekFrom::End(0))).map_err(fault)?;
        Ok(Growing { path, file: Some(file), length })
    }

    /// Writes and flushes; the file is private from its first byte.
    fn append(&mut self, bytes: &[u8]) -> Result<(), IssueFailed> {
        let fault = |cause| IssueFailed::Write { path: self.path.clone(), cause };
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let mut options = OpenOptions::new();
                let options = options.write(true).create(true).truncate(true).mode(durable::PRIVATE);
                let file = options.open(&self.path).map_err(fault)?;
                durable::settle_name(&self.path).map_err(fault)?;
                self.file.insert(file)
            }
        };
        file.write_all(bytes).and_then(|()| file.sync_data()).map_err(fault)?;
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// The digest of what is there.
    fn digester(&self) -> Result<Digester, IssueFailed> {
        let fault = |cause| IssueFailed::Write { path: self.path.clone(), cause };
        let mut digester = Digester::new();
        if self.file.is_some() {
            let mut file = File::open(&self.path).map_err(fault)?;
            let mut buffer = vec![0; 1 << 16];
            loop {
                let read = file.read(&mut buffer).map_err(fault)?;
                if read == 0 {
                    break;
                }
                digester.update(&buffer[..read]);
            }
        }
        Ok(digester)
    }
}

/// Where a batch writes.
pub struct Sinks {
    output: Growing,
    refused: Growing,
    keys: Option<KeyFolder>,
    bundles: Bundles,
    contents: Option<Arc<Contents>>,
}

impl Sinks {
    /// Nothing may be there that a new batch would overwrite.
    pub fn must_be_free(ask: &IssueAsk, output: &Path) -> Result<(), IssueFailed> {
        let mut wanted = vec![output.to_owned(), refused_of(output)];
        wanted.extend(ask.tar.clone());
        let mut folders = vec![KeyFolder::of(output)];
        folders.extend(ask.folders.clone());
        let holds_files = |path: &PathBuf| path.read_dir().is_ok_and(|mut files| files.next().is_some());
        let taken = wanted.into_iter().find(|path| path.symlink_metadata().is_ok());
        match taken.or_else(|| folders.into_iter().find(holds_files)) {
            Some(path) => Err(IssueFailed::OutputTaken(path)),
            None => Ok(()),
        }
    }

    /// What makes the files of devices, if they are wanted.
    pub fn contents(&self) -> Option<Arc<Contents>> {
        self.contents.clone()
    }

    /// Opens everything as far as it is on record.
    pub fn open(
        bench: &Bench<'_>,
        ask: &IssueAsk,
        output: &Path,
        standing: &Standing,
        resumed: bool,
    ) -> Result<Sinks, IssueFailed> {
        let ends = standing.ends;
        let keys = match &ask.keys {
            Keys::FromRequests | Keys::Clear => None,
            Keys::Sealed(_) if resumed => Some(KeyFolder::resume(output, standing.issued_chunk + 1)?),
            Keys::Sealed(_) => Some(KeyFolder::create(output)?),
        };
        let start = || match resumed {
            true => Start::Resume { offset: ends.bundle },
            false => Start::New,
        };
        let mut bundles = Bundles::none();
        if let Some(folder) = &ask.folders {
            bundles = bundles.to_folders(folder, start())?;
        }
        if let Some(file) = &ask.tar {
            bundles = bundles.to_tar(file, start())?;
        }
        let contents = bundles.are_wanted().then(|| contents(bench, ask)).transpose()?.map(Arc::new);
        Ok(Sinks {
            output: Growing::at(output.to_owned(), ends.output)?,
            refused: Growing::at(refused_of(output), ends.refused)?,
            keys,
            bundles,
            contents,
        })
    }
}

fn contents(bench: &Bench<'_>, ask: &IssueAsk) -> Result<Contents, IssueFailed> {
    let azure = &bench.settings.azure;
    let around = Surroundings {
        station: bench.settings.name.clone(),
        id_scope: (!azure.id_scope.is_empty()).then(|| azure.id_scope.clone()),
        global_endpoint: azure.global_endpoint.clone(),
        issuing_pem: bench.keys.issuing_pem.clone(),
        root_pem: bench.keys.root_pem.clone(),
        templates: TemplateSet::new(Some(bench.folder.templates())),
    };
    let recipients = match &ask.keys {
        Keys::Sealed(recipients) => Some(recipients.clone()),
        Keys::FromRequests | Keys::Clear => None,
    };
    Ok(Contents::new(around, ask.product().cloned(), recipients)?)
}

/// What was written in all.
pub struct Written {
    /// Rows whose devices got what they get.
    pub good: u64,
    /// Rows that got none.
    pub refused: u64,
    /// The first of them in this attempt.
    pub faults: Vec<RowFault>,
    /// The files, the output first.
    pub files: Vec<PathBuf>,
    /// SHA-256 of the output.
    pub digest: Digest,
}

/// The one who writes.
pub struct Writer<'a> {
    common: Common<'a>,
    sinks: Sinks,
    header: Header,
    rows: RowOut,
    digester: Option<Digester>,
    good: u64,
    refused: u64,
    faults: Vec<RowFault>,
}

impl<'a> Writer<'a> {
    /// Goes on where the batch stands.
    pub fn new(common: Common<'a>, sinks: Sinks, header: &Header, standing: Standing) -> Writer<'a> {
        Writer {
            rows: RowOut::new(
                header,
                Wanted { clear_keys: common.ask.keys.are_clear(), secondary: common.ask.is_two() },
            ),
            header: header.clone(),
            common,
            sinks,
            digester: None,
            good: standing.good(common.ask.copies()),
            refused: standing.refused,
            faults: Vec::new(),
        }
    }

    /// Writes a chunk and puts it on record.
    pub fn write(&mut self, chunk: SealedChunk, progress: &Progress) -> Result<(), IssueFailed> {
        self.append_rows(&chunk.devices)?;
        self.append_refused(&chunk.refused)?;
        self.append_bundles(&chunk.devices)?;
        if let (Some(folder), Keys::Sealed(recipients)) = (&self.sinks.keys, &self.common.ask.keys) {
            let mut keys = chunk.devices.iter().filter_map(|sealed| {
                Some((&sealed.planned.identity.registration_id, sealed.private_keys()?))
            });
            let sealed = key_file::seal(recipients, self.common.ask.is_two(), &mut keys)?;
            folder.write(chunk.number, &sealed)?;
        }
        crash_point::reached("batch-written");
        self.record(&chunk)?;
        crash_point::reached("batch-on-record");
        self.good += u64::try_from(chunk.devices.len()).unwrap_or(u64::MAX);
        self.refused += u64::try_from(chunk.refused.len()).unwrap_or(u64::MAX);
        let room = NAMED_FAULTS.saturating_sub(self.faults.len());
        self.faults.extend(chunk.refused.into_iter().map(|(_, fault)| fault).take(room));
        progress.reached(chunk.end, self.good, self.refused);
        Ok(())
    }

    fn append_rows(&mut self, devices: &[Sealed]) -> Result<(), IssueFailed> {
        let room = devices.len() * 1800 * usize::from(self.common.ask.copies());
        let mut bytes = Zeroizing::new(Vec::with_capacity(room));
        if self.sinks.output.length == 0 {
            self.rows.header(&mut bytes);
        }
        for sealed in devices {
            let issued = row_out::Issued {
                registration_id: &sealed.planned.identity.registration_id,
                certificates: sealed.certificates.as_ref().map(|_, one| row_out::Certified {
                    cert_serial: &one.cert_serial,
                    not_after: one.not_after,
                    sha1: &one.sha1,
                    sha256: &one.sha256,
                    certificate: &one.der,
                    private_key: one.private_key.as_ref(),
                }),
            };
            self.rows.row(&sealed.planned.row, &issued, &mut bytes);
        }
        let digester = match &mut self.digester {
            Some(digester) => digester,
            None => self.digester.insert(self.sinks.output.digester()?),
        };
        digester.update(&bytes);
        self.sinks.output.append(&bytes)?;
        if !self.common.ask.keys.are_clear() {
            // nothing secret is in it, and wiping a megabyte costs
            let _ = std::mem::take(&mut *bytes);
        }
        Ok(())
    }

    fn append_refused(&mut self, refused: &[(Row, RowFault)]) -> Result<(), IssueFailed> {
        if refused.is_empty() {
            return Ok(());
        }
        let fault = |cause: csv::Error| IssueFailed::Write {
            path: self.sinks.refused.path.clone(),
            cause: cause.into(),
        };
        let mut table = match self.sinks.refused.length {
            0 => ResultFile::begin(Vec::new(), &self.header).map_err(fault)?,
            _ => ResultFile::go_on(Vec::new(), &self.header),
        };
        for (row, why) in refused {
            table.row(row, &Fate::Refused(why)).map_err(fault)?;
        }
        let bytes = table.finish().map_err(|cause| fault(cause.into()))?;
        self.sinks.refused.append(&bytes)
    }

    fn append_bundles(&mut self, devices: &[Sealed]) -> Result<(), IssueFailed> {
        let Some(contents) = &self.sinks.contents else { return Ok(()) };
        // a few at a time: each device has several files
        for part in devices.chunks(256) {
            let made = share(part.iter().collect(), |_, sealed: &Sealed| {
                contents.of(&BundleDevice {
                    identity: &sealed.planned.identity,
                    serial: &sealed.planned.serial,
                    mac: sealed.planned.mac.as_ref(),
                    certificates: sealed.certificates.as_ref().map(|_, one| BundleCertificate {
                        der: &one.der,
                        private_key: one.private_key.as_ref(),
                    }),
                    not_before: sealed.certificates.primary.not_before,
                })
            })?;
            for device in &made {
                self.sinks.bundles.add(device)?;
            }
        }
        Ok(self.sinks.bundles.settle()?)
    }

    fn record(&self, chunk: &SealedChunk) -> Result<(), IssueFailed> {
        let Common { bench, right, person, ask, batch, work_order } = self.common;
        let rows: Vec<IssuedRow<'_>> = chunk
            .devices
            .iter()
            .map(|sealed| IssuedRow {
                serial: &sealed.planned.serial,
                mac: sealed.planned.mac.as_ref(),
                identity: &sealed.planned.identity,
                known: sealed.planned.known.as_ref(),
                certificates: sealed.certificates.as_ref().map(|_, one| one.as_issued()),
            })
            .collect();
        let common = commit::Common {
            batch,
            chunk: chunk.number,
            row: chunk.row,
            product: ask.product().map(|product| (&product.name, &product.digest)),
            work_order,
            profile: &ask.profile.digest(),
            person,
            credential: &ask.credential(),
            started: chunk.started,
            ends: Ends {
                input: chunk.end,
                output: self.sinks.output.length,
                refused: self.sinks.refused.length,
                bundle: self.sinks.bundles.offset(),
            },
        };
        bench.store.change(right.actor(), clock::now(), |change| {
            let runs = commit::commit(change, &common, &rows)?;
            if let Some(product) = ask.product() {
                for (row, run) in rows.iter().zip(runs) {
                    let serials = row.certificates.map(|_, one| *one.cert_serial);
                    enrollment::queue_handed_over(change, product, row.identity, run, &serials)?;
                }
            }
            Ok(())
        })
    }

    /// Ends the files.
    pub fn finish(mut self) -> Result<Written, IssueFailed> {
        if self.sinks.output.length == 0 || self.digester.is_none() {
            self.append_rows(&[])?;
        }
        let digest = self.digester.take().map(Digester::finish);
        let Sinks { output, refused, keys, bundles, contents: _ } = self.sinks;
        bundles.finish()?;
        let ask = self.common.ask;
        let mut files = vec![output.path];
        files.extend((refused.length > 0).then_some(refused.path));
        files.extend(keys.map(|folder| folder.path().to_owned()));
        files.extend(ask.folders.clone());
        files.extend(ask.tar.clone());
        let digest = digest.unwrap_or_else(|| Digest::of(b""));
        Ok(Written { good: self.good, refused: self.refused, faults: self.faults, files, digest })
    }
}
