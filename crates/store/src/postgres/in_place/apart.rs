//! The time between a detaching and the next adoption: which row was whose, and what changed here meanwhile.
//!
//! Nobody sees then which rows the application deletes, and who gets their ids. So a row is a user's own again only if it
//! still has the name, the address or the hash that it had; of these no more than marks are kept, as
//! [`sekisho_core::beside::mark`] makes them.

use sekisho_core::beside::{NOBODYS_HASH, Passwords, Table};

use super::functions::{address, hash_of, or_empty, truth};
use super::links;
use super::sql::literal;
use super::view;
use crate::error::Error;
use crate::session::Tx;

/// Of the row there: marks of hash, name and address. Of the user here: marks of address, full name and password, and the
/// state. Null is a mark of nothing.
const APART: &str = "create table sekisho_apart (user_id uuid not null primary key references sekisho_users (id), \
     row_id text unique, row_hash text, row_name text, row_email text, email text, full_name text, password text, \
     disabled boolean not null, released boolean not null)";
/// Where a deleted user's row is not known again, it is not to bring them back.
const STAYS_DELETED: &str = "insert into sekisho_adopted (kind, external_id, user_id, adopted_at) \
     select 'user', a.row_id, u.id, u.updated_at from sekisho_apart a join sekisho_users u on u.id = a.user_id \
     where a.row_id is not null and u.released_at is not null \
     and not exists (select 1 from sekisho_beside b where b.user_id = a.user_id) on conflict do nothing";
/// Whose row is theirs again, with what they were and what they are.
const AGAIN: &str = "from sekisho_apart a join sekisho_beside b on b.user_id = a.user_id and b.row_id::text = a.row_id \
     join sekisho_users u on u.id = a.user_id \
     left join sekisho_credentials c on c.user_id = u.id and c.kind = 'password'";

/// Notes how rows and users are at the moment of parting, while links and view are still there.
pub(crate) async fn part(tx: &mut Tx) -> Result<(), Error> {
    forget(tx).await?;
    let there = "select 1 where to_regclass('sekisho_beside_accounts') is not null";
    if tx.row(there, &[]).await?.is_none() {
        // Somebody has dropped the table with all that hung on it: nothing tells which row was whose.
        return Ok(());
    }
    tx.define(APART).await?;
    let [hash, name, email] = row_marks("b.user_id");
    tx.at_length(&format!(
        "insert into sekisho_apart select b.user_id, b.row_id::text, {hash}, {name}, {email}, {}, {}, {}, \
         u.disabled_at is not null, u.released_at is not null from sekisho_beside b \
         join sekisho_users u on u.id = b.user_id \
         left join sekisho_credentials c on c.user_id = u.id and c.kind = 'password' \
         left join sekisho_beside_accounts o on o.row_id operator(pg_catalog.=) b.row_id",
        mark("u.id", "u.email"),
        mark("u.id", "u.full_name"),
        mark("u.id", "c.data")
    ))
    .await
    .map(drop)
}

/// Links users and rows as they were linked before, as far as the rows are still theirs.
pub(crate) async fn rejoin(tx: &mut Tx, table: &Table) -> Result<(), Error> {
    // The rows are read against the links from here on.
    links::make(tx, table).await?;
    if !is_apart(tx).await? {
        return Ok(());
    }
    view::make(tx, table).await?;
    let [hash, name, email] = row_marks("a.user_id");
    let known = tx
        .at_length(&format!(
            "insert into sekisho_beside (user_id, row_id) select a.user_id, o.row_id from sekisho_apart a \
             join sekisho_beside_accounts o on o.row_id::text = a.row_id \
             where {hash} = a.row_hash or {name} = a.row_name or {email} = a.row_email on conflict do nothing"
        ))
        .await?;
    // Of another table all rows would seem to be gone.
    if known > 0 {
        tx.at_length(
            "insert into sekisho_beside (user_id, row_id) select a.user_id, null from sekisho_apart a \
             where not exists (select 1 from sekisho_beside_accounts o where o.row_id::text = a.row_id) \
             on conflict do nothing",
        )
        .await?;
    }
    tx.at_length(STAYS_DELETED).await.map(drop)
}

/// Carries what happened here meanwhile into the rows that are their users' again, and nothing else, and forgets it; how
/// many rows that changed.
pub(super) async fn carry_over(tx: &mut Tx, table: &Table) -> Result<u64, Error> {
    if !is_apart(tx).await? {
        return Ok(0);
    }
    // Who was deleted before has a blank row since; a name is written for all users anyway.
    let mut rows = tx
        .at_length(&format!(
            "select sekisho_beside_blank(b.row_id::text) {AGAIN} where u.released_at is not null and not a.released"
        ))
        .await?;
    let mut carried: Vec<(&str, String, String)> = Vec::new();
    if let Some(field) = &table.email {
        let changed = format!("a.email is distinct from {}", mark("u.id", "u.email"));
        carried.push(("email", address("u.email", field), changed));
    }
    if let Some(field) = &table.full_name {
        let changed = format!("a.full_name is distinct from {}", mark("u.id", "u.full_name"));
        carried.push(("full_name", or_empty("u.full_name", field), changed));
    }
    let state = "a.disabled <> (u.disabled_at is not null)";
    let password = format!("a.password is distinct from {}", mark("u.id", "c.data"));
    match &table.disabled {
        Some(flag) => {
            carried.push(("disabled", truth("u.disabled_at is not null", flag), state.to_owned()));
            if table.passwords == Passwords::Kept {
                carried.push(("hash", hash_of("u", table), password));
            }
        }
        None if table.passwords == Passwords::Kept => {
            carried.push(("hash", hash_of("u", table), format!("({password} or {state})")));
        }
        None => {}
    }
    for (column, value, changed) in carried {
        rows += tx
            .at_length(&format!(
                "update sekisho_beside_accounts o set {column} = {value} {AGAIN} where o.row_id operator(pg_catalog.=) b.row_id \
                 and u.released_at is null and not a.released and {changed}"
            ))
            .await?;
    }
    forget(tx).await?;
    Ok(rows)
}

/// Forgets it all: the table is in step again, or is none of ours any more.
async fn forget(tx: &mut Tx) -> Result<(), Error> {
    tx.define("drop table if exists sekisho_apart").await
}

/// Whether the application's table was left alone and is not in step again.
async fn is_apart(tx: &mut Tx) -> Result<bool, Error> {
    Ok(tx.row("select 1 where to_regclass('sekisho_apart') is not null", &[]).await?.is_some())
}

/// The marks of a row's hash, name and address.
fn row_marks(user: &str) -> [String; 3] {
    [("hash", NOBODYS_HASH), ("username", ""), ("email", "")].map(|(column, nothing)| {
        mark(user, &format!("nullif(left(o.{column}::text, 1000), {})", literal(nothing)))
    })
}

/// [`sekisho_core::beside::mark`] in SQL; null of null.
fn mark(user: &str, text: &str) -> String {
    format!("left(encode(sha256(uuid_send({user}) || convert_to({text}, 'UTF8')), 'hex'), 32)")
}
