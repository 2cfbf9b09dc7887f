//! Values on their way to PostgreSQL and back.

use std::error::Error as StdError;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::error::Error;
use crate::value::{Kind, Param, Row, Value};

use super::errors::translate;

type Boxed = Box<dyn StdError + Sync + Send>;

/// The type that a parameter is sent as where the server is not asked for it first.
pub(super) fn sent_as(param: &Param<'_>) -> Type {
    match param.kind() {
        // The server infers it from where the parameter stands.
        None => Type::UNKNOWN,
        Some(Kind::Id) => Type::UUID,
        Some(Kind::Int) => Type::INT8,
        Some(Kind::Text) => Type::TEXT,
        Some(Kind::Bytes) => Type::BYTEA,
    }
}

impl ToSql for Param<'_> {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Boxed> {
        match self {
            Self::Null => return Ok(IsNull::Yes),
            Self::Id(bytes) => out.extend_from_slice(bytes),
            Self::Int(number) => match *ty {
                Type::INT2 => out.extend_from_slice(&i16::try_from(*number)?.to_be_bytes()),
                Type::INT4 => out.extend_from_slice(&i32::try_from(*number)?.to_be_bytes()),
                Type::INT8 => out.extend_from_slice(&number.to_be_bytes()),
                _ => return Err(misfit(ty)),
            },
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Bytes(bytes) => out.extend_from_slice(bytes),
        }
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::UUID
                | Type::INT2
                | Type::INT4
                | Type::INT8
                | Type::TEXT
                | Type::VARCHAR
                | Type::BPCHAR
                | Type::NAME
                | Type::BYTEA
                | Type::UNKNOWN
        )
    }

    to_sql_checked!();
}

/// Says the type and no value.
fn misfit(ty: &Type) -> Boxed {
    format!("a whole number does not fit the type {ty}").into()
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Boxed> {
        Ok(match *ty {
            Type::INT8 => Self::Int(i64::from_sql(ty, raw)?),
            Type::INT4 => Self::Int(i32::from_sql(ty, raw)?.into()),
            Type::INT2 => Self::Int(i16::from_sql(ty, raw)?.into()),
            // As SQLite has it: a condition is a number.
            Type::BOOL => Self::Int(bool::from_sql(ty, raw)?.into()),
            Type::UUID | Type::BYTEA => Self::Bytes(raw.to_vec()),
            _ => Self::Text(std::str::from_utf8(raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Boxed> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(
            *ty,
            Type::INT8
                | Type::INT4
                | Type::INT2
                | Type::BOOL
                | Type::UUID
                | Type::BYTEA
                | Type::TEXT
                | Type::VARCHAR
                | Type::BPCHAR
                | Type::NAME
        )
    }
}

/// The row as every caller reads it.
pub(super) fn read(row: &tokio_postgres::Row) -> Result<Row, Error> {
    let value = |position| row.try_get::<usize, Value>(position).map_err(translate);
    (0..row.len()).map(value).collect::<Result<Vec<_>, Error>>().map(Row::new)
}
