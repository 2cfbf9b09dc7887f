//! The end of standing beside an application: its passwords withheld, its table left alone, or ours taken away.

use std::path::Path;
use std::sync::Arc;

use sekisho_core::beside::{NOBODYS_HASH, Passwords, Standing};

use super::apart;
use super::sql::{count, drop_triggers, literal, name, ours, run, text};
use super::standing::{STANDING, hashes_from_here};
use crate::echo::Observer;
use crate::error::Error;
use crate::session::Tx;
use crate::sqlite::{Conn, Role};

impl Tx {
    /// Users whom the application could not let in by itself: their hash is not of bcrypt, which is all that it reads.
    pub async fn unreadable_beside(&mut self) -> Result<u64, Error> {
        self.on_sqlite(|conn| {
            count(
                conn,
                "select count(*) from sekisho_credentials c join sekisho_users u on u.id = c.user_id \
                 where c.kind = 'password' and u.released_at is null and substr(c.data, 1, 2) <> '$2'",
            )
        })
    }

    /// Takes the hashes out of the application's table and keeps only names, addresses and states in step.
    pub async fn withhold_passwords(&mut self, standing: &Standing) -> Result<u64, Error> {
        let mut standing = standing.clone();
        standing.table.passwords = Passwords::Withheld;
        let table = standing.table.clone();
        if let Err(failure) = self.stand_beside(&standing).await? {
            return Err(Error::misuse(format!("{}: {}", failure.step, failure.reason)));
        }
        self.on_sqlite(|conn| {
            run(
                conn,
                &format!(
                    "update {} set {} = {} where {} in (select row_id from sekisho_beside where row_id is not null)",
                    name(&table.name),
                    name(&table.hash),
                    literal(NOBODYS_HASH),
                    name(&table.id)
                ),
            )
        })
    }

    /// Puts the hashes back that [`Tx::withhold_passwords`] took out of the application's table; to how many rows.
    ///
    /// Nothing is tried: the way back must be open though the table would not take a new user any more.
    pub async fn give_passwords_back(&mut self, standing: &Standing) -> Result<u64, Error> {
        let mut table = standing.table.clone();
        table.passwords = Passwords::Kept;
        self.on_sqlite(|conn| hashes_from_here(&table).map_or(Ok(0), |given_back| run(conn, &given_back)))
    }

    /// Leaves the application's table as it is from now on; the users here are Sekisho's alone.
    ///
    /// Which row was whose is noted, for the case that it is adopted again.
    pub async fn detach(&mut self) -> Result<(), Error> {
        let standing = self.standing().await?;
        if let Some(standing) = standing {
            self.on_sqlite(|conn| apart::part(conn, &standing.table))?;
        }
        self.leave().await
    }

    async fn leave(&mut self) -> Result<(), Error> {
        self.drop_meta(STANDING).await?;
        self.on_sqlite(|conn| {
            drop_triggers(conn)?;
            for found in ours(conn, "index")? {
                run(conn, &format!("drop index {}", name(&found)))?;
            }
            run(conn, "drop table if exists sekisho_beside").map(drop)
        })
    }

    /// Takes every table of ours out of the application's file; its own rows stay as they are.
    ///
    /// [`Error::Misuse`] if a table that is not ours refers to one of ours.
    pub async fn take_away(&mut self) -> Result<(), Error> {
        self.leave().await?;
        self.on_sqlite(|conn| {
            let tables = tables(conn)?;
            let referring = "select m.name from sqlite_schema m join pragma_foreign_key_list(m.name) f \
                             where m.type = 'table' and substr(m.name, 1, 8) <> 'sekisho_' \
                             and substr(f.\"table\", 1, 8) = 'sekisho_'";
            if let Some(mut row) = conn.row(text(referring), &[])? {
                let table: String = row.take(0)?;
                return Err(Error::misuse(format!(
                    "table {table} refers to users of Sekisho's: drop it first"
                )));
            }
            // Those that refer before those that are referred to.
            let (last, first): (Vec<_>, Vec<_>) =
                tables.into_iter().partition(|table| table == "sekisho_users");
            first
                .iter()
                .chain(&last)
                .try_for_each(|table| run(conn, &format!("drop table {}", name(table))).map(drop))
        })
    }
}

fn tables(conn: &Conn) -> Result<Vec<String>, Error> {
    let all = "select name from sqlite_schema where type = 'table' and substr(name, 1, 8) = 'sekisho_' order by name";
    conn.rows(text(all), &[])?.into_iter().map(|mut row| row.take(0)).collect()
}

/// Gives a file the journal mode that it had before; `false` if somebody else has it open, and then it keeps the log.
pub fn leave_wal(path: &Path, mode: &str) -> Result<bool, Error> {
    if mode == "wal" {
        return Ok(true);
    }
    let conn = Conn::open(path, Role::Guest, &Arc::new(Observer::default()))?;
    // One of the words that SQLite itself has given as the mode; anything else is the usual one.
    let mode = ["delete", "truncate", "persist"].into_iter().find(|known| *known == mode).unwrap_or("delete");
    match conn.row(text(&format!("pragma journal_mode = {mode}")), &[]) {
        Ok(row) => Ok(row.map(|mut row| row.take::<String>(0)).transpose()?.as_deref() == Some(mode)),
        Err(error) if error.is_busy() => Ok(false),
        Err(error) => Err(error),
    }
}
