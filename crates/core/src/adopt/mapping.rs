//! Which table holds the users, and which of its columns mean what.

use super::shape::{Cell, TableShape};
use crate::invalid::is_named_like_a_secret;

/// What the operator says about a table or column whose name is none of the usual: `username=login`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MapOverride {
    field: &'static str,
    /// `None`: there is none, however it is called.
    name: Option<String>,
}

/// What can be said, each with the names under which it is found without being told.
const FIELDS: &[(&str, &[&str])] = &[
    ("users", &["user", "users"]),
    ("id", &["id"]),
    ("username", &["username"]),
    ("email", &["email"]),
    ("password", &["hashed_password", "password_hash", "password", "hash"]),
    ("full_name", &["full_name"]),
    ("disabled", &["disabled"]),
    ("active", &["is_active"]),
    ("items", &["item", "items"]),
    ("item_id", &["id"]),
    ("owner", &["owner_id", "user_id", "owner"]),
    (KEPT, &[]),
];

/// The field that may be said more than once: a column to be kept beside the user though it is named like a secret.
const KEPT: &str = "extra";

impl MapOverride {
    /// Reads `field=name`; nothing behind the `=` says that there is no such column or table.
    ///
    /// # Errors
    /// One line that lists what can be said.
    pub fn parse(text: &str) -> Result<Self, String> {
        let usage = || {
            let fields: Vec<&str> = FIELDS.iter().map(|(field, _)| *field).collect();
            format!("must be FIELD=NAME, with a field of {}", fields.join(", "))
        };
        let (field, name) = text.split_once('=').ok_or_else(usage)?;
        let (field, _) = FIELDS.iter().find(|(known, _)| *known == field.trim()).ok_or_else(usage)?;
        let name = Some(name.trim()).filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Self { field, name })
    }
}

/// The table of users and its columns, by their positions among the table's own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mapping {
    /// The table.
    pub table: TableShape,
    /// The column that identifies a row.
    pub id: usize,
    /// The name to log in with; `None` where people log in by their address.
    pub username: Option<usize>,
    /// The e-mail address.
    pub email: Option<usize>,
    /// The hash of the password.
    pub password: Option<usize>,
    /// What to call the person.
    pub full_name: Option<usize>,
    /// True for a user who may not enter.
    pub disabled: Option<usize>,
    /// True for a user who may enter; not looked at where there is a column that says the opposite.
    pub active: Option<usize>,
    /// The items with their owners, where there are any.
    pub items: Option<ItemMapping>,
    /// The columns that are named like a secret and that nobody asked to keep: nothing of them comes along.
    left_behind: Vec<usize>,
}

/// The table of items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ItemMapping {
    /// The table.
    pub table: TableShape,
    /// The column that identifies an item.
    pub id: usize,
    /// The column that names the owner by the id of the user's row.
    pub owner: usize,
}

impl Mapping {
    /// Finds the users' table and what its columns mean; what the operator says goes before the usual names.
    ///
    /// # Errors
    /// One line for each thing that must be said with `--map`.
    pub fn detect(tables: &[TableShape], overrides: &[MapOverride]) -> Result<Self, Vec<String>> {
        let said = Said(overrides);
        let table = said.users(tables).map_err(|line| vec![line])?;
        let mut errors = Vec::new();
        let mut column = |field: &str| {
            said.column(table, field).unwrap_or_else(|line| {
                errors.push(line);
                None
            })
        };
        let (id, username, email) = (column("id"), column("username"), column("email"));
        let (password, full_name) = (column("password"), column("full_name"));
        let (disabled, active) = (column("disabled"), column("active"));
        let id = id.or_else(|| only_key(table));
        if id.is_none() {
            errors.push(format!(
                "table {} has no column id: say --map id=COLUMN ({})",
                table.called(),
                table.column_names()
            ));
        }
        if username.is_none() && email.is_none() {
            errors.push(format!(
                "table {} has neither username nor email: say --map username=COLUMN or --map email=COLUMN ({})",
                table.called(),
                table.column_names()
            ));
        }
        if password.is_none() && !said.says_none("password") {
            errors.push(format!(
                "table {} has no column of password hashes: say --map password=COLUMN, or --map password= if there \
                 are none ({})",
                table.called(),
                table.column_names()
            ));
        }
        let items = said.items(tables).unwrap_or_else(|line| {
            errors.push(line);
            None
        });
        let kept = said.kept(table).unwrap_or_else(|line| {
            errors.push(line);
            Vec::new()
        });
        let fields = [
            ("username", username),
            ("email", email),
            ("password", password),
            ("full_name", full_name),
            ("disabled", disabled),
            ("active", active.filter(|_| disabled.is_none())),
        ];
        errors.extend(one_field_each(table, id, &fields));
        let left_behind = |at: &usize| {
            let is_read = id == Some(*at) || fields.iter().any(|(_, field)| *field == Some(*at));
            let secret = table.columns.get(*at).is_some_and(|column| is_named_like_a_secret(&column.name));
            secret && !is_read && !kept.contains(at)
        };
        let left_behind = (0..table.columns.len()).filter(left_behind).collect();
        match id {
            Some(id) if errors.is_empty() => Ok(Self {
                table: table.clone(),
                id,
                username,
                email,
                password,
                full_name,
                disabled,
                active: active.filter(|_| disabled.is_none()),
                items,
                left_behind,
            }),
            _ => Err(errors),
        }
    }

    /// The columns that have no place of their own and are kept beside the user.
    pub fn kept_beside(&self) -> impl Iterator<Item = &str> {
        let columns = self.table.columns.iter().enumerate();
        columns.filter(|(at, _)| self.is_kept_beside(*at)).map(|(_, column)| column.name.as_str())
    }

    /// The columns that are named like a secret: they stay where they are, unless `--map extra=COLUMN` asks for them.
    pub fn left_behind(&self) -> impl Iterator<Item = &str> {
        self.left_behind.iter().filter_map(|at| Some(self.table.columns.get(*at)?.name.as_str()))
    }

    /// Each field that was found, with the column that holds it.
    pub fn found(&self) -> Vec<(&'static str, &str)> {
        let fields = [
            ("id", Some(self.id)),
            ("username", self.username),
            ("email", self.email),
            ("password", self.password),
            ("full_name", self.full_name),
            ("disabled", self.disabled),
            ("active", self.active),
        ];
        let named = |(field, at): (&'static str, Option<usize>)| {
            Some((field, self.table.columns.get(at?)?.name.as_str()))
        };
        fields.into_iter().filter_map(named).collect()
    }

    /// The columns by which a row is told before any is placed: its id, its name, its address.
    pub fn told_by(&self) -> Vec<usize> {
        [Some(self.id), self.username, self.email].into_iter().flatten().collect()
    }

    /// Whether a column is read into no field and comes along; the id does so as well, as the number it was.
    pub(super) fn is_kept_beside(&self, at: usize) -> bool {
        let fields = [self.username, self.email, self.password, self.full_name, self.disabled, self.active];
        !fields.contains(&Some(at)) && !self.left_behind.contains(&at)
    }

    /// The value of a field in a row; `Null` where there is no such column.
    pub(super) fn cell<'c>(&self, row: &'c [Cell], field: Option<usize>) -> &'c Cell {
        field.and_then(|at| row.get(at)).unwrap_or(&Cell::Null)
    }
}

/// What the operator said.
struct Said<'a>(&'a [MapOverride]);

impl Said<'_> {
    fn of(&self, field: &str) -> Option<&MapOverride> {
        self.0.iter().rev().find(|said| said.field == field)
    }

    fn says_none(&self, field: &str) -> bool {
        self.of(field).is_some_and(|said| said.name.is_none())
    }

    /// The names to look for: the one that was said, or the usual ones.
    fn names(&self, field: &str) -> Vec<&str> {
        match self.of(field) {
            Some(said) => said.name.as_deref().into_iter().collect(),
            None => FIELDS
                .iter()
                .filter(|(known, _)| *known == field)
                .flat_map(|(_, names)| names.iter().copied())
                .collect(),
        }
    }

    fn users<'t>(&self, tables: &'t [TableShape]) -> Result<&'t TableShape, String> {
        let names = self.names("users");
        let found: Vec<&TableShape> = names.iter().filter_map(|name| table(tables, name)).collect();
        match found.as_slice() {
            [one] => Ok(one),
            [] => Err(format!(
                "no table {}: say --map users=TABLE ({})",
                names.join(" or "),
                tables.iter().map(TableShape::called).collect::<Vec<_>>().join(", ")
            )),
            _ => Err(format!("tables {} are both there: say --map users=TABLE", names.join(" and "))),
        }
    }

    /// The column of a field; an error if one that was said is not there.
    fn column(&self, table: &TableShape, field: &str) -> Result<Option<usize>, String> {
        let at = |name: &str| table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
        let found = self.names(field).into_iter().find_map(at);
        match self.of(field).and_then(|said| said.name.as_deref()) {
            Some(name) if found.is_none() => {
                Err(format!("table {} has no column {name} ({})", table.called(), table.column_names()))
            }
            _ => Ok(found),
        }
    }

    /// The columns that are kept beside the user though they are named like secrets.
    fn kept(&self, table: &TableShape) -> Result<Vec<usize>, String> {
        let names = self.0.iter().filter(|said| said.field == KEPT).filter_map(|said| said.name.as_deref());
        let column = |name: &str| {
            let at = table.columns.iter().position(|column| column.name.eq_ignore_ascii_case(name));
            at.ok_or_else(|| {
                format!("table {} has no column {name} ({})", table.called(), table.column_names())
            })
        };
        names.map(column).collect()
    }

    /// The items: a table that merely has the usual name is left alone, one that was said must fit.
    fn items(&self, tables: &[TableShape]) -> Result<Option<ItemMapping>, String> {
        let names = self.names("items");
        let was_said = self.of("items").is_some();
        let Some(table) = names.iter().find_map(|name| table(tables, name)) else {
            return match names.first().filter(|_| was_said) {
                Some(name) => Err(format!("no table {name}")),
                None => Ok(None),
            };
        };
        let id = self.column(table, "item_id")?.or_else(|| only_key(table));
        match (id, self.column(table, "owner")?) {
            (Some(id), Some(owner)) => Ok(Some(ItemMapping { table: table.clone(), id, owner })),
            _ if was_said => Err(format!(
                "table {} lacks an id or an owner: say --map item_id=COLUMN and --map owner=COLUMN ({})",
                table.called(),
                table.column_names()
            )),
            _ => Ok(None),
        }
    }
}

/// One column means one thing, and none that is named like a secret is one that others see. A name or an address may be
/// what identifies a row.
fn one_field_each(table: &TableShape, id: Option<usize>, fields: &[(&str, Option<usize>)]) -> Vec<String> {
    let name = |at: usize| table.columns.get(at).map_or("", |column| column.name.as_str());
    let mut errors = Vec::new();
    for (index, (field, at)) in fields.iter().enumerate() {
        let Some(at) = *at else { continue };
        for (other, _) in fields[..index].iter().filter(|(_, earlier)| *earlier == Some(at)) {
            errors.push(format!(
                "column {} can't be both {other} and {field}: say --map {other}= or --map {field}= (without username \
                 the address is the name)",
                name(at)
            ));
        }
    }
    let id_field = ("id", id);
    let shown = fields.iter().filter(|(field, _)| ["username", "email", "full_name"].contains(field));
    for (field, at) in std::iter::once(&id_field).chain(shown) {
        if let Some(at) = *at
            && is_named_like_a_secret(name(at))
        {
            errors.push(format!(
                "column {} is named like a secret, and {field} is shown: say another with --map {field}=COLUMN, or --map \
                 {field}=",
                name(at)
            ));
        }
    }
    errors
}

/// The table of this name; one in a schema that must be named is meant only by both names.
fn table<'t>(tables: &'t [TableShape], name: &str) -> Option<&'t TableShape> {
    tables
        .iter()
        .find(|table| table.called() == name)
        .or_else(|| tables.iter().find(|table| table.called().eq_ignore_ascii_case(name)))
}

/// The primary key, if it is one column.
fn only_key(table: &TableShape) -> Option<usize> {
    let mut keys = table.columns.iter().enumerate().filter(|(_, column)| column.primary_key);
    let (at, _) = keys.next()?;
    keys.next().is_none().then_some(at)
}

#[cfg(test)]
#[path = "mapping_tests.rs"]
mod tests;
