//! How a column of each type is asked for, and what its bytes say: the values that the same application would have kept in
//! a SQLite file.

use sekisho_core::adopt::Cell;

/// What is asked for in place of a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// A whole number.
    Integer,
    /// A truth value, as 0 or 1.
    Boolean,
    /// A number with a fraction, of 8 bytes.
    Double,
    /// The same of 4 bytes: its digits say which number was meant.
    Single,
    /// A number of any length.
    Numeric,
    /// Bytes.
    Bytes,
    /// Text, and a type that is kept as its text; whether it may be long.
    Text { long: bool },
    /// Text with blanks up to its length, which say nothing.
    Padded,
    /// JSON.
    Json,
    /// A list, as JSON.
    List,
    /// A point in time without a zone.
    Timestamp,
    /// A point in time.
    Instant,
    /// A time of day.
    Time,
    /// Anything else, as it is printed.
    Other,
}

/// The years that SQLAlchemy can write; others are left as PostgreSQL prints them.
const USUAL: &str = "between '0001-01-01' and '9999-12-31 23:59:59'";

impl Kind {
    /// By the type's name, which is empty where it is not PostgreSQL's own, its category and its modifier.
    pub(super) fn of(name: &str, category: &str, modifier: i64) -> Self {
        // The modifier of varchar is its length in characters, and 4.
        let short = modifier > 4 && modifier.unsigned_abs().saturating_mul(4) < Cell::LONGEST as u64;
        match (name, category) {
            (_, "A") => Self::List,
            ("int2" | "int4" | "int8" | "oid", _) => Self::Integer,
            ("bool", _) => Self::Boolean,
            ("float8", _) => Self::Double,
            ("float4", _) => Self::Single,
            ("numeric", _) => Self::Numeric,
            ("bytea", _) => Self::Bytes,
            ("varchar", _) => Self::Text { long: !short },
            ("text" | "xml", _) => Self::Text { long: true },
            ("uuid" | "name" | "date", _) | (_, "E") => Self::Text { long: false },
            ("bpchar", _) => Self::Padded,
            ("json" | "jsonb", _) => Self::Json,
            ("timestamp", _) => Self::Timestamp,
            ("timestamptz", _) => Self::Instant,
            ("time", _) => Self::Time,
            _ => Self::Other,
        }
    }

    /// The expression that yields it, of a column that is quoted already.
    pub(super) fn expression(self, column: &str) -> String {
        match self {
            Self::Integer => format!("{column}::pg_catalog.int8"),
            Self::Boolean => format!("{column}::pg_catalog.int4::pg_catalog.int8"),
            Self::Double | Self::Bytes => column.to_owned(),
            Self::Single => format!("{column}::pg_catalog.text::pg_catalog.float8"),
            Self::Numeric | Self::Text { .. } | Self::Padded | Self::Json => {
                format!("{column}::pg_catalog.text")
            }
            Self::List => format!("pg_catalog.to_json({column})::pg_catalog.text"),
            // As SQLAlchemy writes it into a SQLite file, to the microsecond.
            Self::Timestamp => {
                usual(column, &format!("pg_catalog.to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US')"))
            }
            // The session's zone is UTC.
            Self::Instant => usual(
                column,
                &format!("pg_catalog.to_char({column}, 'YYYY-MM-DD HH24:MI:SS.US') || '+00:00'"),
            ),
            Self::Time => format!("pg_catalog.to_char({column}::pg_catalog.interval, 'HH24:MI:SS.US')"),
            // Not a cast, which for some types says more than is printed; and it makes an empty text of null.
            Self::Other => {
                format!("case when {column} is null then null else pg_catalog.format('%s', {column}) end")
            }
        }
    }

    /// Whether a value may be longer than what is read.
    pub(super) fn may_be_long(self) -> bool {
        match self {
            Self::Text { long } => long,
            Self::Bytes | Self::Padded | Self::Json | Self::List | Self::Numeric | Self::Other => true,
            Self::Integer
            | Self::Boolean
            | Self::Double
            | Self::Single
            | Self::Timestamp
            | Self::Instant
            | Self::Time => false,
        }
    }

    /// What the bytes say that came for it, in PostgreSQL's binary format; `None` if they can't be that.
    pub(super) fn cell(self, bytes: &[u8]) -> Option<Cell> {
        Some(match self {
            Self::Integer | Self::Boolean => Cell::Integer(i64::from_be_bytes(bytes.try_into().ok()?)),
            Self::Double | Self::Single => Cell::Real(f64::from_be_bytes(bytes.try_into().ok()?)),
            Self::Bytes => Cell::Bytes(bytes.to_vec()),
            _ => match (self, std::str::from_utf8(bytes)) {
                (Self::Numeric, Ok(text)) => Cell::of_digits(text),
                (_, Ok(text)) => Cell::Text(text.to_owned()),
                // A database whose encoding is SQL_ASCII keeps any bytes as text.
                (_, Err(_)) => Cell::Bytes(bytes.to_vec()),
            },
        })
    }
}

fn usual(column: &str, printed: &str) -> String {
    format!("case when {column} {USUAL} then {printed} else {column}::pg_catalog.text end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_known_by_its_name_its_category_and_its_length() {
        for (name, category, modifier, kind) in [
            ("varchar", "S", 54, Kind::Text { long: false }),
            ("varchar", "S", -1, Kind::Text { long: true }),
            ("varchar", "S", 10_485_764, Kind::Text { long: true }),
            ("_varchar", "A", -1, Kind::List),
            ("", "E", -1, Kind::Text { long: false }),
            ("", "S", -1, Kind::Other),
            ("jsonb", "U", -1, Kind::Json),
            ("inet", "I", -1, Kind::Other),
        ] {
            assert_eq!(Kind::of(name, category, modifier), kind, "{name} {category} {modifier}");
        }
    }

    #[test]
    fn bytes_say_what_the_kind_says() {
        assert_eq!(Kind::Integer.cell(&7_i64.to_be_bytes()), Some(Cell::Integer(7)));
        assert_eq!(Kind::Integer.cell(&[7]), None);
        assert_eq!(Kind::Double.cell(&1.5_f64.to_be_bytes()), Some(Cell::Real(1.5)));
        assert_eq!(Kind::Numeric.cell(b"12.50"), Some(Cell::Real(12.5)));
        assert_eq!(Kind::Other.cell(b"tim"), Some(Cell::Text("tim".into())));
        assert_eq!(Kind::Other.cell(b"\xfc"), Some(Cell::Bytes(vec![0xfc])));
    }
}
