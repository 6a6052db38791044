//! TLS of the simulator: a small CA of its own for the server's certificate, and a verifier that asks for a
//! client certificate, proves its key in the handshake, and leaves the judgement of the chain to the service.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, SanType,
};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};

use crate::domain::utc_time::UtcTime;

/// The server's certificate is made anew at each start, so it need not live long.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// Clients' clocks may be behind.
const BACKDATED: Duration = Duration::from_secs(24 * 3600);

/// What the server presents and what clients must trust.
pub(super) struct ServerIdentity {
    /// The CA's certificate.
    pub(super) ca_pem: String,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

/// Makes the CA and a certificate for this address and `localhost`; the CA's key is dropped at once.
pub(super) fn identity(listen: IpAddr, now: UtcTime) -> Result<ServerIdentity, rcgen::Error> {
    let mut params = CertificateParams::new(Vec::<String>::new())?;
    params.not_before = now.minus(BACKDATED).to_offset();
    params.not_after = now.plus(LIFETIME).to_offset();
    let mut ca = params.clone();
    ca.distinguished_name.push(DnType::CommonName, "Lineside simulated Azure CA");
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer = CertifiedIssuer::self_signed(ca, KeyPair::generate()?)?;

    params.distinguished_name.push(DnType::CommonName, "Lineside simulated Azure");
    params.subject_alt_names = vec![SanType::IpAddress(listen), SanType::DnsName("localhost".try_into()?)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, &issuer)?;
    Ok(ServerIdentity {
        ca_pem: issuer.pem(),
        chain: vec![certificate.into(), issuer.der().clone()],
        key: PrivateKeyDer::Pkcs8(key.serialize_der().into()),
    })
}

/// The server's settings.
pub(super) fn server(
    identity: ServerIdentity,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, Error> {
    let ServerIdentity { ca_pem: _, chain, key } = identity;
    ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(Arc::new(AnyClient { provider: provider.clone() }))
        .with_single_cert(chain, key)
}

#[derive(Debug)]
struct AnyClient {
    provider: Arc<CryptoProvider>,
}

impl ClientCertVerifier for AnyClient {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        for certificate in std::iter::once(end_entity).chain(intermediates) {
            ParsedCertificate::try_from(certificate)?;
        }
        // only that they can be read: who they are is judged where the enrollments are known
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
