//! Every fact worth keeping, as one enum.

use serde_json::{Value, json};

use crate::credentials::SchemeCost;
use crate::id::UserId;
use crate::time::Timestamp;

/// Something that happened to an account or an item; recorded in the transaction that made it so.
///
/// An event never carries a password, a hash, a token or a key.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Somebody registered.
    UserRegistered {
        /// The new user.
        user: UserId,
    },
    /// An operator added a user.
    UserAdded {
        /// The new user.
        user: UserId,
    },
    /// A user came from a file.
    UserImported {
        /// The user.
        user: UserId,
    },
    /// All users were written to a file.
    UsersExported {
        /// How many there were.
        users: u64,
        /// Whether their password hashes went along.
        hashes: bool,
    },
    /// A user was taken over from an application.
    UserAdopted {
        /// The user.
        user: UserId,
        /// What identified the user there.
        external_id: String,
    },
    /// A password was set; tokens issued before no longer count.
    PasswordSet {
        /// Whose.
        user: UserId,
    },
    /// A hash was rewritten after a successful log-in; the password is the same.
    PasswordUpgraded {
        /// Whose.
        user: UserId,
        /// What the hash was.
        from: SchemeCost,
        /// What it is now.
        to: SchemeCost,
    },
    /// A user was disabled.
    UserDisabled {
        /// Who.
        user: UserId,
    },
    /// A user was enabled again.
    UserEnabled {
        /// Who.
        user: UserId,
    },
    /// A user was deleted; the name stays reserved for a while, the address is free at once.
    UserDeleted {
        /// Who.
        user: UserId,
    },
    /// Writing was put on hold, as for a move to another database.
    DatabaseFrozen,
    /// Writing goes on.
    DatabaseUnfrozen,
    /// Events were deleted because their time was over.
    EventsPurged {
        /// How many.
        events: u64,
        /// What had happened before this was deleted.
        before: Timestamp,
    },
    /// An item was added.
    ItemAdded {
        /// Its number.
        item_id: i64,
        /// Whose it is.
        owner: UserId,
    },
    /// An item was removed.
    ItemRemoved {
        /// Its number.
        item_id: i64,
    },
}

impl Event {
    /// The event's stable name in the events table.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UserRegistered { .. } => "user_registered",
            Self::UserAdded { .. } => "user_added",
            Self::UserImported { .. } => "user_imported",
            Self::UsersExported { .. } => "users_exported",
            Self::UserAdopted { .. } => "user_adopted",
            Self::PasswordSet { .. } => "password_set",
            Self::PasswordUpgraded { .. } => "password_upgraded",
            Self::UserDisabled { .. } => "user_disabled",
            Self::UserEnabled { .. } => "user_enabled",
            Self::UserDeleted { .. } => "user_deleted",
            Self::DatabaseFrozen => "database_frozen",
            Self::DatabaseUnfrozen => "database_unfrozen",
            Self::EventsPurged { .. } => "events_purged",
            Self::ItemAdded { .. } => "item_added",
            Self::ItemRemoved { .. } => "item_removed",
        }
    }

    /// The user whom the event is about, if it is about one.
    pub const fn subject(&self) -> Option<UserId> {
        match self {
            Self::UserRegistered { user }
            | Self::UserAdded { user }
            | Self::UserAdopted { user, .. }
            | Self::UserImported { user }
            | Self::PasswordSet { user }
            | Self::PasswordUpgraded { user, .. }
            | Self::UserDisabled { user }
            | Self::UserEnabled { user }
            | Self::UserDeleted { user }
            | Self::ItemAdded { owner: user, .. } => Some(*user),
            Self::UsersExported { .. }
            | Self::EventsPurged { .. }
            | Self::DatabaseFrozen
            | Self::DatabaseUnfrozen
            | Self::ItemRemoved { .. } => None,
        }
    }

    /// What else there is to say, as a JSON object; empty where kind and subject say it all.
    pub fn data(&self) -> Value {
        match self {
            Self::UserAdopted { external_id, .. } => json!({ "external_id": external_id }),
            Self::PasswordUpgraded { from, to, .. } => json!({ "from": from, "to": to }),
            Self::UsersExported { users, hashes } => json!({ "users": users, "hashes": hashes }),
            Self::EventsPurged { events, before } => {
                json!({ "events": events, "before": before.as_micros() })
            }
            Self::ItemAdded { item_id, .. } | Self::ItemRemoved { item_id } => json!({ "item_id": item_id }),
            _ => json!({}),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_names_what_happened_and_to_whom() {
        let user = UserId::from_bytes([7; 16]);
        let cost = |scheme: &str, cost: &str| SchemeCost { scheme: scheme.into(), cost: cost.into() };
        let event = Event::PasswordUpgraded {
            user,
            from: cost("bcrypt", "12"),
            to: cost("argon2id", "m=19456,t=2,p=1"),
        };
        assert_eq!((event.kind(), event.subject()), ("password_upgraded", Some(user)));
        assert_eq!(
            event.data().to_string(),
            r#"{"from":{"cost":"12","scheme":"bcrypt"},"to":{"cost":"m=19456,t=2,p=1","scheme":"argon2id"}}"#
        );
        assert_eq!(Event::ItemRemoved { item_id: 3 }.data().to_string(), r#"{"item_id":3}"#);
    }
}
