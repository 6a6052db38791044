//! The CAs a station is founded with: a root of its own and an issuing CA under it, or a key that waits for a
//! certificate from a root elsewhere.

use super::{Founding, FoundingError, InToken};
use crate::ca::ceremony::{self, NewCa};
use crate::ca::certificate::{self, Certificate};
use crate::ca::inspect::CertificateFacts;
use crate::ca::issuer::{BadIssuer, Issuer};
use crate::ca::key::KeyPair;
use crate::ca::public_key::KeyKind;
use crate::ca::token;
use crate::ca::token::pin::Pin;
use crate::domain::audit_event::ceremony::{Act, Held};
use crate::domain::name::Name;
use crate::domain::utc_time::UtcTime;
use crate::station::folder::Folder;
use crate::station::{ceremony_record, clock};
use crate::vault::{Vault, root_key};

/// What was made. The issuing CA's key is in the vault.
pub(super) struct Cas {
    pub(super) held: Held,
    /// The certificates by their role, the root's first; none yet under a root elsewhere.
    pub(super) certificates: Vec<(&'static str, Certificate)>,
    /// Ready to sign the first list.
    pub(super) issuer: Option<Issuer>,
}

impl Cas {
    /// A root, whose key goes to its own sealed file, and an issuing CA.
    pub(super) fn make(
        folder: &Folder,
        vault: &mut Vault,
        founding: &Founding<'_>,
        now: UtcTime,
    ) -> Result<Cas, FoundingError> {
        let Founding { company, station, .. } = founding;
        let (root, signing) = root(folder, founding, now)?;
        let issuing = ceremony::make_issuing(&signing, company, station, now, clock::random()?)?;
        vault.set_issuing_key(issuing.key.pkcs8()?)?;
        Cas::of(root, issuing.into_issuer()?, None)
    }

    /// The same with the issuing CA's key made in a token.
    pub(super) fn make_in_token(
        folder: &Folder,
        vault: &mut Vault,
        founding: &Founding<'_>,
        token: &InToken<'_>,
        now: UtcTime,
    ) -> Result<Cas, FoundingError> {
        let Founding { company, station, .. } = founding;
        let InToken { place, pin } = token;
        let (root, signing) = root(folder, founding, now)?;
        let key = token::generate(place, Pin::given(pin))?;
        let random = clock::random()?;
        let certificate = ceremony::make_issuing_in_token(&signing, company, station, &key, now, random)?;
        vault.set_secret(Name::of_token_pin(), pin.duplicate())?;
        Cas::of(root, Issuer::new(certificate, key)?, Some(place.object().to_owned()))
    }

    fn of(root: Certificate, issuer: Issuer, token_object: Option<String>) -> Result<Cas, FoundingError> {
        let certificates = vec![("root", root), ("issuing", issuer.certificate().clone())];
        let facts = |one: &Certificate| CertificateFacts::read(one).map_err(BadIssuer::from);
        let mut certified = Vec::new();
        for (role, one) in &certificates {
            certified.push(ceremony_record::certified(role, one, &facts(one)?));
        }
        let held = Held {
            act: Act::Founding,
            second: None,
            issuing_key: issuer.public_key().digest(),
            token_object,
            certificates: certified,
            warnings: Vec::new(),
        };
        Ok(Cas { held, certificates, issuer: Some(issuer) })
    }

    /// A key that waits for its certificate.
    pub(super) fn waiting(vault: &mut Vault) -> Result<Cas, FoundingError> {
        let key = KeyPair::generate(KeyKind::EcP384)?;
        vault.set_next_issuing_key(key.pkcs8()?)?;
        let issuing_key = key.public_key().digest();
        let held = Held {
            act: Act::Founding,
            second: None,
            issuing_key,
            token_object: None,
            certificates: Vec::new(),
            warnings: Vec::new(),
        };
        Ok(Cas { held, certificates: Vec::new(), issuer: None })
    }

    /// The public files they are: each certificate, and the chain from the issuing CA to the root.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let mut files: Vec<(String, String)> =
            self.certificates.iter().map(|(role, one)| (format!("{role}.pem"), one.pem())).collect();
        if !files.is_empty() {
            let chain: Vec<&Certificate> = self.certificates.iter().rev().map(|(_, one)| one).collect();
            files.push(("chain.pem".to_owned(), certificate::chain_pem(&chain)));
        }
        files
    }
}

/// A new root, its key sealed in a file of its own, and ready to sign.
fn root(
    folder: &Folder,
    founding: &Founding<'_>,
    now: UtcTime,
) -> Result<(Certificate, Issuer), FoundingError> {
    let Founding { company, passphrase, .. } = founding;
    let NewCa { key, certificate } = ceremony::make_root(company, now, clock::random()?)?;
    root_key::seal_root_key(folder.path(), passphrase, &key.pkcs8()?)?;
    Ok((certificate.clone(), Issuer::new(certificate, key)?))
}
