//! A database that stands on the file of an application: made there, kept in step with its table of users, and taken away
//! again. Only SQLite has such a thing; on PostgreSQL two applications share a server, not a file.
//!
//! A view, a table of links and triggers are made at run time, since their texts name the application's columns; all their
//! names begin with `sekisho_beside`. They stand on our tables; on the application's own stand at most two indexes, and one
//! trigger that notes which of its rows it has deleted.

mod apart;
mod leaving;
mod made;
mod recovery;
mod sql;
mod standing;
mod trial;
mod triggers;

pub use leaving::leave_wal;
pub(crate) use made::made_for;
pub use recovery::recover;
pub(crate) use standing::{inspect, stands};
pub use trial::TrialFailure;

#[cfg(test)]
mod tests;
