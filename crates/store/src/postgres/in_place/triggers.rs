//! The triggers, made once and left as they are: what changes are the functions and the view.

use sekisho_core::beside::Table;

use super::sql::{table as written, text};
use crate::error::Error;
use crate::session::Tx;

/// Name, table, when it fires, and what it calls.
const OURS: [(&str, &str, &str, &str); 6] = [
    ("sekisho_beside_before_insert", "sekisho_users", "before insert", "sekisho_beside_before()"),
    (
        "sekisho_beside_before_update",
        "sekisho_users",
        "before update of username, email",
        "sekisho_beside_before()",
    ),
    ("sekisho_beside_insert", "sekisho_users", "after insert", "sekisho_beside_after()"),
    (
        "sekisho_beside_update",
        "sekisho_users",
        "after update of username, email, full_name, disabled_at, released_at",
        "sekisho_beside_after()",
    ),
    (
        "sekisho_beside_password",
        "sekisho_credentials",
        "after insert or update of data",
        "sekisho_beside_password()",
    ),
    ("sekisho_beside_password_gone", "sekisho_credentials", "after delete", "sekisho_beside_password()"),
];
const STANDS: &str = "select 1 from pg_catalog.pg_trigger t where t.tgrelid = to_regclass($1) and t.tgname = $2 and t.tgenabled = 'O'";
const ID_COLUMN: &str = "select a.attnum::text from pg_catalog.pg_attribute a \
     where a.attrelid = to_regclass($1) and a.attname = $2 and not a.attisdropped";
/// Whether a trigger of ours is on another table than this or of another column, or out of force.
const ASTRAY: &str = "select 1 from pg_catalog.pg_trigger t where starts_with(t.tgname::text, 'sekisho_beside_row') \
     and t.tgfoid = to_regproc('sekisho_beside_row_gone') \
     and (t.tgrelid <> to_regclass($1) or t.tgenabled <> 'O' or (t.tgname = 'sekisho_beside_row_gone' \
     and t.tgargs <> convert_to($2, 'UTF8') || '\\x00'::bytea)) limit 1";

/// Takes those of the application's table away where they are not as they are to be; their function has to be made then.
pub(super) async fn clear(tx: &mut Tx, table: &Table) -> Result<(), Error> {
    let column = id_column(tx, table).await?;
    let theirs = written(table);
    if tx.row(ASTRAY, &[theirs.as_str().into(), column.as_str().into()]).await?.is_some() {
        // Who does not own the table may take none of its triggers away otherwise.
        tx.define("drop function sekisho_beside_row_gone() cascade").await?;
    }
    Ok(())
}

/// Those on our tables by name, as PostgreSQL shows them in lower case.
pub(super) fn as_shown() -> Vec<(String, String)> {
    let shown = |(trigger, on, when, function): (&str, &str, &str, &str)| {
        let which = match (on, when) {
            ("sekisho_credentials", "after delete") => " when (old.kind = 'password'::text)",
            ("sekisho_credentials", _) => " when (new.kind = 'password'::text)",
            _ => "",
        };
        (
            trigger.to_owned(),
            format!(
                "create trigger {trigger} {when} on {on} for each row{which} execute function {function}"
            ),
        )
    };
    OURS.into_iter().map(shown).collect()
}

/// Makes those that are missing.
pub(super) async fn make(tx: &mut Tx, table: &Table) -> Result<(), Error> {
    for (trigger, on, when, function) in OURS {
        let which = match (on, when) {
            ("sekisho_credentials", "after delete") => " when (old.kind = 'password')",
            ("sekisho_credentials", _) => " when (new.kind = 'password')",
            _ => "",
        };
        let made = format!(
            "create trigger {trigger} {when} on {on} for each row{which} execute function {function}"
        );
        if !stands(tx, on, trigger).await? {
            tx.define(&format!("drop trigger if exists {trigger} on {on}")).await?;
            tx.define(&made).await?;
        }
    }
    let (theirs, column) = (written(table), id_column(tx, table).await?);
    for (trigger, when, which, argument) in [
        ("sekisho_beside_row_gone", "after delete", "row", format!("'{column}'")),
        ("sekisho_beside_rows_gone", "after truncate", "statement", String::new()),
    ] {
        if !stands(tx, &theirs, trigger).await? {
            tx.define(&format!(
                "create trigger {trigger} {when} on {theirs} for each {which} \
                 execute function sekisho_beside_row_gone({argument})"
            ))
            .await?;
        }
    }
    Ok(())
}

async fn stands(tx: &mut Tx, on: &str, trigger: &str) -> Result<bool, Error> {
    Ok(tx.row(STANDS, &[on.into(), trigger.into()]).await?.is_some())
}

/// The position of the id among the table's columns, which stays when it is renamed.
async fn id_column(tx: &mut Tx, table: &Table) -> Result<String, Error> {
    let found = text(tx, ID_COLUMN, &[written(table).as_str().into(), table.id.as_str().into()]).await?;
    found.ok_or_else(|| Error::misuse(format!("table {} has no column {}", table.called(), table.id)))
}
