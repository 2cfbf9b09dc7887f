//! Moving a whole database into another one, of the same kind or the other.
//!
//! [`Source`] reads one state, page by page in the order of keys. [`Target`] is an empty database that says of itself that a
//! copy is going on until every row was read back and found to be what the source has; until then no other command opens it.
//! What two databases are compared by is a checksum over rows in one encoding ([`Tally`]), made by the same code over both.

mod pages;
mod run;
mod source;
mod tally;
mod target;

pub use run::{CopyError, Phase, Step, TableCopied, copy_rows};
pub use source::Source;
pub use tally::Tally;
pub use target::{Target, TargetState, target_state};
