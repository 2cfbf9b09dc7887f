//! A user who is made, changed and deleted and never was: whether the application's table takes what the triggers write.

use sekisho_core::beside::{NOBODYS_HASH, Passwords, Table};

use super::sql::{literal, name, run, text};
use crate::error::Error;
use crate::sqlite::Conn;

/// A step of the trial that the application's table did not take.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrialFailure {
    /// What was tried: `adding a user`.
    pub step: &'static str,
    /// Why it failed, in the database's words; it names columns and constraints, no value.
    pub reason: String,
}

/// Goes through a user's whole life twice within a savepoint and rolls it back; the first step that failed, if any.
///
/// The second user shows whether a value that is the same for all breaks a unique constraint.
pub(super) fn attempt(conn: &Conn, table: &Table) -> Result<Option<TrialFailure>, Error> {
    conn.control("savepoint trial")?;
    let failed = walk(conn, table);
    // A constraint leaves the savepoint as it is; anything worse has ended the transaction, and this says so.
    conn.control("rollback to trial")?;
    conn.control("release trial")?;
    failed
}

/// A step: what it is, what is run, and what must be true of the application's row then.
struct Step {
    what: &'static str,
    run: String,
    expected: String,
}

fn walk(conn: &Conn, table: &Table) -> Result<Option<TrialFailure>, Error> {
    let drawn = "select lower(hex(randomblob(16)))";
    let row = conn.row(text(drawn), &[])?;
    let nonce: String = row.ok_or_else(|| Error::corrupt("nothing was drawn"))?.take(0)?;
    for (what, digit) in [("adding a user", '1'), ("adding a second user", '2')] {
        for step in life(table, what, &format!("{}{digit}", &nonce[..31])) {
            if let Some(failure) = tried(conn, table, &step)? {
                return Ok(Some(failure));
            }
        }
    }
    for digit in ['1', '2'] {
        let step = deletion(table, &format!("{}{digit}", &nonce[..31]));
        if let Some(failure) = tried(conn, table, &step)? {
            return Ok(Some(failure));
        }
    }
    Ok(None)
}

fn tried(conn: &Conn, table: &Table, step: &Step) -> Result<Option<TrialFailure>, Error> {
    let failure = |reason: String| Ok(Some(TrialFailure { step: step.what, reason }));
    for statement in step.run.split(";\n").filter(|statement| !statement.is_empty()) {
        match run(conn, statement) {
            Ok(_) => {}
            Err(Error::Taken { what }) => {
                return failure(format!("{what} must differ from row to row, and another row has the same"));
            }
            Err(Error::Constraint { what } | Error::Misuse { reason: what }) => return failure(what),
            Err(error) => return Err(error),
        }
    }
    if conn.row(text(&step.expected), &[])?.is_some() {
        return Ok(None);
    }
    failure(format!("table {} does not show it: has it triggers of its own?", table.name))
}

fn life(table: &Table, adding: &'static str, nonce: &str) -> Vec<Step> {
    let id = format!("x'{nonce}'");
    let (first, second) = (format!("trial-{nonce}"), format!("trial-{nonce}-later"));
    let mail = |who: &str| literal(&format!("{who}@trial.example"));
    // Not of anybody: a salt of its own tells it from the one that bars a log-in.
    let hash = NOBODYS_HASH.replacen("....", "aaaa", 1);
    let there = match table.passwords {
        Passwords::Kept => literal(&hash),
        Passwords::Withheld => literal(NOBODYS_HASH),
    };
    let user =
        |column: &str, value: &str| format!("update sekisho_users set {column} = {value} where id = {id}");
    let shown = |checks: &[(Option<&str>, String)]| row_shows(table, &id, checks);
    let (username, email, full_name) = (
        table.username.as_ref().map(|field| field.column.as_str()),
        table.email.as_ref().map(|field| field.column.as_str()),
        table.full_name.as_ref().map(|field| field.column.as_str()),
    );
    let barred = |yes: bool| match &table.disabled {
        Some(flag) => (Some(flag.column.as_str()), u8::from(yes != flag.inverted).to_string()),
        None if yes => (Some(table.hash.as_str()), literal(NOBODYS_HASH)),
        None => (Some(table.hash.as_str()), there.clone()),
    };
    let add = format!(
        "insert into sekisho_users (id, username, email, token_version, created_at, updated_at) \
         values ({id}, {}, {}, 0, 0, 0);\n\
         insert into sekisho_credentials (user_id, kind, scheme, cost, data, created_at, updated_at) \
         values ({id}, 'password', 'bcrypt', '12', {}, 0, 0)",
        literal(&first),
        mail(&first),
        literal(&hash)
    );
    let added = [
        (username, literal(&first)),
        (email, mail(&first)),
        (Some(table.hash.as_str()), there.clone()),
        barred(false),
    ];
    let full = literal("Trial");
    vec![
        Step { what: adding, run: add, expected: shown(&added) },
        Step {
            what: "changing a username",
            run: user("username", &literal(&second)),
            expected: shown(&[(username, literal(&second))]),
        },
        Step {
            what: "changing an address",
            run: user("email", &mail(&second)),
            expected: shown(&[(email, mail(&second))]),
        },
        Step {
            what: "changing a full name",
            run: user("full_name", &full),
            expected: shown(&[(full_name, full.clone())]),
        },
        Step { what: "disabling a user", run: user("disabled_at", "1"), expected: shown(&[barred(true)]) },
        Step { what: "enabling a user", run: user("disabled_at", "null"), expected: shown(&[barred(false)]) },
    ]
}

fn deletion(table: &Table, nonce: &str) -> Step {
    let id = format!("x'{nonce}'");
    Step {
        what: "deleting a user",
        run: format!(
            "update sekisho_users set email = null, full_name = null, external_id = null, disabled_at = null, \
             released_at = 1 where id = {id};\ndelete from sekisho_credentials where user_id = {id}"
        ),
        expected: row_shows(table, &id, &[(Some(table.hash.as_str()), literal(NOBODYS_HASH))]),
    }
}

/// A query that has a row if the application's row of a user holds these values.
fn row_shows(table: &Table, id: &str, checks: &[(Option<&str>, String)]) -> String {
    let checks =
        checks.iter().filter_map(|(column, value)| Some(format!(" and o.{} = {value}", name((*column)?))));
    format!(
        "select 1 from {} o join sekisho_beside b on b.row_id = o.{} where b.user_id = {id}{}",
        name(&table.name),
        name(&table.id),
        checks.collect::<String>()
    )
}
