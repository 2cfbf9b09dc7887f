//! `--set COLUMN=VALUE`: what a new row gets in a column of which Sekisho knows nothing.

use serde::{Deserialize, Serialize};

/// What a new row gets in a column.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fill {
    /// This text.
    Text(String),
    /// This number, spelled as SQL reads it.
    Number(String),
    /// The time at which the row is made, in UTC and without saying so, as SQLAlchemy stores one in SQLite.
    Now,
    /// The time at which the row is made, in a column that keeps moments (PostgreSQL's `timestamp with time zone`).
    Moment,
    /// The day on which the row is made.
    Today,
    /// 32 hexadecimal digits, drawn for each row.
    Hex,
    /// A UUID with hyphens, drawn for each row.
    Uuid,
}

/// One `--set`, as typed: `role=member`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetValue {
    /// The column.
    pub column: String,
    /// The value as typed.
    pub value: String,
}

/// Why a value can't stand in a column.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SetError {
    /// There is no `=`, or nothing before it.
    #[error("must be COLUMN=VALUE")]
    NoColumn,
    /// It holds U+0000, which no text of the database may.
    #[error("holds a character that no text of a database has")]
    Character,
    /// The column holds whole numbers.
    #[error("must be a whole number")]
    NotWhole,
    /// The column holds yes or no.
    #[error("must be true or false")]
    NotBool,
    /// The column holds numbers.
    #[error("must be a number")]
    NotNumber,
}

impl SetValue {
    /// Reads `COLUMN=VALUE`; the value may be empty and may hold further `=`.
    ///
    /// # Errors
    /// [`SetError::NoColumn`] or [`SetError::Character`].
    pub fn parse(text: &str) -> Result<SetValue, SetError> {
        if text.contains('\0') {
            return Err(SetError::Character);
        }
        match text.split_once('=') {
            Some((column, value)) if !column.trim().is_empty() => {
                Ok(SetValue { column: column.trim().to_owned(), value: value.to_owned() })
            }
            _ => Err(SetError::NoColumn),
        }
    }
}

impl Fill {
    /// Reads a value for a column of this declared type, to which the database holds every value if it is `typed`.
    ///
    /// `now` in a column of dates or times is the moment at which a row is made, `uuid` in a column of 32 or 36
    /// characters one drawn for each row.
    ///
    /// # Errors
    /// [`SetError`] where the declared type has no such value.
    pub fn parse(declared: &str, typed: bool, value: &str) -> Result<Fill, SetError> {
        let declared = declared.to_ascii_uppercase();
        let is = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        let text = value.trim();
        // Types of PostgreSQL whose names hold those of others; what they take, the database itself knows.
        if typed && (is(&["INTERVAL", "POINT"]) || declared.ends_with(']')) {
            return Ok(Fill::Text(value.to_owned()));
        }
        if is(&["BOOL"]) {
            return match text.to_ascii_lowercase().as_str() {
                "1" | "true" | "yes" | "on" => Ok(Fill::Number("1".to_owned())),
                "0" | "false" | "no" | "off" => Ok(Fill::Number("0".to_owned())),
                _ => Err(SetError::NotBool),
            };
        }
        if is(&["DATETIME", "TIMESTAMP"]) && text == "now" {
            return Ok(if is(&["WITH TIME ZONE"]) { Fill::Moment } else { Fill::Now });
        }
        if declared == "DATE" && text == "now" {
            return Ok(Fill::Today);
        }
        if is(&["INT"]) {
            let number: i64 = text.parse().map_err(|_| SetError::NotWhole)?;
            return Ok(Fill::Number(number.to_string()));
        }
        if is(&["REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"]) {
            let number: f64 = text.parse().map_err(|_| SetError::NotNumber)?;
            return if number.is_finite() {
                Ok(Fill::Number(format!("{number:?}")))
            } else {
                Err(SetError::NotNumber)
            };
        }
        Ok(match text {
            "uuid" if is(&["CHAR(36)", "VARYING(36)", "CHARACTER(36)"]) => Fill::Uuid,
            "uuid" if typed && declared == "UUID" => Fill::Uuid,
            "uuid" if is(&["CHAR(32)", "VARYING(32)", "CHARACTER(32)", "UUID"]) => Fill::Hex,
            _ => Fill::Text(value.to_owned()),
        })
    }

    /// A value that would do for many columns of this declared type, to be shown in a question.
    pub fn suggestion(declared: &str) -> &'static str {
        let declared = declared.to_ascii_uppercase();
        let is = |words: &[&str]| words.iter().any(|word| declared.contains(word));
        if is(&["BOOL"]) {
            "false"
        } else if is(&["DATETIME", "TIMESTAMP"]) || declared == "DATE" {
            "now"
        } else if is(&["INT", "REAL", "FLOA", "DOUB", "NUMERIC", "DECIMAL"]) {
            "0"
        } else if is(&[
            "CHAR(32)",
            "CHAR(36)",
            "VARYING(32)",
            "VARYING(36)",
            "CHARACTER(32)",
            "CHARACTER(36)",
            "UUID",
        ]) {
            "uuid"
        } else {
            "TEXT"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_has_a_column_and_a_value() {
        let set = |column: &str, value: &str| Ok(SetValue { column: column.into(), value: value.into() });
        for (typed, read) in [
            ("role=member", set("role", "member")),
            ("note=", set("note", "")),
            ("a = b=c", set("a", " b=c")),
            ("role", Err(SetError::NoColumn)),
            ("=x", Err(SetError::NoColumn)),
            ("role=a\0b", Err(SetError::Character)),
        ] {
            assert_eq!(SetValue::parse(typed), read, "{typed}");
        }
    }

    #[test]
    fn a_value_fits_the_declared_type() {
        let number = |text: &str| Ok(Fill::Number(text.into()));
        let text = |text: &str| Ok(Fill::Text(text.into()));
        for (declared, value, read) in [
            ("BOOLEAN", "True", number("1")),
            ("BOOLEAN", "off", number("0")),
            ("BOOLEAN", "2", Err(SetError::NotBool)),
            ("INTEGER", " -7", number("-7")),
            ("BIGINT", "7.5", Err(SetError::NotWhole)),
            ("FLOAT", "7", number("7.0")),
            ("NUMERIC(10, 2)", "nan", Err(SetError::NotNumber)),
            ("DATETIME", "now", Ok(Fill::Now)),
            ("DATE", "now", Ok(Fill::Today)),
            ("DATETIME", "2024-03-14 13:37:28.000000", text("2024-03-14 13:37:28.000000")),
            ("VARCHAR", "now", text("now")),
            ("VARCHAR", " it's ", text(" it's ")),
            ("CHAR(32)", "uuid", Ok(Fill::Hex)),
            ("VARCHAR(36)", "uuid", Ok(Fill::Uuid)),
            ("VARCHAR(20)", "uuid", text("uuid")),
            ("", "1", text("1")),
        ] {
            assert_eq!(Fill::parse(declared, false, value), read, "{declared} {value}");
        }
    }

    #[test]
    fn a_value_fits_a_type_of_postgresql() {
        let text = |text: &str| Ok(Fill::Text(text.into()));
        for (declared, value, read) in [
            ("boolean", "no", Ok(Fill::Number("0".into()))),
            ("smallint", "7", Ok(Fill::Number("7".into()))),
            ("double precision", "7", Ok(Fill::Number("7.0".into()))),
            ("timestamp without time zone", "now", Ok(Fill::Now)),
            ("timestamp with time zone", "now", Ok(Fill::Moment)),
            ("date", "now", Ok(Fill::Today)),
            ("uuid", "uuid", Ok(Fill::Uuid)),
            ("character varying(36)", "uuid", Ok(Fill::Uuid)),
            ("character(32)", "uuid", Ok(Fill::Hex)),
            ("interval", "1 day", text("1 day")),
            ("integer[]", "{1,2}", text("{1,2}")),
            ("mood", "happy", text("happy")),
        ] {
            assert_eq!(Fill::parse(declared, true, value), read, "{declared} {value}");
        }
    }

    #[test]
    fn what_is_suggested_can_be_set() {
        for declared in ["BOOLEAN", "DATETIME", "DATE", "INTEGER", "FLOAT", "CHAR(32)", "VARCHAR", ""] {
            for typed in [false, true] {
                assert!(Fill::parse(declared, typed, Fill::suggestion(declared)).is_ok(), "{declared}");
            }
        }
    }
}
