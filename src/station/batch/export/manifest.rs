//! The signed manifest of a lot: for each device a statement in a JWS of its own (RFC 7515 §7.2.2, flattened), in the
//! manner of makers of secure elements, signed by a key that serves nothing else. A customer needs its public part
//! only, which goes out as a JWK set (RFC 7517 §5).

use std::collections::BTreeMap;

use serde_json::json;

use super::cells::{base64, base64url};
use super::failed::ExportFailed;
use super::scribe::{Identity, Plan, Written};
use crate::ca::certificate::Certificate;
use crate::ca::key::{BadKeyPair, KeyPair};
use crate::ca::public_key::{KeyKind, KeyNumbers, PublicKey};
use crate::domain::digest::Digest;
use crate::domain::secret::Secret;
use crate::store::export::found::Found;

/// Which version of the statements is written.
const VERSION: u32 = 1;
/// One signature in so many is verified before it leaves, beside the first: a faulty one can give the key away.
const CHECKED: u64 = 64;

/// The key that signs manifests, with what is said of it in each.
pub struct ManifestKey {
    key: KeyPair,
    /// The protected header, base64url.
    protected: String,
    /// The public key as a set of one, JSON.
    jwks: String,
}

impl ManifestKey {
    /// Takes the key from the vault (PKCS#8 DER).
    pub fn load(pkcs8: &Secret) -> Result<ManifestKey, ExportFailed> {
        let key = KeyPair::from_pkcs8(pkcs8)?;
        let mut jwk = members(key.public_key());
        // RFC 7638 §3: the members that make the key, in the order of their names, in which they stand
        let thumbprint = Digest::of(serde_json::to_string(&jwk).unwrap_or_default().as_bytes());
        let kid = base64url(thumbprint.as_bytes());
        let algorithm = algorithm(key.public_key().kind())?;
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": kid });
        jwk.extend([("kid", kid), ("use", "sig".to_owned()), ("alg", algorithm.to_owned())]);
        Ok(ManifestKey {
            protected: base64url(header.to_string().as_bytes()),
            jwks: format!("{}\n", json!({ "keys": [jwk] })),
            key,
        })
    }

    /// The public key, for whoever verifies.
    pub fn jwks(&self) -> &str {
        &self.jwks
    }
}

fn algorithm(kind: KeyKind) -> Result<&'static str, BadKeyPair> {
    match kind {
        KeyKind::EcP256 => Ok("ES256"),
        KeyKind::EcP384 => Ok("ES384"),
        KeyKind::EcP521 | KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => {
            Err(BadKeyPair::NotMadeHere(kind))
        }
    }
}

/// What makes a public key as a JWK has it, by name: curve and coordinates (RFC 7518 §6.2.1), or modulus and exponent
/// (§6.3.1).
fn members(key: &PublicKey) -> BTreeMap<&'static str, String> {
    let curve = match key.kind() {
        KeyKind::EcP256 => "P-256",
        KeyKind::EcP384 => "P-384",
        KeyKind::EcP521 => "P-521",
        KeyKind::Rsa2048 | KeyKind::Rsa3072 | KeyKind::Rsa4096 => "",
    };
    let text = str::to_owned;
    match key.numbers() {
        KeyNumbers::Point { x, y } => BTreeMap::from([
            ("kty", text("EC")),
            ("crv", text(curve)),
            ("x", base64url(x)),
            ("y", base64url(y)),
        ]),
        KeyNumbers::Rsa { modulus, exponent } => {
            BTreeMap::from([("kty", text("RSA")), ("n", base64url(modulus)), ("e", base64url(exponent))])
        }
    }
}

/// Appends the signed statement about a device.
pub fn element(
    plan: &Plan<'_>,
    found: &Found<'_>,
    identity: &Identity<'_>,
    der: &[u8],
    signed: u64,
    out: &mut Vec<u8>,
) -> Result<Written, ExportFailed> {
    let Some(signer) = &plan.key else { return Err(ExportFailed::Locked) };
    let serial = || identity.serial.to_owned();
    let certificate = Certificate::from_der(der.to_vec())
        .map_err(|cause| ExportFailed::Certificate { serial: serial(), cause })?;
    let key =
        certificate.public_key().map_err(|cause| ExportFailed::PublicKey { serial: serial(), cause })?;
    let mut jwk = json!(members(&key));
    jwk["kid"] = json!("0");
    jwk["x5c"] = json!([base64(der), plan.cas.behind(der).map_or("", |issuing| &issuing.base64)]);
    let payload = json!({
        "version": VERSION,
        "uniqueId": identity.registration_id,
        "registrationId": identity.registration_id,
        "deviceId": identity.device_id,
        "serial": identity.serial,
        "mac": found.mac()?,
        "product": found.product()?,
        "workOrder": found.work_order()?,
        "provisioner": { "organizationName": plan.company },
        "provisioningTimestamp": found.finished()?.map(|at| at.to_string()),
        "publicKeySet": { "keys": [jwk] },
    });
    let payload = base64url(payload.to_string().as_bytes());
    let input = format!("{}.{payload}", signer.protected);
    let signature = signer.key.sign_fixed(input.as_bytes(), signed % CHECKED == 1)?;
    let element = json!({
        "payload": payload,
        "protected": signer.protected,
        "header": { "uniqueId": identity.registration_id },
        "signature": base64url(&signature),
    });
    serde_json::to_writer(out, &element).map_err(|error| ExportFailed::Json(error.to_string()))?;
    Ok(Written::Row)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ca::csr;

    #[test]
    fn keys_of_requests_have_the_members_of_their_kind() {
        let key = |csr: &[u8]| csr::proven_key(csr).unwrap().into_public_key();
        let rsa = members(&key(include_bytes!("../../../../fixtures/csr/rsa-2048.der")));
        assert_eq!(rsa.keys().copied().collect::<Vec<_>>(), ["e", "kty", "n"]);
        assert_eq!((rsa["e"].as_str(), rsa["kty"].as_str(), rsa["n"].len()), ("AQAB", "RSA", 342));
        let point = members(&key(include_bytes!("../../../../fixtures/csr/p521-sha512.der")));
        assert_eq!(point.keys().copied().collect::<Vec<_>>(), ["crv", "kty", "x", "y"]);
        // 66 bytes each, leading zeros included (RFC 7518 §6.2.1.2)
        assert_eq!((point["crv"].as_str(), point["x"].len(), point["y"].len()), ("P-521", 88, 88));
    }
}
