//! A table's rows in the order of its key, a page at a time.

use crate::copying::LOCAL;
use crate::error::Error;
use crate::session::Read;
use crate::tables::{META, Table};
use crate::value::{Kind, Param, Value};

/// Rows of one page: what is held in memory, a few times over.
const PAGE: i64 = 2000;

/// Where the reading of one table stands.
pub(super) struct Pages {
    table: &'static Table,
    after: Vec<Value>,
    ended: bool,
}

impl Pages {
    pub(super) fn of(table: &'static Table) -> Self {
        Self { table, after: Vec::new(), ended: false }
    }

    /// The next rows; `None` after the last.
    pub(super) async fn next(&mut self, read: &mut Read) -> Result<Option<Vec<Vec<Value>>>, Error> {
        if self.ended {
            return Ok(None);
        }
        let texts = self.table.texts();
        let mut params = params(self.table, &self.after)?;
        let text = if params.is_empty() { texts.first } else { texts.next };
        params.push(PAGE.into());
        let mut rows: Vec<_> =
            read.rows(text, &params).await?.into_iter().map(|row| row.into_values()).collect();
        self.ended = (rows.len() as i64) < PAGE;
        match rows.last() {
            Some(last) => self.after = last[..self.table.key].to_vec(),
            None => return Ok(None),
        }
        rows.retain(|row| !is_local(self.table, row));
        Ok(Some(rows))
    }
}

/// The values as parameters of the kinds that the table's columns have.
pub(super) fn params<'a>(table: &Table, row: &'a [Value]) -> Result<Vec<Param<'a>>, Error> {
    let param = |(value, kind): (&'a Value, Kind)| match (value, kind) {
        (Value::Null, _) => Ok(Param::Null),
        (Value::Int(number), _) => Ok(Param::Int(*number)),
        (Value::Text(text), _) => Ok(Param::Text(text)),
        (Value::Bytes(bytes), Kind::Id) => match bytes.as_slice().try_into() {
            Ok(id) => Ok(Param::Id(id)),
            Err(_) => Err(Error::corrupt(format!("{}: an id has not 16 bytes", table.name))),
        },
        (Value::Bytes(bytes), _) => Ok(Param::Bytes(bytes)),
    };
    row.iter().zip(table.columns.iter().map(|column| column.kind)).map(param).collect()
}

/// Whether the row speaks of the database that it stands in, and is none of its content.
fn is_local(table: &Table, row: &[Value]) -> bool {
    table.name == META && matches!(row.first(), Some(Value::Text(name)) if LOCAL.contains(&name.as_str()))
}
