//! A row as it was there, read by the mapping; nothing judged yet.

use serde_json::{Map, Value};

use super::extra::{as_json, left_out};
use super::mapping::Mapping;
use super::shape::Cell;
use crate::accounts::LoginName;
use crate::credentials::HashString;
use sha2::{Digest as _, Sha256};

/// A user's row.
#[derive(Clone, PartialEq, Debug)]
pub struct Adopted {
    /// What identifies the row there, as text.
    pub old_id: String,
    /// The name; in a table without names the address.
    pub name: Option<String>,
    /// Whether there is a name that can't be one here: too long, or with U+0000.
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
    /// The columns that hold more than a record of an export does: what they hold is left out.
    pub too_long: Vec<String>,
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
/// The longest name, address and the like, in bytes: what an import takes.
const TEXT_MAX: usize = LoginName::MAX;
/// The longest id that is kept as it is, in bytes; what is put before and behind it must fit as well.
const KEY_MAX: usize = 1024;

impl Mapping {
    /// Reads a row of the users' table, all its columns in their order; `None` for one without name and address.
    pub fn read(&self, mut row: Vec<Cell>) -> Option<Adopted> {
        let Seen { name, email } = self.seen(&row);
        let mut too_long = Vec::new();
        for field in [self.username, self.email, self.full_name].into_iter().flatten() {
            if is_too_long(self.cell(&row, Some(field))) {
                too_long.extend(self.table.columns.get(field).map(|column| column.name.clone()));
            }
        }
        let name_is_too_long = is_too_long(self.cell(&row, self.username.or(self.email)));
        let says_nothing = |field: Option<usize>| !is_too_long(self.cell(&row, field));
        if name.is_none() && email.is_none() && says_nothing(self.username) && says_nothing(self.email) {
            return None;
        }
        // A key may be null on SQLite; then the user is recognised by what they are told by.
        let told = email.as_deref().or(name.as_deref()).unwrap_or("a name that is too long");
        let old_id =
            key_text(self.cell(&row, Some(self.id))).unwrap_or_else(|| short_key(&format!("row of {told}")));
        let usable = name.clone().filter(|name| !name.contains('\0'));
        let password = match self.cell(&row, self.password) {
            Cell::TooLong => Some(String::new()),
            cell => cell.as_text().filter(|text| !text.is_empty()),
        };
        let full_name = self.cell(&row, self.full_name);
        let full_name = full_name.as_text().filter(|_| !is_too_long(full_name));
        let disabled = match (self.disabled, self.active) {
            (Some(_), _) => self.cell(&row, self.disabled).is_true(),
            (None, Some(_)) => !self.cell(&row, self.active).is_true(),
            (None, None) => false,
        };
        let mut extra = Map::new();
        for (at, column) in self.table.columns.iter().enumerate().filter(|(at, _)| self.is_kept_beside(*at)) {
            match row.get_mut(at).map_or(Cell::Null, |cell| std::mem::replace(cell, Cell::Null)) {
                Cell::TooLong => too_long.push(column.name.clone()),
                cell => _ = extra.insert(column.name.clone(), as_json(column, cell)),
            }
        }
        too_long.extend(left_out(&mut extra));
        Some(Adopted {
            old_id,
            name_is_unusable: name_is_too_long || (name.is_some() && usable.is_none()),
            name: usable,
            email: email.filter(|email| !email.contains('\0')),
            full_name: full_name.map(|name| without_nul(&name)),
            disabled,
            password: password.map(kept_hash),
            extra,
            too_long,
        })
    }

    /// The name and the address of a row, each only where it says something and is not too long.
    pub fn seen(&self, row: &[Cell]) -> Seen {
        let text = |field| {
            let cell = self.cell(row, field);
            cell.as_text().filter(|text| !text.trim().is_empty() && !is_too_long(cell))
        };
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
        Cell::Bytes(bytes) => {
            Some(short_key(&bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
        }
        other => other.as_text().map(|text| short_key(&text)),
    }
}

/// The text as it is kept; of a long one the digest, which is as good to recognise a row by.
fn short_key(text: &str) -> String {
    if text.len() <= KEY_MAX {
        return without_nul(text);
    }
    Sha256::digest(text.as_bytes())
        .iter()
        .fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}

/// Whether an import would refuse it as a name, an address or a full name.
fn is_too_long(cell: &Cell) -> bool {
    match cell {
        Cell::TooLong => true,
        Cell::Text(text) => text.len() > TEXT_MAX,
        Cell::Bytes(bytes) => bytes.len() > TEXT_MAX,
        Cell::Null | Cell::Integer(_) | Cell::Real(_) => false,
    }
}

/// The text without what no text here holds.
fn without_nul(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// The hash as it is; of what can't be one, a text that says so to whoever verifies it.
fn kept_hash(text: String) -> HashString {
    HashString::new(if text.is_empty() || text.len() > HASH_MAX || text.contains('\0') {
        "unreadable".to_owned()
    } else {
        text
    })
}

#[cfg(test)]
mod tests {
    use super::super::mapping::MapOverride;
    use super::super::shape::{ColumnShape, TableShape};
    use super::*;

    fn mapping(columns: &[&str], said: &[&str]) -> Mapping {
        let column = |name: &&str| ColumnShape { name: (*name).to_owned(), ..ColumnShape::default() };
        let table = |name: &str, columns: &[&str]| TableShape {
            name: name.into(),
            columns: columns.iter().map(column).collect(),
            ..TableShape::default()
        };
        let (users, items) = (table("user", columns), table("items", &["id", "owner_id"]));
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
    fn what_an_import_would_not_take_is_left_out_and_named() {
        let mapping = mapping(&["id", "username", "email", "hash", "full_name", "avatar", "bio"], &[]);
        let long = || text(&"x".repeat(5000));
        let row =
            vec![long(), long(), text("tim@gmail.com"), Cell::TooLong, long(), Cell::TooLong, text("b\0c")];
        assert_eq!(mapping.seen(&row).name, None);
        let row = mapping.read(row).unwrap();
        assert_eq!((row.old_id.len(), row.name, row.name_is_unusable), (71, None, true));
        assert_eq!(row.too_long, ["username", "full_name", "avatar"]);
        assert_eq!((row.full_name, row.password.unwrap().as_str()), (None, "unreadable"));
        assert_eq!(row.extra["bio"], "b\u{fffd}c");
        let nobody_but_for_a_long_name = mapping.read(vec![Cell::Null, Cell::TooLong]).unwrap();
        assert_eq!(nobody_but_for_a_long_name.old_id, "row of a name that is too long");
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
