//! A database that stands on the file of an application: made there, kept in step with its table of users, and taken away
//! again. What PostgreSQL has in its place is `postgres/in_place`.
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

pub(crate) use apart::{part, rejoin};
pub use leaving::leave_wal;
pub(crate) use leaving::{give_back, leave, take_away, withhold};
pub(crate) use made::made_for;
pub use recovery::recover;
pub(crate) use standing::{
    columns_of, inspect, journal_mode, made_beside, make_links, note_rows_gone, stand_aside, stand_beside,
    stands,
};

#[cfg(test)]
mod tests;
