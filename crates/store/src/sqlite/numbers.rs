//! The numbers that SQLite draws for `autoincrement` keys, and never draws again.

/// The last one of the table `$1`; its column, `$2`, needs no name here.
pub(crate) const LAST: &str = "select seq from sqlite_sequence where name = $1 and $2 <> ''";
/// Nothing was drawn for the table `$1`.
pub(crate) const FORGET: &str = "delete from sqlite_sequence where name = $1";
/// The last one of the table `$1` was `$2`.
pub(crate) const SET: &str = "insert into sqlite_sequence (name, seq) values ($1, $2)";
