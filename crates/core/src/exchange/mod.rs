//! Users as a file: the JSON Lines that `sekisho user export` writes and `user import` reads, and CSV from elsewhere.
//!
//! The first line of an export names format and version ([`Header`]); every other line is one user. A file from elsewhere
//! needs no header, may spell members as other systems do ([`Member`]), and what has no place here is kept in `extra`.
//! Each record is judged by itself ([`UserRow`]), so that one that is refused stops no other.

mod csv;
mod error;
mod header;
mod jsonl;
mod member;
mod row;
mod sqlmodel;
mod value;

pub use csv::{CsvHeader, is_complete};
pub use error::RowError;
pub use header::{Header, VERSION};
pub use jsonl::{Line, read_line, write_user};
pub use member::Member;
pub use row::UserRow;
pub use sqlmodel::{Cell, ExtraColumns, SqlModelUser};
pub(crate) use value::fits_a_record;

/// The longest record, in bytes; no user needs as much.
pub const LONGEST_RECORD: usize = 1 << 20;
/// JSON values in one record, of any kind.
const MOST_VALUES: usize = 20_000;
