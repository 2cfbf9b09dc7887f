//! bcrypt of a digest of the password, which binds more than bcrypt's 72 bytes:
//!
//! - passlib, its first form: `$bcrypt-sha256$2b,12$SALT$HASH`
//! - passlib, since 1.7.3: `$bcrypt-sha256$v=2,t=2b,r=12$SALT$HASH`
//! - Django: `bcrypt_sha256$$2b$12$SALTHASH`

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::bcrypt;
use super::memory::Memory;
use super::scheme::{Row, Scheme, decimal};
use crate::refusal::Refusal;

pub(super) const ROW: Row = Row {
    schemes: &[Scheme::BcryptSha256],
    recognises: |stored| stored.starts_with(PASSLIB) || stored.starts_with(DJANGO),
    cost: |stored| (bcrypt::ROW.cost)(&parse(stored)?.1).map(|(_, cost)| (Scheme::BcryptSha256, cost)),
    is_current_form: |_| false,
    verify: |stored, password, memory| {
        let (form, inner) = parse(stored)?;
        (bcrypt::ROW.verify)(&inner, digest(form, &inner, password).as_bytes(), memory)
    },
    burn: |_, cost, password, memory: &mut Memory| {
        (bcrypt::ROW.burn)(Scheme::Bcrypt, cost, digest(Form::Digest, "", password).as_bytes(), memory)
    },
};

const PASSLIB: &str = "$bcrypt-sha256$";
const DJANGO: &str = "bcrypt_sha256$";

/// How the password is digested.
#[derive(Clone, Copy)]
enum Form {
    /// passlib's first: the digest, in base64.
    Digest,
    /// passlib's second: an HMAC under the salt, in base64.
    Keyed,
    /// Django's: the digest, in hexadecimal.
    Hex,
}

/// What bcrypt hashes: text of 44 or 64 characters, so that no NUL ends it and nothing is cut off.
fn digest(form: Form, inner: &str, password: &[u8]) -> Zeroizing<String> {
    let digest = || Sha256::digest(password);
    Zeroizing::new(match form {
        Form::Digest => STANDARD.encode(digest()),
        Form::Hex => digest().iter().map(|byte| format!("{byte:02x}")).collect(),
        Form::Keyed => {
            let salt = inner.get(7..29).unwrap_or_default();
            let mut mac = Hmac::<Sha256>::new_from_slice(salt.as_bytes()).expect("a key of any length");
            mac.update(password);
            STANDARD.encode(mac.finalize().into_bytes())
        }
    })
}

/// The form, and the bcrypt text inside, whose own reader judges it.
fn parse(stored: &str) -> Result<(Form, String), Refusal> {
    read(stored).ok_or(Refusal::HashUnreadable)
}

fn read(stored: &str) -> Option<(Form, String)> {
    if let Some(inner) = stored.strip_prefix(DJANGO) {
        return Some((Form::Hex, inner.to_owned()));
    }
    let mut parts = stored.strip_prefix(PASSLIB)?.split('$');
    let (how, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let (form, ident, rounds) = match how.strip_prefix("v=2,t=") {
        Some(rest) => {
            let (ident, rounds) = rest.split_once(",r=")?;
            (Form::Keyed, ident, rounds)
        }
        None => {
            let (ident, rounds) = how.split_once(',')?;
            (Form::Digest, ident, rounds)
        }
    };
    let rounds = decimal(rounds).filter(|rounds| *rounds < 100)?;
    let whole = parts.next().is_none() && salt.len() == 22 && hash.len() == 31;
    whole.then(|| (form, format!("${ident}${rounds:02}${salt}{hash}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p13_a_malformed_text_is_refused_and_costs_nothing() {
        let (salt, hash) = ("1CbCZEM6fi1Jr4JSo1eSle", "yOB1jwkAmQgl4Exdc7e9CITnoUrBoZe");
        let cost = |stored: &str| (ROW.cost)(stored);
        assert_eq!(cost(&format!("{PASSLIB}2b,4${salt}${hash}")), Ok((Scheme::BcryptSha256, "4".to_owned())));
        for stored in [
            PASSLIB.to_owned(),
            DJANGO.to_owned(),
            format!("{PASSLIB}2b,4${salt}"),
            format!("{PASSLIB}2b,4${salt}${hash}$"),
            format!("{PASSLIB}2b,04${salt}${hash}"),
            format!("{PASSLIB}2b,3${salt}${hash}"),
            format!("{PASSLIB}2x,4${salt}${hash}"),
            format!("{PASSLIB}2b${salt}${hash}"),
            format!("{PASSLIB}2b,4294967295${salt}${hash}"),
            format!("{PASSLIB}v=3,t=2b,r=4${salt}${hash}"),
            format!("{PASSLIB}v=2,t=2b,r=${salt}${hash}"),
            format!("{PASSLIB}2b,4${}${hash}", &salt[1..]),
            format!("{PASSLIB}2b,4$é{}${hash}", &salt[2..]),
            format!("{DJANGO}$2b$04${salt}{hash}$"),
            format!("{DJANGO}2b$04${salt}{hash}"),
        ] {
            assert_eq!(cost(&stored), Err(Refusal::HashUnreadable), "{stored}");
        }
        for stored in [format!("{PASSLIB}2b,31${salt}${hash}"), format!("{DJANGO}$2b$17${salt}{hash}")] {
            assert_eq!(cost(&stored), Err(Refusal::HashTooCostly), "{stored}");
        }
    }
}
