//! What of `station.toml` speaks to the world around the station: hooks of the fixture, webhooks, metrics.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::azure::https::Roots;
use crate::domain::audit_event::AuditEvent;
use crate::domain::name::Name;
use crate::station::post::Address;

/// At most this many webhooks: each has a thread of its own.
const MOST_WEBHOOKS: usize = 8;
/// At most this many words of a command.
const MOST_WORDS: usize = 64;
/// The word among a webhook's events that stands for signed checkpoints.
const CHECKPOINT: &str = "checkpoint";

/// What is started or told when a slot begins, ends, or is emptied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hooks {
    /// Before a device is touched; its failure is the run's.
    pub on_start: Option<Hook>,
    /// When the verdict is known.
    pub on_verdict: Option<Hook>,
    /// When the device was taken out.
    pub on_removed: Option<Hook>,
    /// How long each may take.
    pub deadline: Duration,
    /// Whom to trust behind an https address.
    pub roots: Roots,
}

/// One hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hook {
    /// A program with its arguments; no shell reads them.
    Command(Vec<String>),
    /// An address that is sent a JSON document.
    Address(Address),
}

/// A receiver of what the audit log says.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// Its name; what it was told is remembered under it.
    pub name: Name,
    /// Where it is.
    pub address: Address,
    /// The kinds of entries it is told; none stands for all.
    pub events: Option<BTreeSet<String>>,
    /// Whether it is told of signed checkpoints.
    pub checkpoints: bool,
    /// The name of the secret that signs what is sent.
    pub secret: Name,
    /// Whom to trust behind an https address.
    pub roots: Roots,
    /// How long one delivery may take.
    pub timeout: Duration,
}

/// The part of `station.toml` for all slots.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HooksPart {
    on_start: Option<HookPart>,
    on_verdict: Option<HookPart>,
    on_removed: Option<HookPart>,
    deadline_seconds: u64,
    trust: Option<PathBuf>,
}

impl Default for HooksPart {
    fn default() -> Self {
        HooksPart { on_start: None, on_verdict: None, on_removed: None, deadline_seconds: 10, trust: None }
    }
}

/// An argument list or an address.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum HookPart {
    Command(Vec<String>),
    Address(String),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookPart {
    name: String,
    url: String,
    events: Vec<String>,
    secret: Option<String>,
    trust: Option<PathBuf>,
    #[serde(default = "usual_timeout")]
    timeout_seconds: u64,
}

fn usual_timeout() -> u64 {
    10
}

/// Who may read the metrics.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MetricsPart {
    /// Anybody on this machine, without a token.
    pub(super) open: bool,
}

fn roots(trust: Option<PathBuf>, folder: &Path) -> Roots {
    trust.map_or(Roots::System, |path| Roots::File(folder.join(path)))
}

fn hook(key: &str, part: HookPart, folder: &Path) -> Result<Hook, String> {
    match part {
        HookPart::Address(text) => text.parse().map(Hook::Address).map_err(|e| format!("{key}: {e}")),
        HookPart::Command(mut words) => {
            let fits = words.len() <= MOST_WORDS && !words.iter().any(|word| word.contains('\0'));
            let program = words.first_mut().filter(|program| fits && !program.is_empty());
            let program = program
                .ok_or_else(|| format!("{key}: a program and at most {} arguments", MOST_WORDS - 1))?;
            // a bare name is looked for where programs are, any other path begins in the station's folder
            if program.contains('/') {
                *program = folder.join(&program).to_string_lossy().into_owned();
            }
            Ok(Hook::Command(words))
        }
    }
}

/// Checks the hooks for all slots.
pub(super) fn hooks(part: HooksPart, folder: &Path) -> Result<Hooks, String> {
    if !(1..=60).contains(&part.deadline_seconds) {
        return Err("[hooks] deadline_seconds: 1 to 60".to_owned());
    }
    let of_all = |key: &str, part: Option<HookPart>| {
        part.map(|part| hook(&format!("[hooks] {key}"), part, folder)).transpose()
    };
    Ok(Hooks {
        on_start: of_all("on_start", part.on_start)?,
        on_verdict: of_all("on_verdict", part.on_verdict)?,
        on_removed: of_all("on_removed", part.on_removed)?,
        deadline: Duration::from_secs(part.deadline_seconds),
        roots: roots(part.trust, folder),
    })
}

/// The hooks of one slot: its own, else those for all.
pub(super) fn of_slot(
    all: &Hooks,
    slot: &Name,
    own: [Option<HookPart>; 3],
    folder: &Path,
) -> Result<Hooks, String> {
    let [on_start, on_verdict, on_removed] = own;
    let own = |key: &str, part: Option<HookPart>, general: &Option<Hook>| match part {
        Some(part) => hook(&format!("[[slot]] {slot} {key}"), part, folder).map(Some),
        None => Ok(general.clone()),
    };
    Ok(Hooks {
        on_start: own("on_start", on_start, &all.on_start)?,
        on_verdict: own("on_verdict", on_verdict, &all.on_verdict)?,
        on_removed: own("on_removed", on_removed, &all.on_removed)?,
        deadline: all.deadline,
        roots: all.roots.clone(),
    })
}

/// Checks the webhooks.
pub(super) fn webhooks(parts: Vec<WebhookPart>, folder: &Path) -> Result<Vec<Webhook>, String> {
    let webhooks = parts.into_iter().map(|part| webhook(part, folder)).collect::<Result<Vec<_>, _>>()?;
    if webhooks.len() > MOST_WEBHOOKS {
        return Err(format!("[[webhook]]: at most {MOST_WEBHOOKS}"));
    }
    for (at, webhook) in webhooks.iter().enumerate() {
        if webhooks[..at].iter().any(|earlier| earlier.name == webhook.name) {
            return Err(format!("[[webhook]] {}: this name stands twice", webhook.name));
        }
    }
    Ok(webhooks)
}

fn webhook(part: WebhookPart, folder: &Path) -> Result<Webhook, String> {
    let name = part.name.parse::<Name>().map_err(|e| format!("[[webhook]] name: {e}"))?;
    let address = part.url.parse().map_err(|e| format!("[[webhook]] {name} url: {e}"))?;
    let mut events: BTreeSet<String> = part.events.into_iter().collect();
    let all = events.remove("*");
    let checkpoints = events.remove(CHECKPOINT) || all;
    if let Some(unknown) = events.iter().find(|event| !AuditEvent::is_kind(event)) {
        return Err(format!("[[webhook]] {name} events: the log has no event “{unknown}”"));
    }
    if events.is_empty() && !checkpoints {
        return Err(format!("[[webhook]] {name} events: name at least one"));
    }
    let secret = match part.secret {
        None => format!("webhook-{name}"),
        Some(text) => match text.strip_prefix("vault:") {
            Some(name) => name.to_owned(),
            None => return Err(format!("[[webhook]] {name} secret: name it as vault:NAME")),
        },
    };
    let secret = secret.parse().map_err(|e| format!("[[webhook]] {name} secret: {e}"))?;
    if !(1..=30).contains(&part.timeout_seconds) {
        return Err(format!("[[webhook]] {name} timeout_seconds: 1 to 30"));
    }
    Ok(Webhook {
        name,
        address,
        events: (!all).then_some(events),
        checkpoints,
        secret,
        roots: roots(part.trust, folder),
        timeout: Duration::from_secs(part.timeout_seconds),
    })
}

/// The explanation of these keys in a new station's `station.toml`.
pub(super) const EXPLAINED: &str = r##"
# What moves around the fixture: lid, power relay, stack light. Each is a program with its arguments (no shell
# reads them; a path with a slash begins in this folder) or an address that is sent JSON; `https`, or `http` to
# this machine. They are told LINESIDE_EVENT, LINESIDE_SLOT, LINESIDE_SERIAL, LINESIDE_VERDICT, LINESIDE_RUN and
# LINESIDE_CODE. on_start ends before a unit is touched, and its failure ends the run with ERROR; the other two
# change no verdict. A [[slot]] may have hooks of its own in their place.
# [hooks]
# on_start = ["/usr/local/bin/lid", "close"]
# on_verdict = "http://127.0.0.1:9000/light"
# on_removed = ["/usr/local/bin/lid", "open"]
# deadline_seconds = 10
# PEM file with the roots to trust for https addresses; the system's roots if left out.
# trust = "plant-roots.pem"

# One [[webhook]] for each system that is told what the audit log says, in order and at least once. `events` are
# kinds of entries such as "run-finished", "checkpoint" for signed heads of the log, or "*" for all. What is sent
# is signed with a secret: `lineside secret set webhook-NAME`.
# [[webhook]]
# name = "mes"
# url = "https://mes.example/lineside"
# events = ["run-finished", "work-order-closed", "checkpoint"]
# secret = "vault:webhook-mes"
# trust = "plant-roots.pem"
# timeout_seconds = 10

# /metrics asks for a client's token with the right `read`; with open = true anybody on this machine may read it.
# [metrics]
# open = false
"##;
