//! What goes into a statement and what comes out of it, the same for both databases.

use sekisho_core::id::UserId;
use sekisho_core::time::Timestamp;

use crate::error::Error;

/// The kinds of value that a column or a parameter can have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An identifier of 16 bytes: `uuid`, on SQLite `blob`.
    Id,
    /// A whole number, or a time in microseconds: `bigint`, on SQLite `integer`.
    Int,
    /// Text.
    Text,
    /// Bytes: `bytea`, on SQLite `blob`.
    Bytes,
}

/// One parameter of a statement; made by `From` from what it stands for.
#[derive(Clone, Copy, PartialEq)]
pub enum Param<'a> {
    /// No value, of whatever kind the statement wants.
    Null,
    /// An identifier.
    Id([u8; 16]),
    /// A whole number or a time.
    Int(i64),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl Param<'_> {
    /// The parameter's kind; `None` for a null, which fits every kind.
    pub const fn kind(&self) -> Option<Kind> {
        match self {
            Self::Null => None,
            Self::Id(_) => Some(Kind::Id),
            Self::Int(_) => Some(Kind::Int),
            Self::Text(_) => Some(Kind::Text),
            Self::Bytes(_) => Some(Kind::Bytes),
        }
    }
}

/// Shows the kind only: a value may be personal.
impl std::fmt::Debug for Param<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind() {
            None => f.write_str("Null"),
            Some(kind) => write!(f, "{kind:?}(…)"),
        }
    }
}

impl From<UserId> for Param<'_> {
    fn from(id: UserId) -> Self {
        Self::Id(*id.as_bytes())
    }
}

impl From<i64> for Param<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Timestamp> for Param<'_> {
    fn from(time: Timestamp) -> Self {
        Self::Int(time.as_micros())
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(text: &'a String) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Param<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// One value of a row, as the driver read it.
#[doc(hidden)]
#[derive(Clone, PartialEq)]
pub enum Value {
    /// No value.
    Null,
    /// A whole number.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes, or an identifier.
    Bytes(Vec<u8>),
}

impl Value {
    /// What a parameter stands for, kept.
    pub(crate) fn of(param: &Param<'_>) -> Self {
        match param {
            Param::Null => Self::Null,
            Param::Id(id) => Self::Bytes(id.to_vec()),
            Param::Int(number) => Self::Int(*number),
            Param::Text(text) => Self::Text((*text).to_owned()),
            Param::Bytes(bytes) => Self::Bytes(bytes.to_vec()),
        }
    }

    /// The parameter of this kind that it stands for.
    pub(crate) fn as_param(&self, kind: Kind) -> Param<'_> {
        match self {
            Self::Null => Param::Null,
            Self::Int(number) => Param::Int(*number),
            Self::Text(text) => Param::Text(text),
            Self::Bytes(bytes) => match (kind, bytes.as_slice().try_into()) {
                (Kind::Id, Ok(id)) => Param::Id(id),
                _ => Param::Bytes(bytes),
            },
        }
    }
}

/// One row of an answer; values are taken out by their position, counted from 0.
#[derive(Clone)]
pub struct Row(Vec<Value>);

impl Row {
    pub(crate) fn new(values: Vec<Value>) -> Self {
        Self(values)
    }

    /// All of them, in order.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.0
    }

    /// The identifier at the beginning, which stays where it is.
    pub(crate) fn first_id(&self) -> Option<[u8; 16]> {
        match self.0.first()? {
            Value::Bytes(bytes) => bytes.as_slice().try_into().ok(),
            _ => None,
        }
    }

    /// Takes out the value at `position`.
    ///
    /// [`Error::Corrupt`] if there is none or it is not of the kind asked for. A value can be taken once: the second
    /// time it is null.
    pub fn take<T: Column>(&mut self, position: usize) -> Result<T, Error> {
        self.0
            .get_mut(position)
            .map(|value| std::mem::replace(value, Value::Null))
            .and_then(T::from_value)
            .ok_or_else(|| Error::corrupt(format!("column {position} does not hold what it should")))
    }
}

/// Shows the number of values only: a value may be personal.
impl std::fmt::Debug for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Row({} values)", self.0.len())
    }
}

/// What a value of a row can be read as.
pub trait Column: Sized {
    #[doc(hidden)]
    fn from_value(value: Value) -> Option<Self>;
}

impl Column for i64 {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }
}

impl Column for Timestamp {
    fn from_value(value: Value) -> Option<Self> {
        i64::from_value(value).map(Self::from_micros)
    }
}

impl Column for String {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }
}

impl Column for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

impl Column for UserId {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok().map(Self::from_bytes)
    }
}

impl<T: Column> Column for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Null => Some(None),
            other => T::from_value(other).map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_gives_what_it_holds_and_nothing_else() {
        let mut row =
            Row::new(vec![Value::Int(7), Value::Text("tim".into()), Value::Null, Value::Bytes(vec![1; 16])]);
        assert_eq!(row.take::<i64>(0).unwrap(), 7);
        assert_eq!(row.take::<String>(1).unwrap(), "tim");
        assert_eq!(row.take::<Option<String>>(2).unwrap(), None);
        assert_eq!(row.take::<UserId>(3).unwrap(), UserId::from_bytes([1; 16]));
        assert!(matches!(row.take::<i64>(4), Err(Error::Corrupt { .. })));
        assert!(matches!(row.take::<String>(2), Err(Error::Corrupt { .. })));
    }

    #[test]
    fn neither_parameters_nor_rows_print_values() {
        let shown =
            format!("{:?} {:?}", Param::from("hunter2"), Row::new(vec![Value::Text("hunter2".into())]));
        assert_eq!(shown, "Text(…) Row(1 values)");
    }
}
