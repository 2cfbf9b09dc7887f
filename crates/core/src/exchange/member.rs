//! The members of a record, and how other systems spell them.

use crate::invalid::is_named_like_a_secret;

/// What a member or column of a record is to us.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Member {
    /// Our id, or another system's.
    Id,
    /// The identifier in the system that the user comes from.
    ExternalId,
    /// The name.
    Username,
    /// Only null: the name has no key, it is found by its exact spelling alone.
    UsernameKey,
    /// The address.
    Email,
    /// Only null: the address has no key, nobody logs in by it.
    EmailKey,
    /// What to call the person.
    FullName,
    /// The password's hash.
    PasswordHash,
    /// Which tokens count.
    TokenVersion,
    /// Whether the user may not enter.
    Disabled,
    /// Whether the user may enter: the opposite of [`Member::Disabled`].
    Active,
    /// Since when the user may not enter.
    DisabledAt,
    /// When the user was made.
    CreatedAt,
    /// When the user last changed.
    UpdatedAt,
    /// What has no place of its own.
    Extra,
    /// The numbers of the user's items.
    Items,
    /// Nothing of ours: it is kept in `extra`.
    Unknown,
    /// Nothing of ours, and named as if it were a secret: it is kept nowhere.
    Secret,
}

/// Each spelling without case, hyphens, underscores and spaces.
const SPELLINGS: &[(&str, Member)] = &[
    ("id", Member::Id),
    ("externalid", Member::ExternalId),
    ("userid", Member::ExternalId),
    ("username", Member::Username),
    ("login", Member::Username),
    ("usernamekey", Member::UsernameKey),
    ("email", Member::Email),
    ("emailaddress", Member::Email),
    ("mail", Member::Email),
    ("emailkey", Member::EmailKey),
    ("fullname", Member::FullName),
    ("displayname", Member::FullName),
    ("name", Member::FullName),
    ("passwordhash", Member::PasswordHash),
    ("hashedpassword", Member::PasswordHash),
    ("password", Member::PasswordHash),
    ("tokenversion", Member::TokenVersion),
    ("disabled", Member::Disabled),
    ("isdisabled", Member::Disabled),
    ("blocked", Member::Disabled),
    ("active", Member::Active),
    ("isactive", Member::Active),
    ("enabled", Member::Active),
    ("disabledat", Member::DisabledAt),
    ("createdat", Member::CreatedAt),
    ("datejoined", Member::CreatedAt),
    ("updatedat", Member::UpdatedAt),
    ("extra", Member::Extra),
    ("items", Member::Items),
];

impl Member {
    /// What a member of this name is.
    pub fn of(name: &str) -> Self {
        let plain: String =
            name.chars().filter(|c| !matches!(c, '_' | '-' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
        match SPELLINGS.iter().find(|(spelling, _)| *spelling == plain) {
            Some((_, member)) => *member,
            None if is_named_like_a_secret(name) => Self::Secret,
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_known_in_the_spellings_of_other_systems() {
        for (name, member) in [
            ("id", Member::Id),
            ("username", Member::Username),
            ("userName", Member::Username),
            ("User Name", Member::Username),
            ("email-address", Member::Email),
            ("hashed_password", Member::PasswordHash),
            ("passwordHash", Member::PasswordHash),
            ("is_active", Member::Active),
            ("date_joined", Member::CreatedAt),
            ("phone", Member::Unknown),
            ("email_verified", Member::Unknown),
            ("passwrod_hash", Member::Secret),
            ("api_token", Member::Secret),
            ("", Member::Unknown),
        ] {
            assert_eq!(Member::of(name), member, "{name}");
        }
    }
}
