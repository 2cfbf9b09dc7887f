//! Every SQL statement of Sekisho, once, for SQLite and PostgreSQL; no rule, and no HTTP.
//!
//! A [`Store`] is opened once and cloned. [`Store::read`] gives a [`Read`], [`Store::begin`] a [`Tx`], which derefs to
//! [`Read`] and alone can write. Both are owned values without lifetimes. Statements are written in one house dialect
//! (`$1 … $n`, ids, bigints, text and bytes), with one row mapping, behind enums over the drivers.
//!
//! In reading order: what goes in and out, a connection as its user sees it, each area's statements, the drivers.

mod dialect;
mod echo;
mod error;
mod measures;
mod statement;
mod value;

mod session;
mod store;

mod adopted;
mod beside;
mod check;
mod clock;
mod credentials;
mod events;
mod freeze;
mod incoming;
mod items;
mod jobs;
mod limits;
mod meta;
mod outgoing;
mod tables;
mod user_changes;
mod users;

mod catalogue;
mod copying;
mod foreign;
mod look;
mod migrate;
mod moving;
mod postgres;
mod sqlite;

pub use adopted::{AdoptedKind, Holder};
pub use beside::TrialFailure;
pub use catalogue::statements;
pub use check::{Counts, Owned, StoredPassword, StoredUser, Unique};
pub use dialect::Dialect;
pub use echo::{Echo, EchoHook, Stats};
pub use error::Error;
pub use foreign::Foreign;
pub use jobs::{Ended, Job, Lease};
pub use limits::Counted;
pub use look::Look;
pub use measures::Measured;
pub use migrate::{SchemaVersion, schema, schema_served};
pub use moving::{
    CopyError, Phase, Source, Step, TableCopied, Tally, Target, TargetState, copy_rows, target_state,
};
pub use postgres::{PoolStatus, ServerFacts};
pub use session::{Read, Tx};
pub use sqlite::backup::{Copied, Progress, copy, settle};
pub use sqlite::file::{beside, resolved};
pub use sqlite::in_place::{leave_wal, recover};
pub use sqlite::lock::is_writable;
pub use sqlite::sqlmodel::SqlModelFile;
pub use statement::Statement;
pub use store::{NO_POSTGRESQL, OpenOptions, Store};
pub use user_changes::{Field, Insert, NewUser};
pub use value::{Column, Kind, Param, Row};
