//! A user that is brought in from elsewhere, whole.

use serde_json::{Map, Value};

use crate::credentials::{HashString, SchemeCost};
use crate::id::UserId;
use crate::time::Timestamp;

/// A user that comes from elsewhere with identity and hash as they are: rules for new names do not bind it.
#[derive(Clone, PartialEq, Debug)]
pub struct IncomingUser {
    /// The identity: the one that the user had on another Sekisho, or a new one.
    pub id: UserId,
    /// The identifier in the system that the user comes from; no two users have the same.
    pub external_id: Option<String>,
    /// The name as it was there; unique byte for byte.
    pub username: String,
    /// The name's key; `None` for a twin that only the exact spelling finds.
    pub username_key: Option<String>,
    /// The address as it was there.
    pub email: Option<String>,
    /// The address's key; `None` where it is none that logs in, or a twin's.
    pub email_key: Option<String>,
    /// What to call the person.
    pub full_name: Option<String>,
    /// What the other system knew of the user and Sekisho has no place for.
    pub extra: Option<Map<String, Value>>,
    /// What tokens of this user must carry; 0 lets tokens of the former application count.
    pub token_version: i64,
    /// Since when the user may not enter.
    pub disabled_at: Option<Timestamp>,
    /// When the user was made, there.
    pub created_at: Timestamp,
    /// When the user last changed, there.
    pub updated_at: Timestamp,
    /// The password's hash verbatim and what it was recognised as; `None` for a user who can't log in by password yet.
    pub password: Option<(HashString, SchemeCost)>,
}
