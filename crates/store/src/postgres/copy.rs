//! Rows by the thousand: `copy … from stdin` in the binary format (PostgreSQL's documentation, "COPY", File Formats).

use std::io::Cursor;
use std::pin::pin;

use futures_util::SinkExt as _;

use crate::error::Error;
use crate::tables::Table;
use crate::value::{Kind, Value};

use super::link::{Failed, Link};
use super::transaction::Transaction;

/// The signature, no flags, no extension.
const HEAD: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In the place of the number of fields: no more rows.
const END: [u8; 2] = (-1i16).to_be_bytes();
/// In the place of a length: no value.
const NULL: [u8; 4] = (-1i32).to_be_bytes();

impl Transaction {
    /// Puts rows into a table; columns that the database draws take the numbers given.
    pub(crate) async fn copy_in(&mut self, table: &Table, rows: &[Vec<Value>]) -> Result<(), Error> {
        let data = encoded(table, rows)?;
        let text = format!("copy {} ({}) from stdin with (format binary)", table.name, table.texts().columns);
        self.told(&text, async |link| copy(link, &text, data).await).await
    }
}

async fn copy(link: &Link, text: &str, data: Vec<u8>) -> Result<(), Failed> {
    // However long it takes: what is waited for is the disk.
    link.say("set local statement_timeout = 0").await?;
    let sent = async {
        let mut sink = pin!(link.client().copy_in::<str, Cursor<Vec<u8>>>(text).await?);
        sink.send(Cursor::new(data)).await?;
        sink.finish().await.map(drop)
    };
    sent.await.map_err(Failed::from)
}

/// The rows as the server reads them.
fn encoded(table: &Table, rows: &[Vec<Value>]) -> Result<Vec<u8>, Error> {
    let mut out = HEAD.to_vec();
    let fields = i16::try_from(table.columns.len()).map_err(Error::misuse)?;
    for row in rows {
        out.extend(fields.to_be_bytes());
        for (column, value) in table.columns.iter().zip(row) {
            match (column.kind, value) {
                (_, Value::Null) => out.extend(NULL),
                (Kind::Int, Value::Int(number)) => put(&mut out, &number.to_be_bytes())?,
                (Kind::Text, Value::Text(text)) if text.contains('\0') => {
                    return Err(Error::misuse(format!(
                        "a text in {}.{} holds U+0000, which PostgreSQL does not keep",
                        table.name, column.name
                    )));
                }
                (Kind::Text, Value::Text(text)) => put(&mut out, text.as_bytes())?,
                (Kind::Id | Kind::Bytes, Value::Bytes(bytes)) => put(&mut out, bytes)?,
                _ => {
                    return Err(Error::corrupt(format!(
                        "{}.{} does not hold what it should",
                        table.name, column.name
                    )));
                }
            }
        }
    }
    out.extend(END);
    Ok(out)
}

fn put(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Error> {
    out.extend(i32::try_from(bytes.len()).map_err(Error::misuse)?.to_be_bytes());
    out.extend(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::TABLES;

    #[test]
    fn a_row_is_the_number_of_its_fields_and_each_with_its_length() {
        let counters = TABLES.iter().find(|table| table.name == "sekisho_counters").unwrap();
        let row = vec![Value::Text("item".into()), Value::Int(7)];
        let data = encoded(counters, &[row]).unwrap();
        let expected = b"\0\x02\0\0\0\x04item\0\0\0\x08\0\0\0\0\0\0\0\x07\xff\xff";
        assert_eq!(data.strip_prefix(HEAD), Some(&expected[..]));
    }

    #[test]
    fn what_postgresql_does_not_keep_is_named_and_not_shown() {
        let counters = TABLES.iter().find(|table| table.name == "sekisho_counters").unwrap();
        let row = vec![Value::Text("hunter\0".into()), Value::Int(7)];
        let said = encoded(counters, &[row]).unwrap_err().to_string();
        assert!(said.contains("sekisho_counters.name holds U+0000") && !said.contains("hunter"), "{said}");
    }
}
