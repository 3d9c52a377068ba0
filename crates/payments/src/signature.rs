//! Whether a webhook is the provider's: F18. Stripe's scheme, docs.stripe.com/webhooks/signature.
//!
//! ```text
//!  Stripe-Signature: t=1492774577,v1=5257a869…,v1=…     one v1 for each secret that counts while they are changed
//!                    │            └ HMAC-SHA256(secret, "1492774577." + the body as it came), in hex
//!                    └ when it was sent, in seconds since 1970
//! ```

use events::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use time::Duration;

/// How far a webhook's time may be from ours: within it a captured one could be sent again, which the dedupe by event
/// id takes care of. The value is Stripe's own.
pub const TOLERANCE: Duration = Duration::minutes(5);
/// Signatures looked at: one for each secret that counts, and there are two at most while they change.
const SIGNATURES_MAX: usize = 8;

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forged {
    /// There is no header as Stripe writes it.
    #[error("There is no signature")]
    Unsigned,
    /// No signature in it is made with a secret of ours.
    #[error("The signature does not match")]
    Mismatch,
    /// It is genuine, but of another time.
    #[error("The signature is too old")]
    Stale,
}

/// Believes `body` if `header` has a signature by one of `secrets`, made within [`TOLERANCE`] of `now`.
pub fn verify(secrets: &[SecretString], header: &str, body: &[u8], now: Timestamp) -> Result<(), Forged> {
    let parts = || header.split(',').filter_map(|part| part.trim().split_once('='));
    let sent = parts().find_map(|(name, value)| (name == "t").then_some(value)).ok_or(Forged::Unsigned)?;
    let seconds: i64 = sent.parse().map_err(|_| Forged::Unsigned)?;
    let signatures: Vec<[u8; 32]> =
        parts().filter(|(name, _)| *name == "v1").filter_map(|(_, value)| bytes(value)).take(SIGNATURES_MAX).collect();
    if signatures.is_empty() {
        return Err(Forged::Unsigned);
    }
    let mut genuine = false;
    for secret in secrets {
        let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes()).map_err(|_| Forged::Mismatch)?;
        let mac = mac.chain_update(sent).chain_update(b".").chain_update(body);
        for signature in &signatures {
            // In constant time, and to the end, so that the time it takes tells nothing about where it went wrong.
            genuine |= mac.clone().verify_slice(signature).is_ok();
        }
    }
    if !genuine {
        return Err(Forged::Mismatch);
    }
    if now.seconds().abs_diff(seconds) > TOLERANCE.whole_seconds().unsigned_abs() {
        return Err(Forged::Stale);
    }
    Ok(())
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = [0; 32];
    if hex.len() != bytes.len() * 2 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &[u8] = br#"{"id":"evt_1"}"#;

    fn now() -> Timestamp {
        Timestamp::from_milliseconds(1_795_235_947_000).unwrap()
    }

    fn sign(secret: &str, seconds: i64, body: &[u8]) -> String {
        let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        let mac = mac.chain_update(format!("{seconds}.")).chain_update(body).finalize().into_bytes();
        mac.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
    }

    fn verified(secrets: &[&str], header: &str) -> Result<(), Forged> {
        let secrets: Vec<SecretString> = secrets.iter().map(|secret| (*secret).into()).collect();
        verify(&secrets, header, BODY, now())
    }

    #[test]
    fn a_known_answer() {
        // From `printf '1492774577.{}' | openssl dgst -sha256 -hmac whsec_test`.
        let v1 = "0d0602f6611bd2252dd4b74b58a4528355a7380639a15e6cc21e3059d56d5b8b";
        let then = Timestamp::from_milliseconds(1_492_774_577_000).unwrap();
        assert_eq!(verify(&["whsec_test".into()], &format!("t=1492774577,v1={v1}"), b"{}", then), Ok(()));
    }

    #[test]
    fn what_was_signed_with_a_secret_of_ours_is_believed() {
        let seconds = now().seconds();
        let (old, new, theirs) = (sign("old", seconds, BODY), sign("new", seconds, BODY), sign("x", seconds, BODY));
        assert_eq!(verified(&["new"], &format!("t={seconds},v1={new},v0=beef")), Ok(()));
        assert_eq!(verified(&["new"], &format!("t={seconds},v1={old},v1={new}")), Ok(()), "Stripe changes its secret");
        assert_eq!(verified(&["new", "old"], &format!("t={seconds}, v1={old}")), Ok(()), "we change ours");
        assert_eq!(verified(&["new", "old"], &format!("t={seconds},v1={theirs}")), Err(Forged::Mismatch));
        assert_eq!(verified(&[], &format!("t={seconds},v1={new}")), Err(Forged::Mismatch));
    }

    #[test]
    fn neither_body_nor_time_can_be_changed() {
        let seconds = now().seconds();
        let other_body = sign("new", seconds, b"{}");
        let other_time = sign("new", seconds - 1, BODY);
        assert_eq!(verified(&["new"], &format!("t={seconds},v1={other_body}")), Err(Forged::Mismatch));
        assert_eq!(verified(&["new"], &format!("t={seconds},v1={other_time}")), Err(Forged::Mismatch));
    }

    #[test]
    fn it_counts_for_five_minutes_to_either_side() {
        for (away, verdict) in
            [(0, Ok(())), (300, Ok(())), (-300, Ok(())), (301, Err(Forged::Stale)), (-301, Err(Forged::Stale))]
        {
            let seconds = now().seconds() + away;
            assert_eq!(
                verified(&["new"], &format!("t={seconds},v1={}", sign("new", seconds, BODY))),
                verdict,
                "{away}"
            );
        }
    }

    #[test]
    fn garbage_is_no_signature() {
        for header in
            ["", "t=", "t=1", "v1=00", "t=1,v1=", "t=x,v1=00", "t=1,v1=zz", ",,,===", "t=99999999999999999999,v1=0"]
        {
            assert_eq!(verified(&["new"], header), Err(Forged::Unsigned), "{header}");
        }
        let unhex = "é".repeat(32);
        assert_eq!(verified(&["new"], &format!("t=1,v1={unhex}")), Err(Forged::Unsigned));
    }
}
