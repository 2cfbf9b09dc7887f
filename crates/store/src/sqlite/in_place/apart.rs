//! The time between a detaching and the next adoption: which row was whose, and what changed here meanwhile.
//!
//! Nobody sees then which rows the application deletes, and to whom SQLite gives their numbers. So a row is a user's own
//! again only if it still has the name, the address or the hash that it had; of these no more than marks are kept.

use sekisho_core::beside::{NOBODYS_HASH, Passwords, Table, mark};
use sekisho_core::id::UserId;

use super::sql::{exists, literal, name, run, text};
use super::triggers::{self, Writer, address, or_empty, truth};
use crate::beside::TrialFailure;
use crate::error::Error;
use crate::sqlite::Conn;
use crate::value::Row;

/// Of the row there: marks of hash, name and address. Of the user here: marks of address, full name and password, and the
/// state. Null is a mark of nothing.
const APART: &str = "create table sekisho_apart (user_id blob not null primary key references sekisho_users (id), \
     row_id unique, row_hash text, row_name text, row_email text, email text, full_name text, password text, \
     disabled integer not null, released integer not null) without rowid";
const NOTE: &str = "insert into sekisho_apart (user_id, row_id, row_hash, row_name, row_email, email, full_name, password, \
     disabled, released) select user_id, row_id, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9 from sekisho_beside where user_id = ?1";
/// Where a deleted user's row is not known again, it is not to bring them back.
const STAYS_DELETED: &str = "insert or ignore into sekisho_adopted (kind, external_id, user_id, adopted_at) \
     select 'user', cast(a.row_id as text), u.id, u.updated_at from sekisho_apart a join sekisho_users u on u.id = a.user_id \
     where a.row_id is not null and u.released_at is not null \
     and a.user_id not in (select user_id from sekisho_beside)";

/// How many users are looked at together.
const PAGE: i64 = 1000;

/// Links users and rows as they were linked before the application's table was left alone, as far as the rows are still
/// theirs; nothing where it was not.
pub(crate) fn rejoin(conn: &Conn, table: &Table) -> Result<(), Error> {
    if is_apart(conn)? { relink(conn, table) } else { Ok(()) }
}

/// Whether the application's table was left alone and is not in step again.
fn is_apart(conn: &Conn) -> Result<bool, Error> {
    exists(conn, "table", "sekisho_apart")
}

/// Notes how rows and users are at the moment of parting, while the links are still there.
pub(crate) fn part(conn: &Conn, table: &Table) -> Result<(), Error> {
    forget(conn)?;
    // A column that was renamed meanwhile tells nothing; without the rows' ids nothing does.
    let Some(row) = row_columns(conn, table)? else { return Ok(()) };
    run(conn, APART)?;
    let columns = "u.email, u.full_name, c.data, u.disabled_at is not null, u.released_at is not null";
    let from = format!(
        "sekisho_beside a join sekisho_users u on u.id = a.user_id \
         left join sekisho_credentials c on c.user_id = u.id and c.kind = 'password' \
         left join {} o on o.{} = a.row_id",
        name(&table.name),
        name(&table.id)
    );
    each(conn, &format!("{row}, {columns}"), &from, |user, row| {
        let theirs = row_marks(user, row)?;
        let ours = user_marks(user, row, 5)?;
        let params = theirs.iter().chain(&ours.marks).map(|mark| mark.as_deref().into());
        let params: Vec<_> = [user.into()].into_iter().chain(params).collect();
        let states = [i64::from(ours.disabled).into(), i64::from(ours.released).into()];
        conn.execute(text(NOTE), &[params.as_slice(), &states].concat()).map(drop)
    })
}

/// Forgets it all: the table is in step again, or is none of ours any more.
pub(super) fn forget(conn: &Conn) -> Result<(), Error> {
    run(conn, "drop table if exists sekisho_apart").map(drop)
}

fn relink(conn: &Conn, table: &Table) -> Result<(), Error> {
    run(conn, triggers::LINKS)?;
    let Some(row) = row_columns(conn, table)? else { return Ok(()) };
    let columns = format!("{row}, a.row_hash, a.row_name, a.row_email");
    let from =
        format!("sekisho_apart a left join {} o on o.{} = a.row_id", name(&table.name), name(&table.id));
    let (mut known, mut gone) = (0, Vec::new());
    each(conn, &columns, &from, |user, row| {
        let there: bool = row.take::<i64>(1)? != 0;
        let now = row_marks(user, row)?;
        let mut then = Vec::with_capacity(now.len());
        for at in 5..8 {
            then.push(row.take::<Option<String>>(at)?);
        }
        if !there {
            gone.push(user);
        } else if now.iter().zip(&then).any(|(now, then)| now.is_some() && now == then) {
            let link = "insert or ignore into sekisho_beside (user_id, row_id) \
                        select user_id, row_id from sekisho_apart where user_id = ?1";
            known += conn.execute(text(link), &[user.into()])?;
        }
        Ok(())
    })?;
    // Of another table all rows would seem to be gone.
    if known > 0 {
        for user in gone {
            let lost = "insert or ignore into sekisho_beside (user_id, row_id) values (?1, null)";
            conn.execute(text(lost), &[user.into()])?;
        }
    }
    run(conn, STAYS_DELETED).map(drop)
}

/// Carries what happened here meanwhile into the rows that are their users' again, and forgets it; how many rows that
/// changed, or why the application's table does not take it.
pub(super) fn carry_over(conn: &Conn, table: &Table) -> Result<Result<u64, TrialFailure>, Error> {
    if !is_apart(conn)? {
        return Ok(Ok(0));
    }
    let mut statements = Vec::new();
    let columns = "a.email, a.full_name, a.password, a.disabled, a.released, \
                   u.email, u.full_name, c.data, u.disabled_at is not null, u.released_at is not null";
    let from = "sekisho_apart a join sekisho_beside b on b.user_id = a.user_id and b.row_id = a.row_id \
                join sekisho_users u on u.id = a.user_id \
                left join sekisho_credentials c on c.user_id = u.id and c.kind = 'password'";
    each(conn, columns, from, |user, row| {
        let now = user_marks(user, row, 6)?;
        let [email, full_name, password] = now.marks;
        let (disabled, released) = (row.take::<i64>(4)? != 0, row.take::<i64>(5)? != 0);
        let changed = Changed {
            deleted: now.released && !released,
            email: row.take::<Option<String>>(1)? != email,
            full_name: row.take::<Option<String>>(2)? != full_name,
            password: row.take::<Option<String>>(3)? != password,
            disabled: now.disabled != disabled,
        };
        // Who was deleted before has a blank row since.
        if !released {
            statements.extend(statement(table, user, changed));
        }
        Ok(())
    })?;
    let mut rows = 0;
    for statement in statements {
        match run(conn, &statement) {
            Ok(changed) => rows += changed,
            Err(Error::Taken { what } | Error::Constraint { what }) => {
                return Ok(Err(TrialFailure { step: "carrying over what happened meanwhile", reason: what }));
            }
            Err(error) => return Err(error),
        }
    }
    forget(conn)?;
    Ok(Ok(rows))
}

/// What changed here of a user.
struct Changed {
    deleted: bool,
    email: bool,
    full_name: bool,
    password: bool,
    disabled: bool,
}

/// The statement that writes what changed, and nothing else, into the user's row; a name is written for all users anyway.
fn statement(table: &Table, user: UserId, changed: Changed) -> Option<String> {
    let user = blob(user);
    let writer = Writer { table };
    if changed.deleted {
        return Some(writer.blanked(&user));
    }
    let here = |column: &str| format!("(select {column} from sekisho_users where id = {user})");
    let disabled = format!("{} is not null", here("disabled_at"));
    let mut values = Vec::new();
    if let Some(field) = table.email.as_ref().filter(|_| changed.email) {
        values.push((&field.column, address(&here("email"), field.not_null)));
    }
    if let Some(field) = table.full_name.as_ref().filter(|_| changed.full_name) {
        values.push((&field.column, or_empty(&here("full_name"), field.not_null)));
    }
    if let Some(flag) = table.disabled.as_ref().filter(|_| changed.disabled) {
        values.push((&flag.column, truth(&disabled, flag.inverted)));
    }
    let barred = changed.disabled && table.disabled.is_none();
    if table.passwords == Passwords::Kept && (changed.password || barred) {
        let nobody = literal(NOBODYS_HASH);
        let own = format!("coalesce({}, {nobody})", writer.stored_hash(&user));
        let value = match table.disabled {
            Some(_) => own,
            // The application knows no disabled users: without a hash they can't log in there at least.
            None => format!("case when {disabled} then {nobody} else {own} end"),
        };
        values.push((&table.hash, value));
    }
    (!values.is_empty()).then(|| writer.set(&values, &user))
}

/// Whether there is a row, and its hash, name and address in hexadecimal digits, since they may be of any type; `None` if
/// the table has no column of ids.
fn row_columns(conn: &Conn, table: &Table) -> Result<Option<String>, Error> {
    let has = |column: &str| {
        let sql = "select 1 from pragma_table_xinfo(?1) where name = ?2 collate nocase";
        conn.row(text(sql), &[table.name.as_str().into(), column.into()]).map(|row| row.is_some())
    };
    if !has(&table.id)? {
        return Ok(None);
    }
    let [username, email] = [&table.username, &table.email].map(|field| field.as_ref().map(|f| &f.column));
    let mut columns = format!("o.{} is not null", name(&table.id));
    for (column, nothing) in [(Some(&table.hash), NOBODYS_HASH), (username, ""), (email, "")] {
        match column {
            Some(column) if has(column)? => {
                let (column, nothing) = (name(column), literal(nothing));
                columns.push_str(&format!(
                    ", case when o.{column} = {nothing} then '' else hex(substr(o.{column}, 1, 1000)) end"
                ));
            }
            _ => columns.push_str(", ''"),
        }
    }
    Ok(Some(columns))
}

/// The marks of a row's hash, name and address, which stand after whether it is there.
fn row_marks(user: UserId, row: &mut Row) -> Result<[Option<String>; 3], Error> {
    let mut marked = |at| {
        let text: String = row.take(at)?;
        Ok::<_, Error>((!text.is_empty()).then(|| mark(user, &text)))
    };
    Ok([marked(2)?, marked(3)?, marked(4)?])
}

/// What is compared of a user here.
struct Marks {
    /// Of address, full name and password.
    marks: [Option<String>; 3],
    disabled: bool,
    released: bool,
}

fn user_marks(user: UserId, row: &mut Row, from: usize) -> Result<Marks, Error> {
    let mut marked = |at| Ok::<_, Error>(row.take::<Option<String>>(at)?.map(|text| mark(user, &text)));
    let marks = [marked(from)?, marked(from + 1)?, marked(from + 2)?];
    Ok(Marks { marks, disabled: row.take::<i64>(from + 3)? != 0, released: row.take::<i64>(from + 4)? != 0 })
}

/// Goes through the rows of `from`, by the user's id in `a`, which stands before the columns.
fn each(
    conn: &Conn,
    columns: &str,
    from: &str,
    mut take: impl FnMut(UserId, &mut Row) -> Result<(), Error>,
) -> Result<(), Error> {
    let sql = format!(
        "select a.user_id, {columns} from {from} where a.user_id > ?1 order by a.user_id limit {PAGE}"
    );
    let mut after = UserId::from_bytes([0; 16]);
    loop {
        let rows = conn.rows(text(&sql), &[after.into()])?;
        let last = rows.len() < PAGE.unsigned_abs() as usize;
        for mut row in rows {
            after = row.take(0)?;
            take(after, &mut row)?;
        }
        if last {
            return Ok(());
        }
    }
}

/// A user's id within a statement.
fn blob(user: UserId) -> String {
    let digits: String = user.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("x'{digits}'")
}
