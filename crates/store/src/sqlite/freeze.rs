//! The triggers that hold every write back, on SQLite.

use crate::error::RAISED;

/// Each trigger by its name, with what makes it.
pub(crate) fn made(tables: impl Iterator<Item = &'static str>) -> Vec<(String, String)> {
    let each = |table: &'static str| {
        ["insert", "update", "delete"].map(|what| {
            let name = name(table, what);
            let text = format!(
                "create trigger {name} before {what} on {table} begin select raise(abort, '{RAISED}'); end"
            );
            (name, text)
        })
    };
    tables.flat_map(each).collect()
}

/// What takes them away.
pub(crate) fn unmade(tables: impl Iterator<Item = &'static str>) -> Vec<String> {
    made(tables).into_iter().map(|(name, _)| format!("drop trigger if exists {name}")).collect()
}

fn name(table: &str, what: &str) -> String {
    format!("sekisho_frozen_{}_{what}", table.trim_start_matches("sekisho_"))
}
