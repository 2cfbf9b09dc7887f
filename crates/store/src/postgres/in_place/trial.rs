//! A user who is made, changed and deleted and never was: whether the application's table takes what the functions write.

use sekisho_core::beside::Table;

use super::sql::text;
use crate::beside::{Shown, Step, TrialFailure, lives};
use crate::error::Error;
use crate::session::Tx;

const SHOWN: &str = "select o.username::text, o.email::text, o.full_name::text, o.hash::text, o.disabled::text \
     from sekisho_beside_accounts o join sekisho_beside b on b.row_id operator(pg_catalog.=) o.row_id where b.user_id = $1";

/// Goes through a user's whole life twice within a savepoint and rolls it back; the first step that failed, if any, and then
/// the transaction may be over. Numbers that a sequence gave meanwhile stay given.
pub(super) async fn attempt(tx: &mut Tx, table: &Table) -> Result<Option<TrialFailure>, Error> {
    tx.define("savepoint trial").await?;
    if let Some(failure) = walk(tx, table).await? {
        return Ok(Some(failure));
    }
    tx.define("rollback to savepoint trial").await?;
    tx.define("release savepoint trial").await?;
    Ok(None)
}

async fn walk(tx: &mut Tx, table: &Table) -> Result<Option<TrialFailure>, Error> {
    let drawn = text(tx, "select replace(gen_random_uuid()::text, '-', '')", &[]).await?.unwrap_or_default();
    for step in lives(table, &drawn) {
        for (sql, said) in &step.run {
            if let Err(error) = tx.execute(sql, &step.params(said)).await {
                return step.refused(error).map(Some);
            }
        }
        if !shows(tx, table, &step).await? {
            return Ok(Some(step.not_shown(table)));
        }
    }
    Ok(None)
}

async fn shows(tx: &mut Tx, table: &Table, step: &Step) -> Result<bool, Error> {
    let Some(mut row) = tx.row(SHOWN, &[step.user.into()]).await? else { return Ok(false) };
    let mut take = |at| row.take::<Option<String>>(at);
    let (username, email, full_name, hash, disabled) = (take(0)?, take(1)?, take(2)?, take(3)?, take(4)?);
    let same = |there: bool, found: &Option<String>, value: &String| !there || found.as_ref() == Some(value);
    Ok(step.expected.iter().all(|shown| match shown {
        Shown::Username(value) => same(table.username.is_some(), &username, value),
        Shown::Email(value) => same(table.email.is_some(), &email, value),
        Shown::FullName(value) => same(table.full_name.is_some(), &full_name, value),
        Shown::Hash(value) => same(true, &hash, value),
        Shown::Disabled(yes) => table.disabled.as_ref().is_none_or(|flag| {
            let said = if *yes != flag.inverted { ["true", "1"] } else { ["false", "0"] };
            disabled.as_deref().is_some_and(|found| said.contains(&found))
        }),
    }))
}
