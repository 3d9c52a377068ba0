//! The development cluster's own certificate authority. It can vouch for ticketing.dev only: whoever steals its key cannot
//! pretend to be anybody else to those who trust it.

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, NameConstraints,
};
use time::{Duration, OffsetDateTime};

use super::Kept;

/// The names that are certified; subdomains of the first may be too.
const NAMES: [&str; 2] = ["ticketing.dev", "stripe.ticketing.dev"];
/// How long each is good: browsers refuse certificates of more than 825 days.
const AUTHORITY_DAYS: i64 = 3650;
const CERTIFICATE_DAYS: i64 = 800;

/// A certificate and its key, both as PEM.
pub struct Issued {
    pub certificate: String,
    pub key: String,
}

/// A new certificate by the authority in `kept`, which is made the first time: `ca.crt` is what browsers have to trust.
pub fn issue(kept: &Kept) -> anyhow::Result<Issued> {
    let key = kept.or_make("ca.key", || Ok(KeyPair::generate()?.serialize_pem()))?;
    let key = KeyPair::from_pem(&key)?;
    kept.or_make("ca.crt", || Ok(authority()?.self_signed(&key)?.pem()))?;
    let issuer = Issuer::new(authority()?, key);
    let mut params = CertificateParams::new(NAMES.map(str::to_owned))?;
    params.distinguished_name = name(NAMES[0]);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = lifetime(CERTIFICATE_DAYS);
    let key = KeyPair::generate()?;
    Ok(Issued { certificate: params.signed_by(&key, &issuer)?.pem(), key: key.serialize_pem() })
}

fn authority() -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name = name("ticketing development");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let permitted_subtrees = vec![GeneralSubtree::DnsName(NAMES[0].to_owned())];
    params.name_constraints = Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
    (params.not_before, params.not_after) = lifetime(AUTHORITY_DAYS);
    Ok(params)
}

/// From yesterday, because clocks differ.
fn lifetime(days: i64) -> (OffsetDateTime, OffsetDateTime) {
    let begin = OffsetDateTime::now_utc() - Duration::DAY;
    (begin, begin + Duration::days(days))
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common);
    name
}
