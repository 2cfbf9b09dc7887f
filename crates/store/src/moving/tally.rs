//! What rows amount to: their number, and a checksum that does not depend on their order.

use sha2::{Digest as _, Sha256};

use crate::error::Error;
use crate::tables::Table;
use crate::value::{Kind, Value};

/// The number of rows and the sum of their hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    /// How many.
    pub rows: u64,
    /// The sum, modulo 2^128, of the first 16 bytes of each row's SHA-256: of its table's name and, column by column, a byte
    /// for the kind and the value, numbers as 8 bytes and all else with its length before it.
    pub checksum: u128,
}

impl Tally {
    /// Adds one row; `space` is lent for its encoding.
    pub(super) fn add(&mut self, table: &Table, row: &[Value], space: &mut Vec<u8>) -> Result<(), Error> {
        space.clear();
        put(space, table.name.as_bytes());
        if row.len() != table.columns.len() {
            return Err(Error::corrupt(format!("{}: a row has {} values", table.name, row.len())));
        }
        for (column, value) in table.columns.iter().zip(row) {
            match (column.kind, value) {
                (_, Value::Null) if column.nullable => space.push(0),
                (Kind::Int, Value::Int(number)) => {
                    space.push(1);
                    space.extend(number.to_be_bytes());
                }
                (Kind::Text, Value::Text(text)) => {
                    space.push(2);
                    put(space, text.as_bytes());
                }
                (Kind::Id, Value::Bytes(bytes)) if bytes.len() == 16 => {
                    space.push(3);
                    put(space, bytes);
                }
                (Kind::Bytes, Value::Bytes(bytes)) => {
                    space.push(3);
                    put(space, bytes);
                }
                _ => {
                    let (table, column) = (table.name, column.name);
                    return Err(Error::corrupt(format!("{table}.{column} does not hold what it should")));
                }
            }
        }
        let hash = Sha256::digest(&*space);
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        self.rows += 1;
        self.checksum = self.checksum.wrapping_add(u128::from_be_bytes(first));
        Ok(())
    }
}

/// The number of rows and the checksum, in hexadecimal.
impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} rows, checksum {:032x}", self.rows, self.checksum)
    }
}

fn put(space: &mut Vec<u8>, bytes: &[u8]) {
    space.extend((bytes.len() as u64).to_be_bytes());
    space.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::TABLES;

    fn tally(name: &str, rows: &[Vec<Value>]) -> Result<Tally, Error> {
        let table = TABLES.iter().find(|table| table.name == name).unwrap();
        let mut tally = Tally::default();
        rows.iter().try_for_each(|row| tally.add(table, row, &mut Vec::new()))?;
        Ok(tally)
    }

    fn text(text: &str) -> Value {
        Value::Text(text.to_owned())
    }

    #[test]
    fn the_order_does_not_matter_and_everything_else_does() {
        let (a, b) = (vec![text("item"), Value::Int(1)], vec![text("items"), Value::Int(2)]);
        let both = tally("sekisho_counters", &[a.clone(), b.clone()]).unwrap();
        assert_eq!(both, tally("sekisho_counters", &[b.clone(), a.clone()]).unwrap());
        assert_eq!(both.rows, 2);
        for other in [
            vec![a.clone()],
            vec![a.clone(), a.clone()],
            vec![a.clone(), vec![text("items"), Value::Int(3)]],
            vec![vec![text("items"), Value::Int(1)], vec![text("item"), Value::Int(2)]],
        ] {
            assert_ne!(tally("sekisho_counters", &other).unwrap().checksum, both.checksum);
        }
    }

    #[test]
    fn the_same_values_in_two_tables_differ() {
        let row = vec![text("a"), text("b")];
        assert!(tally("sekisho_counters", std::slice::from_ref(&row)).is_err(), "a counter is a number");
        let schemes = tally("sekisho_meta", &[row]).unwrap();
        assert_ne!(schemes.checksum, 0);
    }

    #[test]
    fn where_one_text_ends_and_the_next_begins_is_part_of_it() {
        let one = tally("sekisho_meta", &[vec![text("ab"), text("c")]]).unwrap();
        let two = tally("sekisho_meta", &[vec![text("a"), text("bc")]]).unwrap();
        assert_ne!(one, two);
    }
}
