//! Hashing and verifying passwords, whatever the scheme.

use unicode_normalization::{UnicodeNormalization, is_nfc};
use zeroize::Zeroizing;

use super::memory::Memory;
use super::policy::{NewPassword, PasswordError};
use super::scheme::{HashParams, HashString, Row, Scheme, SchemeCost};
use super::table::{Found, TABLE, find};
use super::{argon2, bcrypt};
use crate::refusal::Refusal;

/// What verifying a password found out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The password fits.
    Match {
        /// Whether the hash should be rewritten: its scheme, cost or form is not what new hashes have.
        outdated: bool,
    },
    /// It does not fit.
    Mismatch,
    /// The stored text can't be verified. As much work was done as `wanted` asks for, so that time does not tell:
    /// answer as for a mismatch, and log the reason.
    Unreadable(Refusal),
}

/// Hashes a new password with a fresh salt.
///
/// Argon2id binds every byte of the NFC form; bcrypt hashes the bytes as sent, as the software that may have to read
/// the hash again does.
///
/// # Errors
/// [`PasswordError::TooLongForBcrypt`] and [`PasswordError::NulForBcrypt`] rather than a hash that would not bind
/// the whole password; [`PasswordError::CostOutOfRange`] for parameters above the ceilings of verification.
pub fn get_password_hash(
    params: &HashParams,
    password: &NewPassword,
    salt: [u8; 16],
    memory: &mut Memory,
) -> Result<HashString, PasswordError> {
    memory.suit(params.memory_kib());
    let hashed = match *params {
        HashParams::Argon2id { m_kib, t, p } => {
            argon2::hash(argon2::Cost { m_kib, t, p }, password.expose().as_bytes(), &salt, memory)
        }
        HashParams::Bcrypt { cost } => {
            let bytes = password.as_sent().as_bytes();
            if bytes.len() > bcrypt::SEEN {
                return Err(PasswordError::TooLongForBcrypt);
            }
            if bytes.contains(&0) {
                return Err(PasswordError::NulForBcrypt);
            }
            bcrypt::hash(cost, bytes, salt)
        }
    };
    hashed.map(HashString::new).map_err(|_| PasswordError::CostOutOfRange)
}

/// Whether `password` fits the stored hash: the bytes as sent first, then their NFC form (ATTACKS P08).
///
/// No trimming, no case folding, no NFKC. No length rule either: those hold when a password is set. `wanted` is what
/// new hashes are made with; it decides whether a match is outdated.
pub fn verify_password(
    stored: &HashString,
    password: &str,
    wanted: &HashParams,
    memory: &mut Memory,
) -> Verdict {
    let stored = stored.as_str();
    memory.suit(wanted.memory_kib());
    let unreadable = |refusal, memory| {
        burn(&wanted.cost(), password, wanted, memory);
        Verdict::Unreadable(refusal)
    };
    let Some(Found { row, text, wrapped }) = find(stored) else {
        return unreadable(Refusal::HashSchemeUnknown, memory);
    };
    for form in forms(password) {
        match (row.verify)(text, form.as_bytes(), memory) {
            Ok(true) => return Verdict::Match { outdated: wrapped || is_outdated(row, text, wanted) },
            Ok(false) => {}
            Err(refusal) => return unreadable(refusal, memory),
        }
    }
    Verdict::Mismatch
}

/// Does the work of verifying `password` against a hash of that scheme and cost, for nobody, and forgets the result.
///
/// A scheme or cost that this version can't compute is replaced by what new hashes have.
pub fn burn(like: &SchemeCost, password: &str, wanted: &HashParams, memory: &mut Memory) {
    memory.suit(wanted.memory_kib());
    for form in forms(password) {
        if !burn_one(like, form.as_bytes(), memory) {
            burn_one(&wanted.cost(), form.as_bytes(), memory);
        }
    }
}

fn burn_one(like: &SchemeCost, password: &[u8], memory: &mut Memory) -> bool {
    let named = |scheme: &&Scheme| scheme.name() == like.scheme;
    TABLE.iter().any(|row| {
        row.schemes.iter().find(named).is_some_and(|scheme| (row.burn)(*scheme, &like.cost, password, memory))
    })
}

/// Scheme and cost of a stored hash that this server can verify, or why it can't: what an import asks of each hash.
///
/// # Errors
/// [`Refusal::HashSchemeUnknown`], [`Refusal::HashUnreadable`] for a malformed text, [`Refusal::HashTooCostly`] above
/// the ceilings.
pub fn recognise(stored: &HashString) -> Result<SchemeCost, Refusal> {
    let found = find(stored.as_str()).ok_or(Refusal::HashSchemeUnknown)?;
    let (scheme, cost) = (found.row.cost)(found.text)?;
    Ok(SchemeCost { scheme: scheme.name().to_owned(), cost })
}

/// Scheme and cost of a stored hash; `None` for one that can't be verified.
pub fn scheme_cost(stored: &HashString) -> Option<SchemeCost> {
    recognise(stored).ok()
}

/// The spellings of a password that are tried, in order: as sent, and in NFC if that differs.
fn forms(password: &str) -> impl Iterator<Item = Zeroizing<String>> {
    let composed = (!is_nfc(password)).then(|| Zeroizing::new(password.nfc().collect::<String>()));
    std::iter::once(Zeroizing::new(password.to_owned())).chain(composed)
}

fn is_outdated(row: &Row, stored: &str, wanted: &HashParams) -> bool {
    let same = |(scheme, cost): (Scheme, String)| scheme == wanted.scheme() && cost == wanted.cost().cost;
    !(row.cost)(stored).is_ok_and(same) || !(row.is_current_form)(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::SecretString;

    const QUICK: HashParams = HashParams::Argon2id { m_kib: 64, t: 1, p: 1 };
    const BCRYPT: HashParams = HashParams::Bcrypt { cost: 4 };

    fn hashed(params: &HashParams, password: &str) -> Result<HashString, PasswordError> {
        let password = NewPassword::proven(&SecretString::from(password));
        get_password_hash(params, &password, [9; 16], &mut Memory::new())
    }

    fn verdict(stored: &str, password: &str, wanted: &HashParams) -> Verdict {
        verify_password(&HashString::new(stored.to_owned()), password, wanted, &mut Memory::new())
    }

    #[test]
    fn p14_a_match_of_another_scheme_or_cost_is_outdated() {
        for (made, wanted, outdated) in [
            (QUICK, QUICK, false),
            (BCRYPT, BCRYPT, false),
            (BCRYPT, QUICK, true),
            (QUICK, BCRYPT, true),
            (QUICK, HashParams::Argon2id { m_kib: 64, t: 2, p: 1 }, true),
            (BCRYPT, HashParams::Bcrypt { cost: 5 }, true),
        ] {
            let stored = hashed(&made, "tim1234").unwrap();
            assert_eq!(verdict(stored.as_str(), "tim1234", &wanted), Verdict::Match { outdated });
            assert_eq!(verdict(stored.as_str(), "tim1235", &wanted), Verdict::Mismatch);
            assert_eq!(scheme_cost(&stored), Some(made.cost()));
        }
        let seed = "$2b$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa";
        assert_eq!(verdict(seed, "tim1234", &HashParams::DEFAULT), Verdict::Match { outdated: true });
    }

    #[test]
    fn p14_hashes_made_by_the_original_software_verify() {
        // passlib 1.7.4 with bcrypt 4.0.1, argon2-cffi 25.
        let long = format!("{}tail", "x".repeat(72));
        for (stored, password) in [
            ("$2a$04$aYs5JpW7IkQD.9vyGxsnq.gYK1cPRGoamOU2gSOViSBodgOVquFue", "pässwörd 日本"),
            ("$2b$04$VqiyIDnO3hlCfXO/k6MW2OFnPwuYONJ8q/5SxKqoRVnotCoHmqfku", "pässwörd 日本"),
            ("$2y$04$Cv3YWoc9D8z6hewdBvsWh.oU7oVAfxnY3nKvIO12TgEgL2fmTv15S", "pässwörd 日本"),
            ("$2a$04$YJViHYtYSJ6HZ/x36njgV.MoClIUl7xKtCixMHnvnot85GzQSrXvO", &long),
            ("$2b$04$TWybhyOeFxSAIyhlUUB/sOfQOS6Rikdp2krLz81E5MHVT3Hv7xoLO", &long),
            ("$2y$04$DrlwTLDBrmDsbFdgpCqVkOPqBGYExoA6rfYqIjfIJxEFhjtub2Y/C", &long),
            ("$2b$04$X9rC7riSrD.pkivkoITlducEeezaX3atpzfCAbTIt2DswVRYyIZmG", "  "),
            (
                "$argon2id$v=19$m=64,t=3,p=4$MDEyMzQ1Njc4OWFiY2RlZg$AxRFnqC4yK5BAyexUm7L6kVqYhM3JRKosgfvktCILbE",
                "パスワード",
            ),
            (
                "$argon2id$v=16$m=128,t=1,p=2$c29tZXNhbHQ$u4Unh/2zVkxw0mEapLLAUtvmcYcSrexGLa201HMw6U8",
                "パスワード",
            ),
            ("$argon2id$v=19$m=64,t=2,p=1$MTIzNDU2Nzg$Brms559O4mzj/gYczWrYfA", "パスワード"),
        ] {
            assert_eq!(verdict(stored, password, &HashParams::DEFAULT), Verdict::Match { outdated: true });
            assert_eq!(
                verdict(stored, "pässwörd 日本 ", &HashParams::DEFAULT),
                Verdict::Mismatch,
                "{stored}"
            );
        }
        let current = "$argon2id$v=19$m=19456,t=2,p=1$MDEyMzQ1Njc4OWFiY2RlZg$ntOntvZMz386pqdnBGjh6bKZCrdAPJNYferKn/NJWdQ";
        let verdict = verdict(current, "パスワード", &HashParams::DEFAULT);
        assert_eq!(verdict, Verdict::Match { outdated: false });
    }

    #[test]
    fn p08_the_bytes_as_sent_then_nfc_and_nothing_else() {
        let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
        let stored = hashed(&QUICK, decomposed).unwrap();
        for password in [composed, decomposed] {
            assert_eq!(verdict(stored.as_str(), password, &QUICK), Verdict::Match { outdated: false });
        }
        // bcrypt hashes what was sent; another program's hash of the decomposed form fits that form only.
        let foreign = hashed(&BCRYPT, decomposed).unwrap();
        assert_eq!(verdict(foreign.as_str(), decomposed, &BCRYPT), Verdict::Match { outdated: false });
        assert_eq!(verdict(foreign.as_str(), composed, &BCRYPT), Verdict::Mismatch);
        let stored = hashed(&QUICK, " Ａb ").unwrap();
        for other in ["Ａb", " ａb ", " Ab ", " Ａb"] {
            assert_eq!(verdict(stored.as_str(), other, &QUICK), Verdict::Mismatch, "{other:?}");
        }
    }

    #[test]
    fn p02_a_nul_is_a_character_like_any_other() {
        let stored = hashed(&QUICK, "abc\0def").unwrap();
        assert_eq!(verdict(stored.as_str(), "abc\0def", &QUICK), Verdict::Match { outdated: false });
        assert_eq!(verdict(stored.as_str(), "abc", &QUICK), Verdict::Mismatch);
        assert_eq!(hashed(&BCRYPT, "abc\0def"), Err(PasswordError::NulForBcrypt));
    }

    #[test]
    fn p01_a_new_bcrypt_hash_is_never_of_a_part() {
        assert!(hashed(&BCRYPT, &"x".repeat(72)).is_ok());
        assert_eq!(hashed(&BCRYPT, &"x".repeat(73)), Err(PasswordError::TooLongForBcrypt));
        assert_eq!(hashed(&BCRYPT, &"é".repeat(37)), Err(PasswordError::TooLongForBcrypt));
    }

    #[test]
    fn p13_what_can_not_be_verified_says_why() {
        for (stored, why) in [
            ("", Refusal::HashSchemeUnknown),
            ("x", Refusal::HashSchemeUnknown),
            ("tim1234", Refusal::HashSchemeUnknown),
            ("$2x$12$2Ss8aodwv5mZjR1Ofee86.OgtdlekDXCtdB6xH.l/nUMd9K73tmXa", Refusal::HashSchemeUnknown),
            ("$5$rounds=5000$a$b", Refusal::HashUnreadable),
            (
                "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7",
                Refusal::HashSchemeUnknown,
            ),
            ("$1$salt$qJH7.N4xYta3aEG/dfqo/0", Refusal::HashSchemeUnknown),
            ("{CRYPT}.7DmkEXTPCvRA", Refusal::HashSchemeUnknown),
            ("{CRYPT}$2b$12$", Refusal::HashUnreadable),
            ("argon2$argon2id$v=19$", Refusal::HashUnreadable),
            ("argon2é", Refusal::HashSchemeUnknown),
            ("$2b$12$", Refusal::HashUnreadable),
            ("$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIP", Refusal::HashTooCostly),
        ] {
            assert_eq!(verdict(stored, "tim1234", &QUICK), Verdict::Unreadable(why), "{stored}");
            assert_eq!(recognise(&HashString::new(stored.into())), Err(why), "{stored}");
        }
    }

    #[test]
    fn parameters_above_the_ceilings_make_no_hash() {
        let huge = HashParams::Argon2id { m_kib: u32::MAX, t: 1, p: 1 };
        assert_eq!(hashed(&huge, "tim1234"), Err(PasswordError::CostOutOfRange));
        assert_eq!(hashed(&HashParams::Bcrypt { cost: 31 }, "tim1234"), Err(PasswordError::CostOutOfRange));
    }

    #[test]
    fn burning_takes_any_scheme_and_cost() {
        let mut memory = Memory::new();
        let of = |scheme: &str, cost: &str| SchemeCost { scheme: scheme.into(), cost: cost.into() };
        burn(&of("argon2id", "m=64,t=1,p=1"), "tim1234", &QUICK, &mut memory);
        burn(&of("bcrypt", "4"), "cafe\u{301}\0", &QUICK, &mut memory);
        assert!(burn_one(&of("bcrypt", "4"), b"", &mut memory));
        for strange in
            [of("md5", "1"), of("bcrypt", "31"), of("argon2id", "m=4294967295,t=1,p=1"), of("bcrypt", "")]
        {
            assert!(!burn_one(&strange, b"tim1234", &mut memory), "{strange:?}");
        }
        burn(&of("md5", "1"), "tim1234", &QUICK, &mut memory);
    }
}
