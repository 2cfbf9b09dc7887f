//! A database in which Sekisho's tables stand beside an application's: a view of its table of users, functions and triggers
//! that keep both in step, and the way back. What SQLite has in its place is `sqlite/in_place`.
//!
//! All names begin with `sekisho_beside`. The view alone names the application's columns; PostgreSQL follows it when they
//! are renamed or moved, and does not let go what it needs. The functions see the view and our tables. On the application's
//! table stand two triggers, which note the rows that it deletes, and at most two indexes.
//!
//! A setting of the transaction, `sekisho.aside`, keeps the functions from writing while an adoption is at work: to take
//! triggers away would lock our tables for whoever reads them.

mod apart;
mod functions;
mod leaving;
mod length;
mod links;
mod made;
mod rights;
mod shape;
mod sql;
mod standing;
mod trial;
mod triggers;
mod view;

pub(crate) use apart::{part, rejoin};
pub(crate) use leaving::{give_back, leave, take_away, withhold};
pub(crate) use made::differences;
pub(crate) use rights::{copy_table, hold, rights_missing};
pub(crate) use shape::{columns_of, schema_of};
pub(crate) use standing::{field_of, made_beside, note_rows_gone, stand_aside, stand_beside, taken};

#[cfg(test)]
mod tests;
