//! E-mail addresses.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::text::{fold, is_mark, is_unprintable};

/// A well-formed e-mail address as typed, and the key by which it is found.
///
/// `local@domain` with a dot-atom before the `@` (RFC 5321, 4.1.2; RFC 6531 for other scripts) and a registrable host
/// name of two labels or more behind it. Quoted local parts, comments, lists, address literals, routes (`%`, `!`)
/// and all that can't be seen are refused (ATTACKS A02, A04), so that one address is one recipient.
///
/// The key is the folded local part (NFKC and full case folding), `@`, and the domain in lower-case A-labels (UTS 46).
/// Folding the local part is a choice: RFC 5321 leaves its case to the receiving host, people do not. Mail goes
/// to the address as typed, never to the key. Letters that look alike are different letters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Email {
    text: String,
    key: String,
}

/// Why a text can't be an e-mail address.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EmailError {
    /// More than 254 octets (RFC 5321, 4.5.3.1.3, less the brackets), or 64 before the `@`.
    #[error("an e-mail address has at most 254 bytes, 64 of them before the @")]
    TooLong,
    /// No `@`, or more than one.
    #[error("an e-mail address has exactly one @")]
    NotOneAt,
    /// The part before the `@` is empty, has a dot out of place, or a character that an address of one plain
    /// mailbox does not hold.
    #[error("the part before the @ is not a plain mailbox name")]
    LocalPart,
    /// The part behind the `@` is no host name with a dot.
    #[error("the part behind the @ is not a domain name")]
    Domain,
}

/// The longest address, in bytes.
const MAX: usize = 254;
/// What ends a label (UTS 46, 2.3): the full stop, and those that are mapped to it.
const LABEL_ENDS: [char; 4] = ['.', '。', '．', '｡'];
/// The longest local part, in bytes (RFC 5321, 4.5.3.1.1).
const LOCAL_MAX: usize = 64;

impl Email {
    /// Reads an address as typed.
    ///
    /// # Errors
    /// [`EmailError`] says which rule it breaks.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        if text.len() > MAX {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = text.split_once('@').ok_or(EmailError::NotOneAt)?;
        if domain.contains('@') {
            return Err(EmailError::NotOneAt);
        }
        check_local(local)?;
        let local = fold(local);
        check_local(&local)?;
        let key = format!("{local}@{}", domain_key(domain)?);
        if key.len() > MAX {
            return Err(EmailError::TooLong);
        }
        Ok(Self { text: text.to_owned(), key })
    }

    /// The address as typed: where mail goes.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The canonical form: two addresses with one key can't both be registered.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// The key of a text, if it is an e-mail address. Idempotent: a key is its own key.
pub fn email_key(text: &str) -> Option<String> {
    Email::parse(text).ok().map(|email| email.key)
}

fn check_local(local: &str) -> Result<(), EmailError> {
    if local.len() > LOCAL_MAX {
        return Err(EmailError::TooLong);
    }
    let atoms_fit = local.split('.').all(|atom| !atom.is_empty() && atom.chars().all(is_atom_char));
    let begins_well = !local.chars().next().is_some_and(is_mark);
    if atoms_fit && begins_well { Ok(()) } else { Err(EmailError::LocalPart) }
}

/// `atext` of RFC 5322 less `%` and `!`, which old mail hosts read as a route to another host.
fn is_atom_char(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || "#$&'*+-/=?^_`{|}~".contains(c)
    } else {
        !c.is_whitespace() && !is_unprintable(c)
    }
}

fn domain_key(domain: &str) -> Result<String, EmailError> {
    // UTS 46 drops what can't be seen and maps some marks to letters, but people are shown the text as typed.
    let begins_with_mark = |label: &str| label.chars().next().is_some_and(is_mark);
    if domain.chars().any(is_unprintable) || domain.split(LABEL_ENDS).any(begins_with_mark) {
        return Err(EmailError::Domain);
    }
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| EmailError::Domain)?;
    // A last label of digits (or 0x…) is an IP address in some reading, never a top-level domain.
    let (_, last) = ascii.rsplit_once('.').ok_or(EmailError::Domain)?;
    let hexadecimal = last.strip_prefix("0x").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_hexdigit()));
    if hexadecimal || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EmailError::Domain);
    }
    Ok(ascii.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a02_one_canonical_form() {
        for (typed, key) in [
            ("tim@gmail.com", "tim@gmail.com"),
            ("Alice@X.org", "alice@x.org"),
            ("ALİCE@x.org", "ali\u{307}ce@x.org"),
            ("mıke@x.org", "mıke@x.org"),
            ("ﬁona@x.org", "fiona@x.org"),
            ("аlice@x.org", "аlice@x.org"),
            ("tim@Bücher.example", "tim@xn--bcher-kva.example"),
            ("tim@xn--bcher-kva.example", "tim@xn--bcher-kva.example"),
            ("たろう@例え.jp", "たろう@xn--r8jz45g.jp"),
            ("taro@例え。ｊｐ", "taro@xn--r8jz45g.jp"),
            ("a.b+c@mail.example.com", "a.b+c@mail.example.com"),
        ] {
            let email = Email::parse(typed).unwrap();
            assert_eq!((email.as_str(), email.key()), (typed, key));
        }
    }

    #[test]
    fn a02_a04_what_an_address_can_not_be() {
        use EmailError::*;
        for (typed, why) in [
            ("", NotOneAt),
            ("tim", NotOneAt),
            ("5", NotOneAt),
            ("a@b@c.org", NotOneAt),
            ("a＠b.org", NotOneAt),
            ("@x.org", LocalPart),
            ("a＠b@x.org", LocalPart),
            ("\"a@evil\"@victim.org", NotOneAt),
            ("\"a b\"@victim.org", LocalPart),
            ("a(comment)@x.org", LocalPart),
            ("a@x.org\r\nBcc: b@y.org", NotOneAt),
            ("a\r\nBcc: b@y.org", LocalPart),
            ("a%0aBcc:b@y.org", LocalPart),
            ("a%b@y.org", LocalPart),
            ("host!a@y.org", LocalPart),
            ("a,b@y.org", LocalPart),
            ("a@x.org,b@y.org", NotOneAt),
            ("a;b@y.org", LocalPart),
            (" a@y.org", LocalPart),
            ("a..b@y.org", LocalPart),
            (".a@y.org", LocalPart),
            ("a.@y.org", LocalPart),
            ("a\u{200b}@y.org", LocalPart),
            ("a\u{202e}@y.org", LocalPart),
            ("a\0@y.org", LocalPart),
            ("<a@y.org>", LocalPart),
            ("a@y.org>", Domain),
            ("a@y.org ", Domain),
            ("a@y.org.", Domain),
            ("a@y.org。", Domain),
            ("a@", Domain),
            ("a@localhost", Domain),
            ("a@-y.org", Domain),
            ("a@y_z.org", Domain),
            ("a@y..org", Domain),
            ("a@[127.0.0.1]", Domain),
            ("a@127.0.0.1", Domain),
            ("a@[IPv6:::1]", Domain),
            ("a@x.0x7f", Domain),
            ("a@xn--a.org", Domain),
            ("a@\u{202e}y.org", Domain),
            ("sh@gm\u{ad}ail\u{200b}.com", Domain),
            ("a@y\u{ad}.org", Domain),
            ("a@y.\u{2060}org", Domain),
            ("a@y\u{fe0f}.org", Domain),
            ("a@y\u{34f}.org", Domain),
            ("a@\u{301}y.org", Domain),
            // A mark that is mapped to a letter.
            ("a@\u{345}y.org", Domain),
            ("a@x。\u{345}y.org", Domain),
        ] {
            assert_eq!(Email::parse(typed), Err(why), "{typed:?}");
        }
    }

    #[test]
    fn a04_lengths_end_where_smtp_ends_them() {
        let local = "l".repeat(64);
        let domain = format!("{0}.{0}.{1}.org", "d".repeat(60), "e".repeat(63));
        assert_eq!(domain.len() + 65, 254);
        assert!(Email::parse(&format!("{local}@{domain}")).is_ok());
        assert_eq!(Email::parse(&format!("{local}@{domain}x")), Err(EmailError::TooLong));
        assert_eq!(Email::parse(&format!("{local}l@x.org")), Err(EmailError::TooLong));
        assert_eq!(Email::parse("\u{fdfa}@x.org"), Err(EmailError::LocalPart));
        assert_eq!(Email::parse(&format!("a@{}.org", "d".repeat(64))), Err(EmailError::Domain));
    }

    proptest! {
        #[test]
        fn a02_the_key_is_idempotent(
            text in "\\PC{0,8}@\\PC{0,8}|[ａ-ｚA-Zßﬁİıſ.+]{1,8}@[ａ-ｚA-Zßü.。-]{1,12}\\.(org|ＪＰ)|.*"
        ) {
            if let Some(key) = email_key(&text) {
                prop_assert_eq!(email_key(&key), Some(key.clone()));
                prop_assert!(super::super::username::Username::parse(&text).is_err());
            }
        }
    }
}
