//! Standing beside an application: the links between its rows and our users, and the triggers.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sekisho_core::beside::{Column, IdKind, NOBODYS_HASH, Passwords, Table};

use super::apart;
use super::sql::{drop_triggers, exists, literal, made, name, run, text};
use super::{trial, triggers};
use crate::beside::TrialFailure;
use crate::echo::Observer;
use crate::error::Error;
use crate::sqlite::Conn;
use crate::sqlite::file::{self, Found};
use crate::sqlite::readers::PAUSE;

/// Looks at a file that an application may have open: ours already, or to become so; waits while its journal lies there.
///
/// Whether every statement can be prepared is not asked: where the application's table has changed, adopting again mends it.
pub(crate) fn inspect(path: &Path, observer: &Arc<Observer>, lock_wait: Duration) -> Result<(), Error> {
    let start = Instant::now();
    loop {
        return match file::inspect(path, observer, |_| Ok(())) {
            Ok(Found::Ours) | Err(Error::Foreign { .. }) => Ok(()),
            Ok(Found::Nothing) => Err(Error::unavailable(format!("{} is not there", path.display()))),
            Ok(Found::Empty) => Err(Error::misuse(format!("{} has no table", path.display()))),
            // The application is in the middle of a write, or of another one each time.
            Err(Error::Unavailable { .. } | Error::Busy { .. }) if start.elapsed() < lock_wait => {
                std::thread::sleep(PAUSE);
                continue;
            }
            Err(error) => Err(error),
        };
    }
}

/// Whether the database stands beside an application, as far as its schema tells.
pub(crate) fn stands(conn: &Conn) -> bool {
    exists(conn, "table", "sekisho_beside").unwrap_or(false)
}

/// The columns of the application's table into which a row can be written.
pub(crate) fn columns_of(conn: &Conn, table: &str) -> Result<Vec<Column>, Error> {
    // Neither generated ones nor those that a virtual table hides.
    let all = "select name, type, \"notnull\", dflt_value, pk from pragma_table_xinfo(?1) where hidden = 0";
    let rows = conn.rows(text(all), &[table.into()])?;
    let column = |mut row: crate::value::Row| {
        let default: Option<String> = row.take(3)?;
        Ok(Column {
            name: row.take(0)?,
            declared: row.take(1)?,
            not_null: row.take::<i64>(2)? != 0,
            has_default: default.is_some_and(|text| !text.eq_ignore_ascii_case("null")),
            primary_key: row.take::<i64>(4)? != 0,
            typed: false,
        })
    };
    rows.into_iter().map(column).collect()
}

/// The file's journal mode, as `wal` or `delete`.
pub(crate) fn journal_mode(conn: &Conn) -> Result<String, Error> {
    let row = conn.row(text("pragma journal_mode"), &[])?;
    row.ok_or_else(|| Error::corrupt("no journal mode"))?.take(0)
}

/// Takes the triggers away, so that users who come from the application are not written back into it.
pub(crate) fn stand_aside(conn: &Conn) -> Result<(), Error> {
    drop_triggers(conn)
}

/// Everything of [`crate::Tx::stand_beside`] but the record of it.
pub(crate) fn stand_beside(conn: &Conn, table: &Table) -> Result<Result<u64, TrialFailure>, Error> {
    drop_triggers(conn)?;
    run(conn, triggers::LINKS)?;
    let mut changed = note_rows_gone(conn, table)?;
    let [there_again, linked] = link(table);
    changed += run(conn, &there_again)? + run(conn, &linked)?;
    changed += run(conn, &without_id(table))?;
    if let Some(renamed) = names_from_here(table) {
        changed += run(conn, &renamed)?;
    }
    for (field, index) in [(&table.username, "username"), (&table.email, "email")] {
        if let Some(field) = field {
            index_unless_there(conn, table, &field.column, index)?;
        }
    }
    run(conn, &triggers::accounts_view(table))?;
    triggers::triggers(table).iter().try_for_each(|trigger| run(conn, trigger).map(drop))?;
    match apart::carry_over(conn, table)? {
        Ok(carried) => changed += carried,
        Err(failure) => return Ok(Err(failure)),
    }
    if let Some(given_back) = hashes_from_here(table) {
        changed += run(conn, &given_back)?;
    }
    for text in triggers::catch_up(table) {
        changed += run(conn, &text)?;
    }
    Ok(trial::attempt(conn, table)?.map_or(Ok(changed), Err))
}

/// The texts of all that was made for standing beside, to be compared.
pub(crate) fn made_beside(conn: &Conn) -> Result<Vec<String>, Error> {
    made(conn)
}

/// The table of links, unless it is there.
pub(crate) fn make_links(conn: &Conn) -> Result<(), Error> {
    run(conn, triggers::LINKS).map(drop)
}

/// Notes which rows the application has deleted without a trigger seeing it (`insert or replace`, a tool of its own).
pub(crate) fn note_rows_gone(conn: &Conn, table: &Table) -> Result<u64, Error> {
    let sql = "update sekisho_beside set row_id = null where row_id is not null and not exists";
    let (own, id) = (name(&table.name), name(&table.id));
    run(conn, &format!("{sql} (select 1 from {own} o where o.{id} = sekisho_beside.row_id)"))
}

/// A user without a row does not show its id any more, which may be another's.
fn without_id(table: &Table) -> String {
    let path = literal(&triggers::id_in_extra(table));
    format!(
        "update sekisho_users set extra = json_remove(extra, {path}) where json_type(extra, {path}) is not null \
         and id in (select user_id from sekisho_beside where row_id is null)"
    )
}

/// Users who came from a row and have no link yet, or whose row is there again.
fn link(table: &Table) -> [String; 2] {
    let id = name(&table.id);
    let fits = match table.id_kind {
        IdKind::Number => {
            format!("o.{id} = cast(a.external_id as integer) and cast(o.{id} as text) = a.external_id")
        }
        IdKind::Hex | IdKind::Hyphens | IdKind::Uuid => format!("o.{id} = a.external_id"),
    };
    // One who is told from others by name or address may also have registered here, and been given the row's id.
    let fields = [(&table.username, "username"), (&table.email, "email")];
    let same = fields
        .iter()
        .filter_map(|(field, ours)| Some(format!("o.{} = u.{ours}", name(&field.as_ref()?.column))));
    let same: Vec<String> = same.collect();
    let there = format!(
        "select a.user_id, o.{id} as row_id from (select user_id, external_id, 1 as adopted from sekisho_adopted where kind = 'user' \
         union all select id, external_id, 0 from sekisho_users where external_id is not null) a \
         join sekisho_users u on u.id = a.user_id join {} o on {fits} where u.released_at is null \
         and (a.adopted or {}) and a.user_id not in (select user_id from sekisho_beside where row_id is not null) \
         and o.{id} not in (select row_id from sekisho_beside where row_id is not null)",
        name(&table.name),
        same.join(" or ")
    );
    [
        format!(
            "delete from sekisho_beside where row_id is null and user_id in (select user_id from ({there}))"
        ),
        format!("insert or ignore into sekisho_beside (user_id, row_id) {there}"),
    ]
}

/// Of users of one name in the application all but the first have got another here; a token carries that one.
fn names_from_here(table: &Table) -> Option<String> {
    let column = name(&table.username.as_ref()?.column);
    let (own, id) = (name(&table.name), name(&table.id));
    // The plus keeps the column's affinity out of the comparison: with it the index of the links could not be used.
    let here = format!(
        "(select u.username from sekisho_users u join sekisho_beside b on b.user_id = u.id where b.row_id = +{own}.{id} \
         and u.released_at is null)"
    );
    Some(format!("update {own} set {column} = {here} where {here} is not null and {column} is not {here}"))
}

/// Hashes that an earlier end of a trial has taken out of the application's table.
pub(super) fn hashes_from_here(table: &Table) -> Option<String> {
    if table.passwords == Passwords::Withheld {
        return None;
    }
    let (own, id, hash) = (name(&table.name), name(&table.id), name(&table.hash));
    let enabled = if table.disabled.is_some() { "" } else { " and u.disabled_at is null" };
    let here = format!(
        "(select c.data from sekisho_beside b join sekisho_users u on u.id = b.user_id \
         join sekisho_credentials c on c.user_id = b.user_id and c.kind = 'password' where b.row_id = +{own}.{id}{enabled})"
    );
    Some(format!(
        "update {own} set {hash} = {here} where {hash} = {} and {here} is not null",
        literal(NOBODYS_HASH)
    ))
}

/// Names are looked up with each registration; the seeds' own table has no index for them.
fn index_unless_there(conn: &Conn, table: &Table, column: &str, what: &str) -> Result<(), Error> {
    let there = "select 1 from pragma_index_list(?1) l join pragma_index_info(l.name) i \
                 where i.seqno = 0 and i.name = ?2 collate nocase and l.partial = 0";
    if conn.row(text(there), &[table.name.as_str().into(), column.into()])?.is_some() {
        return Ok(());
    }
    run(conn, &format!("create index sekisho_beside_{what} on {} ({})", name(&table.name), name(column)))
        .map(drop)
}
