//! Driver for devices with a log-in shell on a serial console. Files and keys are made beside their places
//! and moved there at commit; the device's own `openssl` makes keys, requests and proofs.

pub mod console;
pub mod screen;
pub mod script;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use self::console::Console;
use self::script::{DOCUMENT, quote};
use super::driver::{CsrKey, Driver, Identified, LONGEST_FIELD};
use super::error::LineError;
use super::link::{Link, Shown, repeat};
use super::render::{self, Rendered};
use crate::domain::digest::Digest;
use crate::domain::pair::{Pair, Which};
use crate::domain::product::{Credential, Identify, KeyOrigin, Product};
use crate::domain::proof::Challenge;
use crate::domain::secret::Secret;

/// What is put behind a file's name until commit.
const PENDING: &str = ".lineside-new";
/// What is put behind a key's name until commit.
const PENDING_KEY: &str = ".new";
/// How often a file is taken up again where a document was damaged.
const SENDS: u32 = 8;
/// Once more for this many bytes.
const BYTES_PER_SEND: usize = 256;
/// Raw bytes of the shortest document that a bad line makes us send.
const SHORTEST_DOCUMENT: usize = 114;
/// The longest signature or request in base64 that is taken.
const LONGEST_BASE64: usize = 16 * 1024;

/// A conversation with a Linux console.
pub struct LinuxShellDriver<P> {
    console: Console<P>,
    identify: Identify,
    /// Where the device's keys lie or will lie.
    key_paths: Option<Pair<String>>,
    made_on_device: bool,
    /// File of the symmetric key, and whether it holds base64 text.
    hmac_key: Option<(String, bool)>,
    /// Paths of the keys of which a pending one may lie beside them.
    keys_pending: BTreeSet<String>,
    files_pending: BTreeSet<String>,
    finished: bool,
}

impl<P: Read + Write> LinuxShellDriver<P> {
    /// Over an open port, for devices of this product.
    pub fn new(
        port: P,
        baud: u32,
        product: &Product,
        password: Option<Secret>,
        session: [u8; 8],
    ) -> LinuxShellDriver<P> {
        let injected = |template: &str| {
            product.inject.iter().find(|file| file.template == template).map(|file| file.path.clone())
        };
        let (key_paths, made_on_device) = match &product.credential {
            Credential::X509 { key: KeyOrigin::OnDevice, key_paths, .. } => (Some(key_paths.clone()), true),
            Credential::X509 { key: KeyOrigin::Station, key_paths, .. } => {
                let written = |which, path: &String| {
                    injected(render::private_key(which)).unwrap_or_else(|| path.clone())
                };
                (Some(key_paths.as_ref().map(written)), false)
            }
            Credential::GroupKey { .. } => (None, false),
        };
        let base64 = injected("device-key").map(|path| (path, true));
        let raw = || injected("device-key.raw").map(|path| (path, false));
        let identify = product.identify.clone();
        let console = Console::new(
            Link::new(port, baud),
            identify.login.clone(),
            password,
            identify.answer_within,
            session,
        );
        LinuxShellDriver {
            console,
            identify,
            key_paths,
            made_on_device,
            hmac_key: base64.or_else(raw),
            keys_pending: BTreeSet::new(),
            files_pending: BTreeSet::new(),
            finished: false,
        }
    }

    fn field(&mut self, command: Option<&String>) -> Result<Option<String>, LineError> {
        let Some(command) = command else { return Ok(None) };
        let text = self.console.ask(command)?;
        Ok(Some(text.trim().chars().take(LONGEST_FIELD).collect()))
    }

    /// Where a file lies now.
    fn place(&self, path: &str) -> String {
        if self.files_pending.contains(path) { format!("{path}{PENDING}") } else { path.to_owned() }
    }

    /// What only helped on the way; it is worth nothing to anybody.
    fn scratch(&self) -> Vec<String> {
        let keys = self.key_paths.iter().filter(|_| self.made_on_device).flat_map(Pair::each);
        let of_keys =
            keys.flat_map(|(_, path)| ["part", "cnf", "csr"].map(|end| format!("{path}{PENDING_KEY}.{end}")));
        of_keys.chain(self.files_pending.iter().map(|path| format!("{path}{PENDING}.d"))).collect()
    }

    fn own_key(&self, which: Which) -> Result<String, LineError> {
        match self.key_paths.as_ref().and_then(|paths| paths.get(which)) {
            Some(path) if self.made_on_device => Ok(path.clone()),
            _ => Err(LineError::NotCapable { what: "this recipe makes no key on the device".to_owned() }),
        }
    }

    /// Base64 text that a command prints.
    fn bytes_of(&mut self, command: &str) -> Result<Vec<u8>, LineError> {
        let text = self.console.ask(command)?;
        let joined: String = text.split_whitespace().collect();
        match BASE64.decode(&joined) {
            Ok(bytes) if !bytes.is_empty() && joined.len() <= LONGEST_BASE64 => Ok(bytes),
            _ => Err(LineError::Protocol { what: "its openssl printed no base64".to_owned() }),
        }
    }

    /// The device's own words for the proof message; single quotes, since every part is free of them.
    fn message(challenge: &Challenge) -> String {
        format!(
            "printf 'lineside-prove-v1\\n%s\\n%s\\n%s\\n%s' {} {} {} {}",
            quote(challenge.station.as_str()),
            challenge.run,
            quote(challenge.registration_id.as_str()),
            challenge.nonce_text()
        )
    }

    fn still_open(&self) -> Result<(), LineError> {
        if self.finished {
            let message = "the conversation is finished and the console logged out".to_owned();
            return Err(LineError::Refused { code: "state".to_owned(), message });
        }
        Ok(())
    }

    fn send_file(&mut self, file: &Rendered, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LineError> {
        let in_all = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        let content = file.content.expose();
        let shown = if file.secret { Shown::Length } else { Shown::Plain };
        let (path, mode) = (quote(&file.path), file.mode);
        let begin = format!(
            "T={path}{PENDING}; (umask 022; mkdir -p \"${{T%/*}}\") && rm -f \"$T\" && (umask 077; : >\"$T\") && chmod {mode:o} \"$T\""
        );
        // twice: once so that the error can be shown, once so that $T lasts
        self.console.change(&begin, self.identify.answer_within)?;
        self.console.set(&format!("T={path}{PENDING}"))?;
        progress(0, in_all(content.len()));
        let (mut sent, mut size) = (0, DOCUMENT);
        // a longer file meets more losses
        let sends = SENDS + u32::try_from(content.len() / BYTES_PER_SEND).unwrap_or(0);
        let sent_in_all = repeat(sends, |before| {
            self.console.interrupt(before)?;
            if before > 0 {
                // a bad line lets short documents through; the last one may have arrived and only its answer not
                size = (size / 3).max(SHORTEST_DOCUMENT);
                // this was asked more than once already
                let there = match self.console.ask(&format!("wc -c <{path}{PENDING}")) {
                    Ok(there) => there,
                    Err(error) => return Ok(Err(error)),
                };
                sent = there.trim().parse::<usize>().unwrap_or(0).min(content.len());
            }
            while let Some(document) =
                content.get(sent..content.len().min(sent + size)).filter(|d| !d.is_empty())
            {
                self.console.append(sent, document, shown)?;
                sent += document.len();
                progress(in_all(sent), in_all(content.len()));
            }
            Ok(Ok(()))
        });
        sent_in_all??;
        self.console.change(&format!("rm -f {path}{PENDING}.d"), self.identify.answer_within)
    }
}

impl<P: Read + Write> Driver for LinuxShellDriver<P> {
    fn identify(&mut self) -> Result<Identified, LineError> {
        self.finished = false;
        self.console.open()?;
        let asked = self.identify.clone();
        let serial = self.field(asked.serial.as_ref())?.unwrap_or_default();
        Ok(Identified {
            serial,
            mac: self.field(asked.mac.as_ref())?,
            model: self.field(asked.model.as_ref())?,
            firmware: self.field(Some(&"uname -sr".to_owned()))?,
        })
    }

    fn request_csr(
        &mut self,
        which: Which,
        cn: &str,
        key: CsrKey,
        reuse: bool,
    ) -> Result<Vec<u8>, LineError> {
        self.still_open()?;
        let path = self.own_key(which)?;
        // a slash would begin another part of the subject
        if cn.is_empty() || !cn.chars().all(|c| c.is_ascii_alphanumeric() || "._:-".contains(c)) {
            return Err(LineError::NotCapable { what: format!("a request for the name “{cn}”") });
        }
        let curve = match key {
            CsrKey::P256 => "P-256",
            CsrKey::P384 => "P-384",
        };
        self.console.set(&format!("K={}{PENDING_KEY}", quote(&path)))?;
        // from here on something may lie there, whatever the answer says
        self.keys_pending.insert(path);
        let long = self.identify.answer_within * 3;
        // kept: the pending key, else the one in use, to which an earlier attempt's commit has moved it
        let keep = if reuse {
            format!(
                "H=$K; [ -s \"$H\" ] || H=${{K%{PENDING_KEY}}}; openssl pkey -in \"$H\" -noout -text 2>/dev/null | grep -q 'CURVE: {curve}' || "
            )
        } else {
            String::new()
        };
        self.console.change(
            &format!(
                "(umask 022; mkdir -p \"${{K%/*}}\"); umask 077; {keep}{{ openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:{curve} -pkeyopt ec_param_enc:named_curve -out \"$K.part\" && mv -f \"$K.part\" \"$K\"; }}"
            ),
            long,
        )?;
        // a configuration of its own: the device's may be missing, or add extensions
        self.console.change(
            &format!(
                "H=$K; [ -s \"$H\" ] || H=${{K%{PENDING_KEY}}}; umask 077; printf '[req]\\ndistinguished_name=d\\n[d]\\n' >\"$K.cnf\" && openssl req -new -sha256 -config \"$K.cnf\" -key \"$H\" -subj /CN={cn} -outform DER -out \"$K.csr\""
            ),
            long,
        )?;
        let request = self.bytes_of("base64 \"$K.csr\"")?;
        self.console.change("rm -f \"$K.csr\" \"$K.cnf\"", self.identify.answer_within)?;
        Ok(request)
    }

    fn put(&mut self, file: &Rendered, progress: &mut dyn FnMut(u64, u64)) -> Result<(), LineError> {
        self.still_open()?;
        self.files_pending.insert(file.path.clone());
        self.send_file(file, progress)
    }

    fn read_back(&mut self, file: &Rendered) -> Result<Digest, LineError> {
        self.still_open()?;
        let place = quote(&self.place(&file.path));
        let text = self.console.ask(&format!("sync; sha256sum <{place}"))?;
        let digest = text.split_whitespace().next().unwrap_or_default();
        digest.parse().map_err(|_| LineError::Protocol { what: "its sha256sum printed no digest".to_owned() })
    }

    fn commit(&mut self) -> Result<(), LineError> {
        self.still_open()?;
        let within = self.identify.answer_within;
        // what is no longer there was moved by an earlier attempt
        let moved = |pending: &str, place: &str| {
            format!(
                "P={}; N={}; if [ -e \"$N\" ]; then mv -f \"$N\" \"$P\"; else [ -e \"$P\" ]; fi",
                quote(place),
                quote(pending)
            )
        };
        for path in self.keys_pending.clone() {
            self.console.change(&moved(&format!("{path}{PENDING_KEY}"), &path), within)?;
        }
        for path in self.files_pending.clone() {
            self.console.change(&moved(&format!("{path}{PENDING}"), &path), within)?;
        }
        self.console.change("sync", within.max(Duration::from_secs(30)))?;
        self.keys_pending.clear();
        self.files_pending.clear();
        Ok(())
    }

    fn prove_signature(&mut self, which: Which, challenge: &Challenge) -> Result<Vec<u8>, LineError> {
        self.still_open()?;
        let Some(path) = self.key_paths.as_ref().and_then(|paths| paths.get(which)).cloned() else {
            return Err(LineError::NotCapable {
                what: "this recipe gives the device no private key".to_owned(),
            });
        };
        let pending = self.keys_pending.contains(&path);
        let key = if pending { format!("{path}{PENDING_KEY}") } else { self.place(&path) };
        let (key, message) = (quote(&key), Self::message(challenge));
        self.bytes_of(&format!(
            "K={key}; test -r \"$K\" && {message} | openssl dgst -sha256 -sign \"$K\" | base64"
        ))
    }

    fn prove_hmac(&mut self, challenge: &Challenge) -> Result<Vec<u8>, LineError> {
        self.still_open()?;
        let Some((path, is_base64)) = self.hmac_key.clone() else {
            return Err(LineError::NotCapable {
                what: "the recipe injects no device-key to prove".to_owned(),
            });
        };
        let key = quote(&self.place(&path));
        let read = if is_base64 { format!("base64 -d <{key}") } else { format!("cat <{key}") };
        let message = Self::message(challenge);
        // the key is read on the device; over the line goes only its file's name
        let mac = self.bytes_of(&format!(
            "H=$({read} | od -An -v -tx1 | tr -d ' \\n'); test -n \"$H\" && {message} | openssl dgst -sha256 -mac HMAC -macopt hexkey:$H -binary | base64"
        ))?;
        if mac.len() == 32 {
            Ok(mac)
        } else {
            Err(LineError::Protocol { what: "its HMAC has not 32 bytes".to_owned() })
        }
    }

    fn finish(&mut self) -> Result<(), LineError> {
        self.still_open()?;
        let within = self.identify.answer_within.max(Duration::from_secs(30));
        let mut left = self.scratch();
        left.extend(self.files_pending.iter().map(|path| format!("{path}{PENDING}")));
        for path in left {
            self.console.change(&format!("rm -f {}", quote(&path)), within)?;
        }
        self.console.change("sync", within)?;
        self.console.close()?;
        self.finished = true;
        Ok(())
    }

    fn abandon(&mut self) {
        if !self.console.is_inside() {
            return;
        }
        let mut left = self.scratch();
        left.extend(self.files_pending.iter().map(|path| format!("{path}{PENDING}")));
        // a key that this conversation did not ask for may belong to a run that is to be resumed
        left.extend(self.keys_pending.iter().map(|path| format!("{path}{PENDING_KEY}")));
        self.keys_pending.clear();
        self.files_pending.clear();
        self.finished = true;
        match self.console.abandon(&left) {
            Ok(()) | Err(LineError::Gone) => {}
            Err(error) => tracing::warn!(target: "lineside::line", %error, "the console is not left tidy"),
        }
    }

    fn present(&mut self) -> bool {
        self.console.answers()
    }
}
