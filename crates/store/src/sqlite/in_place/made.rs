//! What an application's table, as it is on record, makes of view and triggers: for a check of those that are there.

use rusqlite::Connection;
use sekisho_core::beside::{Fill, Table};

use super::sql::name;
use super::triggers::{accounts_view, triggers};
use crate::error::Error;
use crate::sqlite::translate;

/// The view and the triggers of a table, made in an empty database of ours: name, and the text that the schema has of each.
///
/// The record is part of the file, and so as little to be trusted as that: [`Error::Corrupt`] where no adoption in place
/// writes such a one, since what it makes could be anything.
pub(crate) fn made_for(table: &Table, empty: Connection) -> Result<Vec<(String, String)>, Error> {
    if !is_plain(table) {
        return Err(Error::corrupt(
            "what is on record of the application's table is not what an adoption writes",
        ));
    }
    // One trigger stands on the application's own table, whatever columns that has.
    let application = format!("create table {} (stands_for_its_columns)", name(&table.name));
    for statement in [application, accounts_view(table)].into_iter().chain(triggers(table)) {
        empty.execute(&statement, []).map_err(|_| {
            Error::corrupt("of what is on record of the application's table no trigger can be made")
        })?;
    }
    let all = "select name, sql from sqlite_schema where type in ('view', 'trigger')";
    let mut statement = empty.prepare(all).map_err(translate)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(translate)?;
    rows.collect::<Result<_, _>>().map_err(translate)
}

/// Whether the table is not one of ours, and numbers, which alone go into statements as they are, are numbers.
fn is_plain(table: &Table) -> bool {
    let ours = table.name.to_ascii_lowercase().starts_with("sekisho_");
    let number = |fill: &Fill| match fill {
        Fill::Number(text) => text.parse::<f64>().is_ok_and(f64::is_finite),
        _ => true,
    };
    !ours && table.fills.iter().all(|(_, fill)| number(fill))
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_core::beside::{Field, IdKind, Passwords};

    fn table() -> Table {
        Table {
            schema: None,
            name: "user".to_owned(),
            id: "id".to_owned(),
            id_kind: IdKind::Number,
            username: Some(Field { column: "username".to_owned(), not_null: true, longest: None }),
            email: None,
            full_name: None,
            hash: "hash".to_owned(),
            disabled: None,
            fills: vec![("rank".to_owned(), Fill::Number("-1.5".to_owned()))],
            passwords: Passwords::Kept,
        }
    }

    fn made(table: &Table) -> Result<Vec<(String, String)>, Error> {
        let empty = Connection::open_in_memory().unwrap();
        let ours =
            "create table sekisho_users (released_at, disabled_at); create table sekisho_credentials (data)";
        empty.execute_batch(ours).unwrap();
        made_for(table, empty)
    }

    /// Who can write the record must not be able to vouch with it for a trigger of any content.
    #[test]
    fn a_record_that_no_adoption_writes_makes_nothing() {
        assert!(made(&table()).unwrap().iter().any(|(name, _)| name == "sekisho_beside_insert"));
        let undone = "1); update sekisho_users set disabled_at = null; select (1";
        for forged in [
            Table { fills: vec![("rank".to_owned(), Fill::Number(undone.to_owned()))], ..table() },
            Table { name: "Sekisho_users".to_owned(), ..table() },
            Table { name: "sqlite_schema".to_owned(), ..table() },
        ] {
            assert!(matches!(made(&forged), Err(Error::Corrupt { .. })), "{forged:?}");
        }
    }
}
