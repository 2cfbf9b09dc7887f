//! TLS to PostgreSQL by rustls, as libpq's `sslmode` has it.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sekisho_core::settings::{PostgresSsl, SslMode};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::Error;

/// What connects by TLS; `None` where the mode says to do without.
pub(super) fn connector(ssl: &PostgresSsl) -> Result<Option<MakeRustlsConnect>, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier: Arc<dyn ServerCertVerifier> = match ssl.mode {
        SslMode::Disable => return Ok(None),
        // As libpq: a root certificate that is named is believed in, and nothing else.
        SslMode::Require if ssl.root_cert.is_none() => {
            Arc::new(Lenient { authority: None, provider: Arc::clone(&provider) })
        }
        SslMode::Require | SslMode::VerifyCa => {
            let authority = Some(authority(ssl.root_cert.as_deref(), &provider)?);
            Arc::new(Lenient { authority, provider: Arc::clone(&provider) })
        }
        SslMode::VerifyFull => authority(ssl.root_cert.as_deref(), &provider)?,
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::misuse(format!("TLS: {error}")))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let config = match (&ssl.cert, &ssl.key) {
        (Some(cert), Some(key)) => {
            let chain = certificates(cert, "sslcert")?;
            let key = PrivateKeyDer::from_pem_file(key)
                .map_err(|error| Error::misuse(format!("sslkey: {}: {error}", key.display())))?;
            config
                .with_client_auth_cert(chain, key)
                .map_err(|error| Error::misuse(format!("sslcert: {error}")))?
        }
        (None, None) => config.with_no_client_auth(),
        _ => return Err(Error::misuse("sslcert and sslkey belong together")),
    };
    Ok(Some(MakeRustlsConnect::new(config)))
}

/// Believes in the certificates of a file, or in those of the system.
fn authority(
    file: Option<&Path>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<WebPkiServerVerifier>, Error> {
    let (certificates, whence) = match file {
        Some(path) => (certificates(path, "sslrootcert")?, path.display().to_string()),
        None => (rustls_native_certs::load_native_certs().certs, "the system's store".to_owned()),
    };
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(certificates);
    if added == 0 {
        return Err(Error::misuse(format!("sslrootcert: there is no certificate in {whence}")));
    }
    WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider))
        .build()
        .map_err(|error| Error::misuse(format!("sslrootcert: {error}")))
}

fn certificates(path: &Path, option: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unreadable = |error: rustls::pki_types::pem::Error| {
        Error::misuse(format!("{option}: {}: {error}", path.display()))
    };
    CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)
}

/// `verify-ca`: the certificate is of an authority that we believe in, whatever name it bears. Without an authority,
/// `require`: the line is encrypted, and nobody asks who is at its other end.
#[derive(Debug)]
struct Lenient {
    authority: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let Some(authority) = &self.authority else { return Ok(ServerCertVerified::assertion()) };
        match authority.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name is looked at last, when the chain has been found good.
            Err(rustls::Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
