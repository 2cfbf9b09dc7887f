//! Whether what keeps an application's table in step is what the record of that table makes, for a check.

use sekisho_core::beside::Table;

use super::functions::functions;
use super::triggers;
use crate::error::Error;
use crate::session::Read;

const FUNCTIONS: &str = "select p.proname::text, p.prosrc from pg_catalog.pg_proc p \
     where p.pronamespace = current_schema()::regnamespace and starts_with(p.proname::text, 'sekisho_beside')";
const TRIGGERS: &str = "select t.tgname::text, lower(pg_get_triggerdef(t.oid, true)), t.tgenabled = 'O' \
     from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid \
     where c.relnamespace = current_schema()::regnamespace and starts_with(t.tgname::text, 'sekisho_beside') \
     and starts_with(c.relname::text, 'sekisho_')";

/// Functions and triggers on our tables that are missing, other, off, or nobody's.
pub(crate) async fn differences(read: &mut Read, table: &Table) -> Result<Vec<String>, Error> {
    // The schemas stand in what is around a body, and are not compared.
    let made = functions(table, &[String::new()]).into_iter().filter_map(|text| {
        let (head, rest) = text.split_once("$sekisho$")?;
        let name = head.strip_prefix("create or replace function ")?.split('(').next()?;
        Some((name.to_owned(), rest.strip_suffix("$sekisho$")?.to_owned()))
    });
    let mut there: Vec<(String, String, bool)> = Vec::new();
    for mut row in read.rows(FUNCTIONS, &[]).await? {
        there.push((row.take(0)?, row.take(1)?, true));
    }
    let mut found = compared("function", made.collect(), there);
    let mut there = Vec::new();
    for mut row in read.rows(TRIGGERS, &[]).await? {
        there.push((row.take(0)?, row.take(1)?, row.take::<i64>(2)? != 0));
    }
    found.extend(compared("trigger", triggers::as_shown(), there));
    Ok(found)
}

fn compared(kind: &str, made: Vec<(String, String)>, there: Vec<(String, String, bool)>) -> Vec<String> {
    let missing = made.iter().filter(|(name, _)| !there.iter().any(|(other, ..)| other == name));
    let mut found: Vec<String> = missing.map(|(name, _)| format!("{name} is missing")).collect();
    for (name, text, on) in &there {
        match made.iter().find(|(other, _)| other == name) {
            Some((_, made)) if made == text && *on => {}
            Some(_) => {
                found.push(format!("{kind} {name} is not as the record of the application's table makes it"))
            }
            None => found.push(format!("{kind} {name} is not of this program, and acts on its tables")),
        }
    }
    found
}
