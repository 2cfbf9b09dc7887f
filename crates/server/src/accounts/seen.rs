//! What the rows of a trial import would have taken so far.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};

use sekisho_core::Refusal;
use sekisho_core::accounts::IncomingUser;
use sekisho_core::exchange::{RowError, UserRow};

/// Hashes of 64 bits instead of the values: among the five million of a million users two meet by chance once in a
/// million trials, and then one row is foretold wrongly.
#[derive(Default)]
pub(super) struct Seen {
    hasher: RandomState,
    taken: HashSet<u64>,
}

impl Seen {
    /// Whether an earlier row stated the same user.
    pub(super) fn has_user(&self, row: &UserRow, user: &IncomingUser) -> bool {
        self.has(&same(row, user))
    }

    /// What an earlier row has taken of what this one brings.
    pub(super) fn conflict(&self, row: &UserRow, user: &IncomingUser) -> Option<RowError> {
        let twice = |refusal, member| Some(RowError::because(refusal, member, "is that of an earlier row"));
        if user.external_id.as_ref().is_some_and(|id| self.has(&Taken::ExternalId(id))) {
            return twice(Refusal::IdentityTaken, "external_id");
        }
        let key = user.username_key.as_deref();
        if self.has(&Taken::Username(&user.username))
            || key.is_some_and(|key| self.has(&Taken::UsernameKey(key)))
        {
            return twice(Refusal::UsernameTaken, "username");
        }
        let address_as_name = row.foreign_address_as_name();
        if address_as_name.is_some_and(|address| self.has(&Taken::EmailKey(&address))) {
            return twice(Refusal::UsernameTaken, "username");
        }
        if user.email_key.as_deref().is_some_and(|key| self.has(&Taken::EmailKey(key))) {
            return twice(Refusal::EmailTaken, "email");
        }
        if row.items.iter().any(|number| self.has(&Taken::Item(*number))) {
            return twice(Refusal::IdentityTaken, "items");
        }
        None
    }

    /// Notes what this row takes.
    pub(super) fn add(&mut self, row: &UserRow, user: &IncomingUser) {
        let mut taken = vec![same(row, user), Taken::Username(&user.username)];
        taken.extend(user.external_id.as_deref().map(Taken::ExternalId));
        taken.extend(user.username_key.as_deref().map(Taken::UsernameKey));
        taken.extend(user.email_key.as_deref().map(Taken::EmailKey));
        taken.extend(row.items.iter().map(|number| Taken::Item(*number)));
        let hashes: Vec<u64> = taken.iter().map(|taken| self.hasher.hash_one(taken)).collect();
        self.taken.extend(hashes);
    }

    fn has(&self, taken: &Taken<'_>) -> bool {
        self.taken.contains(&self.hasher.hash_one(taken))
    }
}

/// Whom a row means: by id, else by external id, else by name and address together.
fn same<'a>(row: &'a UserRow, user: &'a IncomingUser) -> Taken<'a> {
    match (&row.id, &row.external_id) {
        (Some(id), _) => Taken::Id(*id.as_bytes()),
        (None, Some(external_id)) => Taken::ExternalId(external_id),
        (None, None) => Taken::NameWithAddress(&row.username, user.email_key.as_deref()),
    }
}

#[derive(Hash)]
enum Taken<'a> {
    Id([u8; 16]),
    ExternalId(&'a str),
    Username(&'a str),
    UsernameKey(&'a str),
    EmailKey(&'a str),
    NameWithAddress(&'a str, Option<&'a str>),
    Item(i64),
}
