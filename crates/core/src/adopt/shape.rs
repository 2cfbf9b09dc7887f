//! Somebody's database as it is found: tables, columns, cells.

use crate::exchange::LONGEST_RECORD;

/// A table as the database itself describes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TableShape {
    /// The schema that must be named to reach it; none where its name alone is enough, as always on SQLite.
    pub schema: Option<String>,
    /// Its name.
    pub name: String,
    /// Its columns in their order, generated ones included.
    pub columns: Vec<ColumnShape>,
}

/// A column as the database itself describes it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ColumnShape {
    /// Its name.
    pub name: String,
    /// The declared type, `VARCHAR(50)`, or on PostgreSQL what it stands for, `character varying(50)`; may be empty.
    pub declared: String,
    /// Whether it was declared `not null`.
    pub not_null: bool,
    /// The default as an SQL expression, where the database itself has one.
    pub default: Option<String>,
    /// Whether it is the primary key, or part of it.
    pub primary_key: bool,
    /// Whether an index of this column alone is unique.
    pub unique: bool,
}

impl TableShape {
    /// What a person calls it: `users`, or `auth.users` where the schema must be named.
    pub fn called(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The column of this name; letters A to Z are compared without their case, as SQLite does.
    pub fn column(&self, name: &str) -> Option<&ColumnShape> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// The names of all columns, for a person to choose from.
    pub fn column_names(&self) -> String {
        self.columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
    }
}

impl ColumnShape {
    /// Whether the declared type is one of the names under which truth values are kept as 0 and 1.
    pub(super) fn is_boolean(&self) -> bool {
        ["boolean", "bool"].iter().any(|name| self.declared.eq_ignore_ascii_case(name))
    }

    /// Whether the declared type says that the text is JSON; a list of PostgreSQL is read as such.
    pub(super) fn is_json(&self) -> bool {
        ["json", "jsonb"].iter().any(|name| self.declared.eq_ignore_ascii_case(name))
            || self.declared.ends_with("[]")
    }
}

/// One value of a row, as it was stored; SQLite stores any kind in any column.
#[derive(Clone, PartialEq, Debug)]
pub enum Cell {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// Text.
    Text(String),
    /// Bytes, and text that is not UTF-8.
    Bytes(Vec<u8>),
    /// More than [`Cell::LONGEST`]: it was not read.
    TooLong,
}

impl Cell {
    /// The longest text that is read, in bytes: half of what a record of an export holds, which is its part for `extra`.
    pub const LONGEST: usize = LONGEST_RECORD / 2;

    /// The value as text: numbers in decimal, bytes where they are UTF-8; `None` for no value, for other bytes and for one
    /// that was too long to be read.
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Null | Self::TooLong => None,
            Self::Integer(number) => Some(number.to_string()),
            Self::Real(number) => Some(number.to_string()),
            Self::Text(text) => Some(text.clone()),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok().map(str::to_owned),
        }
    }

    /// The number that these digits say, as text where a number of 8 bytes would be another.
    pub fn of_digits(text: &str) -> Self {
        if let Ok(number) = text.parse() {
            return Self::Integer(number);
        }
        let Ok(number) = text.parse::<f64>() else { return Self::Text(text.to_owned()) };
        let same = match text.contains('.') {
            true => number.to_string() == text.trim_end_matches('0').trim_end_matches('.'),
            // All its digits: the shortest text that gives the number again ends in zeros of its own.
            false => format!("{number:.0}") == text,
        };
        match same || !number.is_finite() {
            true => Self::Real(number),
            false => Self::Text(text.to_owned()),
        }
    }

    /// Whether the value is true as Python has it: not null, not 0, not empty, and none of the words for no.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Null => false,
            Self::TooLong => true,
            Self::Integer(number) => *number != 0,
            Self::Real(number) => *number != 0.0,
            Self::Text(text) => !["", "0", "f", "false", "n", "no", "off"]
                .iter()
                .any(|no| text.trim().eq_ignore_ascii_case(no)),
            Self::Bytes(bytes) => bytes.iter().any(|byte| *byte != 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truth_is_what_an_application_takes_for_it() {
        for yes in [
            Cell::Integer(1),
            Cell::Integer(-1),
            Cell::Real(0.5),
            Cell::Text("true".into()),
            Cell::Bytes(vec![1]),
        ] {
            assert!(yes.is_true(), "{yes:?}");
        }
        for no in [
            Cell::Null,
            Cell::Integer(0),
            Cell::Text(" False".into()),
            Cell::Text(String::new()),
            Cell::Bytes(vec![0]),
        ] {
            assert!(!no.is_true(), "{no:?}");
        }
    }

    #[test]
    fn digits_are_a_number_where_none_of_them_is_lost() {
        for (digits, cell) in [
            ("17", Cell::Integer(17)),
            ("-9223372036854775808", Cell::Integer(i64::MIN)),
            ("12.50", Cell::Real(12.5)),
            ("0.10", Cell::Real(0.1)),
            ("100.00", Cell::Real(100.0)),
            ("0.30000000000000004001", Cell::Text("0.30000000000000004001".into())),
            ("92233720368547758080", Cell::Real(92_233_720_368_547_758_080.0)),
            ("9223372036854775809", Cell::Text("9223372036854775809".into())),
            ("Infinity", Cell::Real(f64::INFINITY)),
        ] {
            assert_eq!(Cell::of_digits(digits), cell, "{digits}");
        }
        assert!(matches!(Cell::of_digits("NaN"), Cell::Real(number) if number.is_nan()));
    }

    #[test]
    fn a_column_is_found_in_any_case() {
        let table = TableShape {
            name: "user".into(),
            columns: vec![ColumnShape { name: "Email".into(), ..ColumnShape::default() }],
            ..TableShape::default()
        };
        assert!(table.column("email").is_some() && table.column("mail").is_none());
        let elsewhere = TableShape { schema: Some("auth".into()), ..table.clone() };
        assert_eq!((table.called(), elsewhere.called()), ("user".to_owned(), "auth.user".to_owned()));
    }
}
