//! The seeds' protected resource.

use crate::id::UserId;

/// One item, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// The item's number, counted from 1 over all users.
    pub item_id: i64,
    /// The user who owns it.
    pub owner: UserId,
}
