//! The signed manifest of a lot: for each device a statement in a JWS of its own (RFC 7515 §7.2.2, flattened), in the
//! manner of makers of secure elements, signed by a key that serves nothing else. A customer needs its public part
//! only, which goes out as a JWK set (RFC 7517 §5).

use serde_json::json;

use super::cells::{base64, base64url};
use super::failed::ExportFailed;
use super::scribe::{Identity, Plan, Written};
use crate::ca::certificate::Certificate;
use crate::ca::key::KeyPair;
use crate::ca::public_key::{KeyKind, PublicKey};
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
        let (kind, x, y) = coordinates(key.public_key());
        // RFC 7638 §3: the members that make the key, in the order of their names
        let thumbprint =
            Digest::of(format!(r#"{{"crv":"{kind}","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes());
        let kid = base64url(thumbprint.as_bytes());
        let algorithm = algorithm(key.public_key().kind());
        let header = json!({ "typ": "JWT", "alg": algorithm, "kid": kid });
        let jwk = json!({
            "kty": "EC", "crv": kind, "x": x, "y": y, "kid": kid, "use": "sig", "alg": algorithm,
        });
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

fn algorithm(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::EcP256 => "ES256",
        KeyKind::EcP384 => "ES384",
    }
}

/// A public key's curve and coordinates as a JWK has them (RFC 7518 §6.2.1).
fn coordinates(key: &PublicKey) -> (&'static str, String, String) {
    let (curve, length) = match key.kind() {
        KeyKind::EcP256 => ("P-256", 32),
        KeyKind::EcP384 => ("P-384", 48),
    };
    let spki = key.spki_der();
    // an uncompressed point stands at the end
    let point = spki.get(spki.len().saturating_sub(2 * length)..).unwrap_or_default();
    let (x, y) = point.split_at(point.len() / 2);
    (curve, base64url(x), base64url(y))
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
    let (curve, x, y) = coordinates(&key);
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
        "publicKeySet": { "keys": [{
            "kid": "0", "kty": "EC", "crv": curve, "x": x, "y": y,
            "x5c": [base64(der), plan.issuing_base64],
        }] },
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
