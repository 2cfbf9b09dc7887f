//! Which table holds the users, and which of its columns mean what.

use super::shape::{Cell, TableShape};

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
];

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
                table.name,
                table.column_names()
            ));
        }
        if username.is_none() && email.is_none() {
            errors.push(format!(
                "table {} has neither username nor email: say --map username=COLUMN or --map email=COLUMN ({})",
                table.name,
                table.column_names()
            ));
        }
        if password.is_none() && !said.says_none("password") {
            errors.push(format!(
                "table {} has no column of password hashes: say --map password=COLUMN, or --map password= if there \
                 are none ({})",
                table.name,
                table.column_names()
            ));
        }
        let items = said.items(tables).unwrap_or_else(|line| {
            errors.push(line);
            None
        });
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
            }),
            _ => Err(errors),
        }
    }

    /// The columns that have no place of their own and are kept beside the user.
    pub fn kept_beside(&self) -> impl Iterator<Item = &str> {
        let columns = self.table.columns.iter().enumerate();
        columns.filter(|(at, _)| !self.has_a_place(*at)).map(|(_, column)| column.name.as_str())
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

    /// Whether a column is read into a field; the id is kept beside the user as well, as the number it was.
    pub(super) fn has_a_place(&self, at: usize) -> bool {
        [self.username, self.email, self.password, self.full_name, self.disabled, self.active]
            .contains(&Some(at))
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
                tables.iter().map(|table| table.name.as_str()).collect::<Vec<_>>().join(", ")
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
                Err(format!("table {} has no column {name} ({})", table.name, table.column_names()))
            }
            _ => Ok(found),
        }
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
                table.name,
                table.column_names()
            )),
            _ => Ok(None),
        }
    }
}

fn table<'t>(tables: &'t [TableShape], name: &str) -> Option<&'t TableShape> {
    tables
        .iter()
        .find(|table| table.name == name)
        .or_else(|| tables.iter().find(|table| table.name.eq_ignore_ascii_case(name)))
}

/// The primary key, if it is one column.
fn only_key(table: &TableShape) -> Option<usize> {
    let mut keys = table.columns.iter().enumerate().filter(|(_, column)| column.primary_key);
    let (at, _) = keys.next()?;
    keys.next().is_none().then_some(at)
}

#[cfg(test)]
mod tests {
    use super::super::shape::ColumnShape;
    use super::*;

    fn shape(name: &str, columns: &[&str]) -> TableShape {
        let column = |name: &&str| ColumnShape { name: (*name).to_owned(), ..ColumnShape::default() };
        TableShape { name: name.to_owned(), columns: columns.iter().map(column).collect() }
    }

    fn detect(tables: &[TableShape], said: &[&str]) -> Result<Mapping, Vec<String>> {
        let said: Vec<MapOverride> = said.iter().map(|text| MapOverride::parse(text).unwrap()).collect();
        Mapping::detect(tables, &said)
    }

    #[test]
    fn the_seeds_table_is_found_with_and_without_the_later_columns() {
        let plain = detect(&[shape("user", &["id", "email", "username", "hashed_password"])], &[]).unwrap();
        assert_eq!(
            plain.found(),
            [("id", "id"), ("username", "username"), ("email", "email"), ("password", "hashed_password")]
        );
        assert_eq!(plain.kept_beside().collect::<Vec<_>>(), ["id"]);
        let whole =
            ["id", "username", "email", "full_name", "password_hash", "disabled", "is_active", "phone"];
        let whole = detect(&[shape("Users", &whole)], &[]).unwrap();
        assert_eq!((whole.disabled, whole.active), (Some(5), None));
        assert_eq!(whole.kept_beside().collect::<Vec<_>>(), ["id", "is_active", "phone"]);
    }

    #[test]
    fn other_names_are_said() {
        let tables =
            [shape("account", &["no", "login", "mail", "pw", "state"]), shape("todo", &["no", "whose"])];
        assert_eq!(
            detect(&tables, &[]).unwrap_err(),
            ["no table user or users: say --map users=TABLE (account, todo)"]
        );
        let said = ["users=account", "id=no", "username=login", "email=mail", "password=pw", "active=state"];
        let mapping = detect(&tables, &said).unwrap();
        assert_eq!(
            (mapping.id, mapping.username, mapping.active, mapping.items),
            (0, Some(1), Some(4), None)
        );
        let said = [&said[..], &["items=todo", "item_id=no", "owner=whose"]].concat();
        assert_eq!(detect(&tables, &said).unwrap().items.unwrap().owner, 1);
    }

    #[test]
    fn what_is_missing_is_asked_for_in_one_go() {
        let lines = detect(&[shape("user", &["a", "b"])], &["full_name=c"]).unwrap_err();
        assert_eq!(
            lines,
            [
                "table user has no column c (a, b)",
                "table user has no column id: say --map id=COLUMN (a, b)",
                "table user has neither username nor email: say --map username=COLUMN or --map email=COLUMN (a, b)",
                "table user has no column of password hashes: say --map password=COLUMN, or --map password= if there are none (a, b)",
            ]
        );
        let both = [shape("user", &["id"]), shape("users", &["id"])];
        assert_eq!(
            detect(&both, &[]).unwrap_err(),
            ["tables user and users are both there: say --map users=TABLE"]
        );
        assert!(
            MapOverride::parse("login=name")
                .unwrap_err()
                .starts_with("must be FIELD=NAME, with a field of users, id")
        );
    }

    #[test]
    fn items_come_with_an_owner_or_not_at_all() {
        let user = shape("user", &["id", "email", "hash"]);
        let items = detect(&[user.clone(), shape("items", &["id", "title", "owner_id"])], &[]).unwrap().items;
        assert_eq!(items.map(|items| (items.id, items.owner)), Some((0, 2)));
        assert_eq!(detect(&[user.clone(), shape("items", &["id", "title"])], &[]).unwrap().items, None);
        assert_eq!(
            detect(&[user.clone(), shape("item", &["id", "owner"])], &["items="]).unwrap().items,
            None
        );
        assert!(detect(&[user, shape("item", &["id"])], &["items=item"]).is_err());
    }
}
