//! Under which name and address an adopted user is found.
//!
//! Rules for new names don't bind adopted ones: a name is kept byte for byte, for tokens of the application say it so. What
//! can't be kept is decided here, row by row in the order of the application's own ids. Of equal names its `first()` finds
//! the lowest id on SQLite; where a database finds rows in another order, that is noted before.

use std::collections::{HashMap, HashSet};

use sha2::{Digest as _, Sha256};

use super::note::Note;
use super::row::{Adopted, Seen};
use crate::accounts::{LoginName, Username, email_key, username_key};

/// Who has which name, and which names are still to come.
#[derive(Default)]
pub struct Naming {
    /// Names, and their keys, of all rows.
    coming: HashSet<Mark>,
    /// Keys of the addresses of all rows.
    coming_emails: HashSet<Mark>,
    names: HashSet<Mark>,
    keys: HashSet<Mark>,
    emails: HashSet<Mark>,
    ids: HashSet<Mark>,
    /// Names that more than one row may have.
    doubles: HashSet<Mark>,
    /// Of those the id of the row that the application finds, where it need not be the lowest.
    found: HashMap<Mark, Mark>,
}

/// Under what an adopted user is found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    /// The name.
    pub username: String,
    /// Its key; `None` where only the exact spelling finds it.
    pub username_key: Option<String>,
    /// The address's key; `None` where it does not log in.
    pub email_key: Option<String>,
    /// What tokens must carry: 0, as the application's do, only for a user who keeps the name that they say.
    pub token_version: i64,
    /// What a person should know.
    pub notes: Vec<Note>,
}

impl Naming {
    /// Nobody has a name yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a row that will be placed: a name that it has is given to nobody else. Before the first [`Naming::place`].
    pub fn expect(&mut self, row: &Seen) {
        if let Some(name) = &row.name {
            if !self.coming.insert(mark(name)) {
                self.doubles.insert(mark(name));
            }
            self.coming.extend(key_of(name).map(|key| mark(&key)));
        }
        self.coming_emails.extend(row.email.as_deref().and_then(email_key).map(|key| mark(&key)));
    }

    /// Whether names may be doubled, so that it matters which row the application finds.
    pub fn has_doubles(&self) -> bool {
        !self.doubles.is_empty()
    }

    /// Notes a row in the order in which the application finds them: of a doubled name the first has it, whatever its id is.
    pub fn found(&mut self, row: &Seen, id: Option<&str>) {
        if let (Some(name), Some(id)) = (&row.name, id)
            && self.doubles.contains(&mark(name))
        {
            self.found.entry(mark(name)).or_insert(mark(id));
        }
    }

    /// Notes what somebody who is here already has.
    pub fn occupy(&mut self, username: Option<&str>, username_key: Option<&str>, email_key: Option<&str>) {
        self.names.extend(username.map(mark));
        self.keys.extend(username_key.map(mark));
        self.emails.extend(email_key.map(mark));
    }

    /// By what a row is known, when its id is another row's as well: no user is lost where ids are not unique there.
    pub fn identify(&mut self, old_id: String) -> String {
        let numbered = (2_u64..).map(|number| format!("{old_id}#{number}"));
        let mut ids = std::iter::once(old_id.clone()).chain(numbered);
        ids.find(|id| self.ids.insert(mark(id))).unwrap_or_default()
    }

    /// Decides name and address of the next row, in the order of the application's ids.
    pub fn place(&mut self, row: &Adopted) -> Arrival {
        let mut notes = Vec::new();
        let email_key = self.the_lowest_id_keeps_the_address(row, &mut notes);
        let arrival = match &row.name {
            Some(name) if self.the_name_is_free(name) && self.the_application_finds(row, name) => {
                let username_key = self.a_twin_is_found_by_its_exact_spelling(row, name, &mut notes);
                Arrival { username: name.clone(), username_key, email_key, token_version: 0, notes }
            }
            _ => {
                notes.push(why_not(row));
                let (username, key) = self.a_new_name(row, email_key.as_deref());
                // No token was ever made for this name, or it meant somebody who is gone.
                Arrival { username, username_key: Some(key), email_key, token_version: 1, notes }
            }
        };
        self.occupy(Some(&arrival.username), arrival.username_key.as_deref(), arrival.email_key.as_deref());
        arrival
    }

    /// Of equal names the lowest id keeps the name, as the application's `first()` finds that row: a token that says the
    /// name means it. Whoever was here before keeps it as well.
    fn the_name_is_free(&self, name: &str) -> bool {
        !self.names.contains(&mark(name))
    }

    fn the_application_finds(&self, row: &Adopted, name: &str) -> bool {
        self.found.get(&mark(name)).is_none_or(|id| *id == mark(&row.old_id))
    }

    /// Of equal addresses the lowest id is found by it; the others show theirs.
    fn the_lowest_id_keeps_the_address(&self, row: &Adopted, notes: &mut Vec<Note>) -> Option<String> {
        let Some(key) = email_key(row.email.as_deref()?) else {
            notes.push(Note::AddressUnusable);
            return None;
        };
        if self.emails.contains(&mark(&key)) {
            notes.push(Note::AddressTaken);
            return None;
        }
        Some(key)
    }

    /// Names that differ in case alone both stay as they are; the later one is found by its exact spelling only. So is a
    /// name that is an address, unless it is the user's own.
    fn a_twin_is_found_by_its_exact_spelling(
        &self,
        row: &Adopted,
        name: &str,
        notes: &mut Vec<Note>,
    ) -> Option<String> {
        if !a_name_may_be_its_own_address(row, name) {
            let address = email_key(name)?;
            if self.emails.contains(&mark(&address)) || self.coming_emails.contains(&mark(&address)) {
                notes.push(Note::NameIsAnothersAddress);
            }
            return None;
        }
        let key = key_of(name)?;
        if self.keys.contains(&mark(&key)) {
            notes.push(Note::NameTwin);
            return None;
        }
        Some(key)
    }

    /// A name that nobody has, had in the application, or will have: the user's own address where there was no name, else
    /// what there was with the old id behind it.
    fn a_new_name(&self, row: &Adopted, own_address: Option<&str>) -> (String, String) {
        let is_free = |name: &str, key: &str| {
            let (name, key) = (mark(name), mark(key));
            let taken = [&self.coming, &self.names, &self.keys].iter().any(|set| set.contains(&key));
            !taken && !self.coming.contains(&name) && !self.names.contains(&name)
        };
        if let (None, Some(email), Some(_)) = (&row.name, &row.email, own_address) {
            let key = username_key(email);
            if is_free(email, &key) {
                return (email.clone(), key);
            }
        }
        let local = || row.email.as_deref().and_then(|email| email.split('@').next());
        let bases = [row.name.as_deref(), local(), Some("user")].into_iter().flatten().map(shortened);
        let base = bases.into_iter().find(|base| Username::parse(base).is_ok()).unwrap_or_default();
        let ends = std::iter::once(row.old_id.clone()).chain((2_u64..).map(|number| number.to_string()));
        for end in ends {
            for name in [format!("{base}-{end}"), format!("user-{end}")] {
                if let Ok(name) = Username::parse(&name)
                    && is_free(name.as_str(), name.key())
                {
                    return (name.as_str().to_owned(), name.key().to_owned());
                }
            }
        }
        unreachable!("there are more numbers than names")
    }
}

/// Whether a name that is an address is the user's own, or none at all.
fn a_name_may_be_its_own_address(row: &Adopted, name: &str) -> bool {
    match email_key(name) {
        None => true,
        address => row.email.as_deref().and_then(email_key) == address,
    }
}

fn why_not(row: &Adopted) -> Note {
    match (&row.name, row.name_is_unusable) {
        (Some(_), _) => Note::NameTaken,
        (None, true) => Note::NameUnusable,
        (None, false) => Note::NameAbsent,
    }
}

/// The key by which a log-in looks for a name; none for a name so long that log-in makes no key.
fn key_of(name: &str) -> Option<String> {
    (name.len() <= LoginName::MAX).then(|| username_key(name))
}

/// So much of a name that a number fits behind it.
fn shortened(name: &str) -> String {
    name.chars().take(40).collect::<String>().trim_end().to_owned()
}

/// Stands for a text in a set of perhaps a million: the half of its SHA-256.
type Mark = [u8; 16];

fn mark(text: &str) -> Mark {
    let digest = Sha256::digest(text.as_bytes());
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests;
