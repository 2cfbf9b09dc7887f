//! What came of an adoption, for a person and a program.

use sekisho_core::adopt::Note;

/// What was taken over, or would be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Users that came.
    pub adopted: u64,
    /// Of those the ones that may not enter.
    pub disabled: u64,
    /// Rows that had come before, and were left as they are here.
    pub unchanged: u64,
    /// Rows that nobody could log in as.
    pub left_out: u64,
    /// Every row of which there is something to say, in the order of the application.
    pub rows: Vec<RowReport>,
    /// Items that came.
    pub items_adopted: u64,
    /// Items that had come before.
    pub items_unchanged: u64,
    /// Every item of which there is something to say.
    pub items: Vec<ItemReport>,
}

/// What there is to say of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowReport {
    /// What identifies the row there.
    pub old_id: String,
    /// The name that it had there.
    pub name: Option<String>,
    /// The name that it has here; none for a row that was left out.
    pub username: Option<String>,
    /// What became of it.
    pub notes: Vec<Note>,
}

/// What there is to say of one item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemReport {
    /// Its owner is not here, or it has none.
    WithoutOwner {
        /// What identifies the item there.
        old_id: String,
    },
    /// Its number is another item's, or it had none.
    Renumbered {
        /// What identifies the item there.
        old_id: String,
        /// Its number here; none yet where nothing was written.
        item_id: Option<i64>,
    },
}
