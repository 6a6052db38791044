//! What a certificate must be to become that of this station's issuing CA, and its root to stand above it.

mod extensions;

use std::time::Duration;

use super::ca_key::CaKey;
use super::certificate::Certificate;
use super::inspect::CertificateFacts;
use super::issuer::{self, BadIssuer, Issuer};
use super::signed_by::{self, NotSigned};
use crate::domain::code::{Code, Coded};
use crate::domain::utc_time::UtcTime;

/// A certificate that ends sooner is not installed: 30 days.
pub const LEAST_LEFT: Duration = Duration::from_secs(30 * 86_400);

/// Why a certificate does not become that of the issuing CA.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotInstallable {
    /// It is for another key.
    #[error("the certificate of “{0}” is for another key than the one this station asked a certificate for")]
    Key(String),
    /// It is not that of a CA, or does not say so as it must.
    #[error("the certificate of “{0}” is not that of a CA: it lacks critical basicConstraints with CA:TRUE")]
    NotCa(String),
    /// It may not sign certificates or lists.
    #[error("the certificate of “{subject}” lacks the key usage {usage}")]
    Usage {
        /// Whose certificate.
        subject: String,
        /// What is missing.
        usage: &'static str,
    },
    /// More CAs could follow below it.
    #[error("the certificate of “{subject}” allows {found} more CAs below it, the issuing CA has none")]
    PathLength {
        /// Whose certificate.
        subject: String,
        /// What it allows.
        found: u8,
    },
    /// Its root allows no CA below it.
    #[error("the root “{0}” allows no CA below it")]
    RootPathLength(String),
    /// It is not valid now, or not for long.
    #[error(
        "the certificate of “{subject}” is valid from {from} until {until}; it must be valid now, {now}, and for 30 days"
    )]
    Validity {
        /// Whose certificate.
        subject: String,
        /// First moment.
        from: UtcTime,
        /// Last moment.
        until: UtcTime,
        /// The station's time.
        now: UtcTime,
    },
    /// The root did not sign it.
    #[error("the certificate of “{subject}” is not signed by the root “{root}”")]
    NotSigned {
        /// Whose certificate.
        subject: String,
        /// By whom it should be.
        root: String,
    },
    /// Signed in a way that is not taken.
    #[error(
        "the certificate of “{subject}” is signed with algorithm {oid}, expected ECDSA or RSA PKCS#1 with SHA-256, SHA-384 or SHA-512"
    )]
    Algorithm {
        /// Whose certificate.
        subject: String,
        /// The object identifier.
        oid: String,
    },
    /// It names another issuer or another key of it.
    #[error("the certificate of “{subject}” does not carry the {what} of the root “{root}”")]
    NotOfRoot {
        /// Whose certificate.
        subject: String,
        /// What differs.
        what: &'static str,
        /// Whose it should be.
        root: String,
    },
    /// Name or key identifier cannot be used.
    #[error("{0}")]
    Name(BadIssuer),
    /// It is named as its root is.
    #[error("the issuing CA and its root are both named “{0}”")]
    NamedAsRoot(String),
    /// Its extended key usages leave out what devices do.
    #[error(
        "the certificate of “{0}” limits what is below it to other purposes than TLS clients (clientAuth), so no device's certificate would be taken"
    )]
    Purpose(String),
    /// It limits the names or policies of what is below it.
    #[error(
        "the certificate of “{subject}” constrains the {what} of certificates below it, so those of devices may be taken nowhere"
    )]
    Constrained {
        /// Whose certificate.
        subject: String,
        /// What is constrained.
        what: &'static str,
    },
    /// It has a critical extension that verifiers do not understand.
    #[error("the certificate of “{subject}” has the critical extension {oid}, for which verifiers refuse it")]
    Critical {
        /// Whose certificate.
        subject: String,
        /// The object identifier.
        oid: String,
    },
    /// The root is none.
    #[error("“{subject}” cannot be the root: {why}")]
    Root {
        /// Whose certificate.
        subject: String,
        /// What is wrong with it.
        why: &'static str,
    },
}

impl Coded for NotInstallable {
    fn code(&self) -> Code {
        match self {
            NotInstallable::Key(_) => Code::InstallKey,
            NotInstallable::NotCa(_) => Code::InstallNotCa,
            NotInstallable::Usage { .. } => Code::InstallUsage,
            NotInstallable::PathLength { .. } | NotInstallable::RootPathLength(_) => Code::InstallPathLength,
            NotInstallable::Validity { .. } => Code::InstallValidity,
            NotInstallable::NotSigned { .. }
            | NotInstallable::Algorithm { .. }
            | NotInstallable::NotOfRoot { .. } => Code::InstallChain,
            NotInstallable::Name(_) | NotInstallable::NamedAsRoot(_) => Code::InstallName,
            NotInstallable::Purpose(_) => Code::InstallPurpose,
            NotInstallable::Constrained { .. } => Code::InstallConstrained,
            NotInstallable::Critical { .. } => Code::InstallCritical,
            NotInstallable::Root { .. } => Code::RootUnfit,
        }
    }
}

/// What is not as it should be in a certificate that is installed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// It says nothing of CAs below it; none is ever made.
    #[error("the certificate does not limit the path length; ask for pathlen:0 next time")]
    NoPathLength,
    /// It ends after its root, and counts for nothing from there on.
    #[error("the certificate ends after its root, with which its chain ends")]
    OutlivesRoot,
}

/// Reads the root as one: self-signed, of a CA that may sign certificates, valid now.
fn check_root(root: &Certificate, facts: &CertificateFacts, now: UtcTime) -> Result<(), NotInstallable> {
    let unfit = |why| NotInstallable::Root { subject: facts.subject.clone(), why };
    if facts.issuer != facts.subject || signed_by::check(root, root).is_err() {
        return Err(unfit("it is not signed by its own key, with ECDSA or RSA PKCS#1 and SHA-2"));
    }
    if !facts.basic_constraints.is_some_and(|basic| basic.ca) {
        return Err(unfit("it is not the certificate of a CA"));
    }
    if !facts.key_usage.is_empty() && !facts.key_usage.contains(&"keyCertSign") {
        return Err(unfit("its key may not sign certificates"));
    }
    if now < root.not_before() || now > root.not_after() {
        return Err(unfit("it is not valid now"));
    }
    extensions::check(root, &facts.subject)
}

/// Checks that this certificate may become that of the issuing CA, whose key this is, under this root. The issuer is
/// ready to sign then.
pub fn check(
    certificate: Certificate,
    root: &Certificate,
    key: impl Into<CaKey>,
    now: UtcTime,
) -> Result<(Issuer, Vec<Doubt>), NotInstallable> {
    let key = key.into();
    let unreadable = |error| NotInstallable::Name(BadIssuer::Certificate(error));
    let facts = CertificateFacts::read(&certificate).map_err(unreadable)?;
    let above = CertificateFacts::read(root).map_err(unreadable)?;
    let subject = facts.subject.clone();
    if certificate.public_key().ok().as_ref() != Some(key.public_key()) {
        return Err(NotInstallable::Key(subject));
    }
    let basic = facts.basic_constraints.filter(|basic| basic.ca && basic.critical);
    let Some(basic) = basic else { return Err(NotInstallable::NotCa(subject)) };
    for usage in issuer::USAGES {
        if !facts.key_usage.contains(&usage) {
            return Err(NotInstallable::Usage { subject, usage });
        }
    }
    if let Some(found @ 1..) = basic.path_length {
        return Err(NotInstallable::PathLength { subject, found });
    }
    extensions::check(&certificate, &subject)?;
    let (from, until) = (certificate.not_before(), certificate.not_after());
    if now < from || until.since(now) < LEAST_LEFT {
        return Err(NotInstallable::Validity { subject, from, until, now });
    }
    check_root(root, &above, now)?;
    if above.basic_constraints.is_some_and(|basic| basic.path_length == Some(0)) {
        return Err(NotInstallable::RootPathLength(above.subject));
    }
    let root_name = above.subject.clone();
    signed_by::check(&certificate, root).map_err(|fault| match fault {
        NotSigned::Wrong => NotInstallable::NotSigned { subject: subject.clone(), root: root_name.clone() },
        NotSigned::Algorithm(oid) => {
            NotInstallable::Algorithm { subject: subject.clone(), oid: oid.to_string() }
        }
    })?;
    let not_of_root =
        |what| NotInstallable::NotOfRoot { subject: subject.clone(), what, root: root_name.clone() };
    if !certificate.names_issuer(root) {
        return Err(not_of_root("name"));
    }
    // without it `openssl verify -x509_strict` takes no chain
    if facts.authority_key_id.is_none() || facts.authority_key_id != above.subject_key_id {
        return Err(not_of_root("key identifier"));
    }
    if facts.subject == above.subject {
        return Err(NotInstallable::NamedAsRoot(subject));
    }
    let mut doubts = Vec::new();
    if basic.path_length.is_none() {
        doubts.push(Doubt::NoPathLength);
    }
    if until > root.not_after() {
        doubts.push(Doubt::OutlivesRoot);
    }
    Ok((Issuer::new(certificate, key).map_err(NotInstallable::Name)?, doubts))
}
