//! What a person should know of one adopted row.

use crate::refusal::Refusal;

/// What became of a row otherwise than it was there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Note {
    /// Neither name nor address: nobody could log in as this user.
    LeftOut,
    /// Somebody with a lower id, or somebody who was here before, has the name.
    NameTaken,
    /// There was no name.
    NameAbsent,
    /// The name holds what no text here holds, or is too long.
    NameUnusable,
    /// Somebody else's name differs in case or width alone.
    NameTwin,
    /// The name is the address of another user.
    NameIsAnothersAddress,
    /// Somebody with a lower id, or somebody who was here before, has the address.
    AddressTaken,
    /// The address is none that mail could reach.
    AddressUnusable,
    /// The password's hash can't be verified, and why.
    HashUnreadable(Refusal),
    /// There was no password's hash.
    PasswordAbsent,
    /// A column holds more than a record of an export does, and what it holds was left out.
    TooLong(String),
    /// Its id came before, with another name and another address.
    CameAsAnother,
    /// Its id was a row's that the application has deleted.
    IdReused,
}

impl Note {
    /// The stable name of the note in JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::LeftOut => "left_out",
            Self::NameTaken => "name_taken",
            Self::NameAbsent => "name_absent",
            Self::NameUnusable => "name_unusable",
            Self::NameTwin => "name_twin",
            Self::NameIsAnothersAddress => "name_is_anothers_address",
            Self::AddressTaken => "address_taken",
            Self::AddressUnusable => "address_unusable",
            Self::HashUnreadable(_) => "hash_unreadable",
            Self::PasswordAbsent => "password_absent",
            Self::TooLong(_) => "too_long",
            Self::CameAsAnother => "came_as_another",
            Self::IdReused => "id_reused",
        }
    }

    /// The note in one line.
    pub fn text(&self) -> String {
        match self {
            Self::LeftOut => "left out: it has neither name nor address",
            Self::NameTaken => {
                "its name is taken by an earlier user, so that it has a new one: log in by that, or by the address"
            }
            Self::NameAbsent => "it has no name, so that it has a new one: log in by that, or by the address",
            Self::NameUnusable => {
                "its name is too long or holds what no name can, so that it has a new one: log in by that, or by the address"
            }
            Self::NameTwin => {
                "another name differs from its own in case alone: log in with the exact spelling"
            }
            Self::NameIsAnothersAddress => "its name is the address of another user, who logs in by name",
            Self::AddressTaken => "its address is an earlier user's: it is shown, and does not log in",
            Self::AddressUnusable => "its address is no e-mail address: it is shown, and does not log in",
            Self::HashUnreadable(refusal) => {
                return format!("its password can't be verified ({}): set a new one", refusal.code());
            }
            Self::PasswordAbsent => "it has no password: set one",
            Self::TooLong(column) => {
                return format!("its {column} is longer than an export can hold, and was left out");
            }
            Self::CameAsAnother => {
                "its id came before with another name and another address, and that user stays as they are: if it is \
                 somebody else's now, make them a user here"
            }
            Self::IdReused => {
                "its id was another's before: it is a user of its own; who had the id before stays here without a row there"
            }
        }
        .to_owned()
    }
}
