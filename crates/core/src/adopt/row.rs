//! A row as it was there, read by the mapping; nothing judged yet.

use serde_json::{Map, Value};

use super::extra::as_json;
use super::mapping::Mapping;
use super::shape::Cell;
use crate::credentials::HashString;

/// A user's row.
#[derive(Clone, PartialEq, Debug)]
pub struct Adopted {
    /// What identifies the row there, as text.
    pub old_id: String,
    /// The name; in a table without names the address.
    pub name: Option<String>,
    /// Whether there is a name that can't be one here.
    pub name_is_unusable: bool,
    /// The address.
    pub email: Option<String>,
    /// What to call the person.
    pub full_name: Option<String>,
    /// Whether the user may not enter.
    pub disabled: bool,
    /// The hash of the password, verbatim.
    pub password: Option<HashString>,
    /// All else.
    pub extra: Map<String, Value>,
}

/// The name and the address of a row, before any row is placed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The name; in a table without names the address.
    pub name: Option<String>,
    /// The address.
    pub email: Option<String>,
}

/// An item's row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AdoptedItem {
    /// What identifies the item there, as text.
    pub old_id: String,
    /// Its number, where it is one that an item can have.
    pub number: Option<i64>,
    /// What identifies the owner's row there, as text.
    pub owner: String,
}

/// No hash of any scheme is longer, in bytes; a longer text is none.
const HASH_MAX: usize = 4096;

impl Mapping {
    /// Reads a row of the users' table, all its columns in their order; `None` for one without name and address.
    pub fn read(&self, mut row: Vec<Cell>) -> Option<Adopted> {
        let Seen { name, email } = self.seen(&row);
        let told = email.as_deref().or(name.as_deref())?;
        // A key may be null on SQLite; then the user is recognised by what they are told by.
        let old_id = key_text(self.cell(&row, Some(self.id)))
            .unwrap_or_else(|| without_nul(&format!("row of {told}")));
        let usable = name.clone().filter(|name| !name.contains('\0'));
        let password = self.cell(&row, self.password).as_text().filter(|text| !text.is_empty());
        let full_name = self.cell(&row, self.full_name).as_text();
        let disabled = match (self.disabled, self.active) {
            (Some(_), _) => self.cell(&row, self.disabled).is_true(),
            (None, Some(_)) => !self.cell(&row, self.active).is_true(),
            (None, None) => false,
        };
        let mut extra = Map::new();
        for (at, column) in self.table.columns.iter().enumerate().filter(|(at, _)| !self.has_a_place(*at)) {
            let cell = row.get_mut(at).map_or(Cell::Null, |cell| std::mem::replace(cell, Cell::Null));
            extra.insert(column.name.clone(), as_json(column, cell));
        }
        Some(Adopted {
            old_id,
            name_is_unusable: name.is_some() && usable.is_none(),
            name: usable,
            email: email.filter(|email| !email.contains('\0')),
            full_name: full_name.map(|name| without_nul(&name)),
            disabled,
            password: password.map(kept_hash),
            extra,
        })
    }

    /// The name and the address of a row, each only where it says something.
    pub fn seen(&self, row: &[Cell]) -> Seen {
        let text = |field| self.cell(row, field).as_text().filter(|text| !text.trim().is_empty());
        let email = text(self.email);
        let name = if self.username.is_some() { text(self.username) } else { email.clone() };
        Seen { name, email }
    }

    /// The id of a row as text, as [`Adopted::old_id`] has it; `None` for a null.
    pub fn id_of(&self, row: &[Cell]) -> Option<String> {
        key_text(self.cell(row, Some(self.id)))
    }

    /// Reads a row of the items' table, all its columns in their order; `None` for one without id or owner.
    pub fn read_item(&self, row: &[Cell]) -> Option<AdoptedItem> {
        let items = self.items.as_ref()?;
        let id = row.get(items.id)?;
        let number = match id {
            Cell::Integer(number) if *number > 0 => Some(*number),
            _ => None,
        };
        Some(AdoptedItem { old_id: key_text(id)?, number, owner: key_text(row.get(items.owner)?)? })
    }
}

/// A key as text: bytes in hexadecimal, since a UUID is often kept as 16 bytes.
fn key_text(cell: &Cell) -> Option<String> {
    match cell {
        Cell::Bytes(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
        other => other.as_text().map(|text| without_nul(&text)),
    }
}

/// The text without what no text here holds.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The hash as it is; of what can't be one, a text that says so to whoever verifies it.
fn kept_hash(text: String) -> HashString {
    HashString::new(if text.len() > HASH_MAX || text.contains('\0') { "unreadable".to_owned() } else { text })
}

#[cfg(test)]
mod tests {
    use super::super::mapping::MapOverride;
    use super::super::shape::{ColumnShape, TableShape};
    use super::*;

    fn mapping(columns: &[&str], said: &[&str]) -> Mapping {
        let column = |name: &&str| ColumnShape { name: (*name).to_owned(), ..ColumnShape::default() };
        let users = TableShape { name: "user".into(), columns: columns.iter().map(column).collect() };
        let items =
            TableShape { name: "items".into(), columns: ["id", "owner_id"].iter().map(column).collect() };
        let said: Vec<_> = said.iter().map(|text| MapOverride::parse(text).unwrap()).collect();
        Mapping::detect(&[users, items], &said).unwrap()
    }

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn a_row_is_read_by_its_columns_and_the_rest_is_kept() {
        let mapping = mapping(&["id", "username", "email", "hashed_password", "is_active", "phone"], &[]);
        let row = vec![
            Cell::Integer(7),
            text("Tim "),
            text("tim@gmail.com"),
            text("$2b$"),
            Cell::Integer(0),
            text("1"),
        ];
        let tim = mapping.read(row).unwrap();
        assert_eq!((tim.old_id.as_str(), tim.name.as_deref(), tim.disabled), ("7", Some("Tim "), true));
        assert_eq!(tim.password.unwrap().as_str(), "$2b$");
        assert_eq!(Value::Object(tim.extra).to_string(), r#"{"id":7,"phone":"1"}"#);
    }

    #[test]
    fn a_row_without_name_and_address_is_none() {
        let mapping = mapping(&["id", "username", "email", "password"], &[]);
        assert_eq!(mapping.read(vec![Cell::Integer(1), text(""), Cell::Null, text("x")]), None);
        assert_eq!(mapping.read(vec![Cell::Integer(1), text(" "), text("\t"), text("x")]), None);
        assert_eq!(
            mapping.read(vec![Cell::Null, Cell::Null, text("a@b.org")]).unwrap().old_id,
            "row of a@b.org"
        );
        assert_eq!(mapping.read(vec![]), None);
    }

    #[test]
    fn in_a_table_without_names_the_address_is_the_name() {
        let mapping = mapping(&["id", "email", "hash"], &[]);
        let row = mapping.read(vec![Cell::Bytes(vec![0xa0, 1]), text("Tim@Gmail.com"), Cell::Null]).unwrap();
        assert_eq!((row.old_id.as_str(), row.name.as_deref()), ("a001", Some("Tim@Gmail.com")));
        assert_eq!(row.password, None);
    }

    #[test]
    fn what_no_text_here_holds_is_mended_or_left() {
        let mapping = mapping(&["id", "username", "email", "hash", "full_name"], &[]);
        let row = vec![Cell::Integer(1), text("a\0b"), text("c\0@d.org"), text("$2b$\0"), text("A\0B")];
        let row = mapping.read(row).unwrap();
        assert_eq!(mapping.read(vec![Cell::Null, text("a\0b")]).unwrap().old_id, "row of a\u{fffd}b");
        assert!(row.name.is_none() && row.name_is_unusable && row.email.is_none());
        assert_eq!(
            (row.password.unwrap().as_str(), row.full_name.as_deref()),
            ("unreadable", Some("A\u{fffd}B"))
        );
    }

    #[test]
    fn an_item_has_a_number_and_an_owner() {
        let mapping = mapping(&["id", "email", "hash"], &[]);
        let item = mapping.read_item(&[Cell::Integer(4), Cell::Integer(7)]).unwrap();
        assert_eq!((item.number, item.old_id.as_str(), item.owner.as_str()), (Some(4), "4", "7"));
        assert_eq!(mapping.read_item(&[text("x"), Cell::Integer(7)]).unwrap().number, None);
        assert_eq!(mapping.read_item(&[Cell::Integer(4), Cell::Null]), None);
    }
}
