//! Standing beside an application in its own database: users there and here kept in step, for a trial or for good.
//!
//! What differs between the databases is how: see `sqlite/in_place` and `postgres/in_place`. What PostgreSQL is asked one by one
//! stands on the heap: it is rare, and would make every caller's future larger.

mod life;
#[cfg(test)]
pub(crate) mod testing;

pub use life::TrialFailure;
pub(crate) use life::{Shown, Step, lives};

use sekisho_core::beside::{Column, Passwords, Standing, Table};
use sekisho_core::id::UserId;

use crate::dialect::Dialect;
use crate::error::Error;
use crate::postgres::in_place as on_postgres;
use crate::session::{Read, Tx};
use crate::sqlite::in_place as on_sqlite;
use crate::user_changes::Field;

/// Under what name the database keeps how it stands beside the application.
const STANDING: &str = "beside";

impl Read {
    /// Whether rows of an application are linked to users here.
    pub async fn has_links(&mut self) -> Result<bool, Error> {
        let there = match self.dialect() {
            Dialect::Sqlite => "select 1 from sqlite_schema where type = 'table' and name = 'sekisho_beside'",
            Dialect::Postgres => "select 1 where to_regclass('sekisho_beside') is not null",
        };
        Ok(self.row(there, &[]).await?.is_some())
    }

    /// Whose the application's row of this id is, as long as there are links.
    pub async fn linked_user(&mut self, row: &str) -> Result<Option<UserId>, Error> {
        let sql = match self.dialect() {
            Dialect::Sqlite => {
                "select user_id from sekisho_beside \
                 where row_id in ($1, cast($1 as integer)) and cast(row_id as text) = $1"
            }
            Dialect::Postgres => "select user_id from sekisho_beside where row_id::text = $1",
        };
        self.row(sql, &[row.into()]).await?.map(|mut row| row.take(0)).transpose()
    }

    /// Whether the application has deleted this user's row, as long as there are links.
    pub async fn has_lost_row(&mut self, user: UserId) -> Result<bool, Error> {
        let sql = "select 1 from sekisho_beside where user_id = $1 and row_id is null";
        Ok(self.row(sql, &[user.into()]).await?.is_some())
    }

    /// How the database stands beside an application; `None` if it has its place alone.
    pub async fn standing(&mut self) -> Result<Option<Standing>, Error> {
        // Where nothing was ever adopted, or all is the application's again, there is no such table.
        let there = match self.dialect() {
            Dialect::Sqlite => "select 1 from sqlite_schema where type = 'table' and name = 'sekisho_meta'",
            Dialect::Postgres => "select 1 where to_regclass('sekisho_meta') is not null",
        };
        if self.row(there, &[]).await?.is_none() {
            return Ok(None);
        }
        let text = self.meta(STANDING).await?;
        text.map(|text| {
            serde_json::from_str(&text)
                .map_err(|_| Error::corrupt("how it stands beside an application is unreadable"))
        })
        .transpose()
    }

    /// Which of name and address a row of the application has; `None` if neither, or if the database has its place alone.
    ///
    /// It is asked where no user here is in the way, so that row is nobody's here.
    pub(crate) async fn taken_beside(
        &mut self,
        username: &str,
        email: Option<&str>,
    ) -> Result<Option<Field>, Error> {
        let there = match self.dialect() {
            Dialect::Sqlite => {
                "select 1 from sqlite_schema where type = 'view' and name = 'sekisho_beside_accounts'"
            }
            Dialect::Postgres => "select 1 where to_regclass('sekisho_beside_accounts') is not null",
        };
        if self.row(there, &[]).await?.is_none() {
            return Ok(None);
        }
        if self.dialect() == Dialect::Postgres {
            return Box::pin(on_postgres::taken(self, username, email)).await;
        }
        let by_name = "select 1 from sekisho_beside_accounts where username = $1";
        if self.row(by_name, &[username.into()]).await?.is_some() {
            return Ok(Some(Field::Username));
        }
        let by_email = "select 1 from sekisho_beside_accounts where email = $1";
        Ok(self.row(by_email, &[email.into()]).await?.map(|_| Field::Email))
    }

    /// What of a user a unique constraint of the application's table is about, by what the database calls it; `None` if it is
    /// of another table.
    pub(crate) async fn field_beside(&mut self, table: &Table, what: &str) -> Result<Option<Field>, Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(taken_in(table, what)),
            Dialect::Postgres => Box::pin(on_postgres::field_of(self, table, what)).await,
        }
    }

    async fn count_of(&mut self, sql: &'static str) -> Result<u64, Error> {
        let row = self.row(sql, &[]).await?;
        Ok(row.ok_or_else(|| Error::corrupt("no answer to a count"))?.take::<i64>(0)?.unsigned_abs())
    }
}

/// What an adoption does; each is part of the caller's transaction.
impl Tx {
    /// Keeps whoever else writes users, there or here, waiting until the end; reading goes on.
    ///
    /// SQLite's one writer is this transaction. [`Error::Busy`] if somebody has been writing for too long.
    pub async fn hold_users_beside(&mut self, schema: Option<&str>, table: &str) -> Result<(), Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(()),
            Dialect::Postgres => Box::pin(on_postgres::hold(self, schema, table)).await,
        }
    }

    /// The schema in which the application's table is; none on SQLite.
    pub async fn schema_of(&mut self, schema: Option<&str>, table: &str) -> Result<Option<String>, Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(None),
            Dialect::Postgres => Box::pin(on_postgres::schema_of(self, schema, table)).await.map(Some),
        }
    }

    /// The columns of the application's table into which a row can be written.
    pub async fn columns_of(&mut self, schema: Option<&str>, table: &str) -> Result<Vec<Column>, Error> {
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(|conn| on_sqlite::columns_of(conn, table)),
            Dialect::Postgres => Box::pin(on_postgres::columns_of(self, schema, table)).await,
        }
    }

    /// What this role may not do and would have to, each as the statement by which an owner allows it; none on SQLite, where
    /// the file's mode decides.
    pub async fn rights_missing(&mut self, table: &Table) -> Result<Vec<String>, Error> {
        match self.dialect() {
            Dialect::Sqlite => Ok(Vec::new()),
            Dialect::Postgres => Box::pin(on_postgres::rights_missing(self, table)).await,
        }
    }

    /// Copies the application's table within its database, under a name of ours that ends so, and counts what was copied:
    /// the copy's name. On PostgreSQL alone; of SQLite the file is copied.
    pub async fn copy_table(&mut self, table: &Table, end: &str) -> Result<String, Error> {
        Box::pin(on_postgres::copy_table(self, table, end)).await
    }

    /// The file's journal mode, as `wal` or `delete`; nothing on PostgreSQL.
    pub async fn journal_mode(&mut self) -> Result<String, Error> {
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(on_sqlite::journal_mode),
            Dialect::Postgres => Ok(String::new()),
        }
    }

    /// Keeps users who come from the application from being written back into it.
    pub async fn stand_aside(&mut self) -> Result<(), Error> {
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(on_sqlite::stand_aside),
            Dialect::Postgres => Box::pin(on_postgres::stand_aside(self)).await,
        }
    }

    /// Notes which rows are gone, links the users who came from the application's rows to these, gives rows the names that
    /// users got here, makes the triggers, and tries them: how many rows of either side that changed, or the step that the
    /// application's table did not take, after which the transaction is to be given up.
    pub async fn stand_beside(&mut self, standing: &Standing) -> Result<Result<u64, TrialFailure>, Error> {
        let told = serde_json::to_string(standing).map_err(Error::misuse)?;
        self.set_meta(STANDING, &told).await?;
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(|conn| on_sqlite::stand_beside(conn, &standing.table)),
            Dialect::Postgres => Box::pin(on_postgres::stand_beside(self, &standing.table)).await,
        }
    }

    /// How many users are linked to rows of the application.
    pub async fn links(&mut self) -> Result<u64, Error> {
        self.count_of("select count(*) from sekisho_beside where row_id is not null").await
    }

    /// How many users are here whose row the application has deleted.
    pub async fn rows_gone(&mut self) -> Result<u64, Error> {
        self.count_of(
            "select count(*) from sekisho_beside b join sekisho_users u on u.id = b.user_id \
             where b.row_id is null and u.released_at is null",
        )
        .await
    }

    /// The texts of all that was made for standing beside, to be compared.
    pub async fn made_beside(&mut self) -> Result<Vec<String>, Error> {
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(on_sqlite::made_beside),
            Dialect::Postgres => Box::pin(on_postgres::made_beside(self)).await,
        }
    }

    /// Notes which rows the application has deleted without a trigger seeing it.
    pub async fn note_rows_gone(&mut self, table: &Table) -> Result<u64, Error> {
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(|conn| on_sqlite::note_rows_gone(conn, table)),
            Dialect::Postgres => Box::pin(on_postgres::note_rows_gone(self, table)).await,
        }
    }

    /// Links users and rows as they were linked before the application's table was left alone, as far as the rows are still
    /// theirs; nothing where it was not.
    ///
    /// Call it before the rows are read: it tells who came before.
    pub async fn rejoin(&mut self, table: &Table) -> Result<(), Error> {
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(|conn| on_sqlite::rejoin(conn, table)),
            Dialect::Postgres => Box::pin(on_postgres::rejoin(self, table)).await,
        }
    }

    /// Frees the id of a row that was this user's, for whom it is now; the user stays, without a row.
    pub async fn part_from_row(&mut self, external_id: &str, user: UserId) -> Result<(), Error> {
        let params = [external_id.into(), user.into()];
        let sql = "delete from sekisho_adopted where kind = 'user' and external_id = $1 and user_id = $2";
        self.execute(sql, &params).await?;
        let sql = "update sekisho_users set external_id = null where external_id = $1 and id = $2";
        self.execute(sql, &params).await?;
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(on_sqlite::make_links)?,
            // It is there since the rows were looked at.
            Dialect::Postgres => {}
        }
        let sql = "insert into sekisho_beside (user_id, row_id) values ($1, null) on conflict do nothing";
        self.execute(sql, &[user.into()]).await.map(drop)
    }

    /// Users whom the application could not let in by itself: their hash is not of bcrypt, which is all that it reads.
    pub async fn unreadable_beside(&mut self) -> Result<u64, Error> {
        self.count_of(
            "select count(*) from sekisho_credentials c join sekisho_users u on u.id = c.user_id \
             where c.kind = 'password' and u.released_at is null and substr(c.data, 1, 2) <> '$2'",
        )
        .await
    }

    /// Takes the hashes out of the application's table and keeps only names, addresses and states in step.
    pub async fn withhold_passwords(&mut self, standing: &Standing) -> Result<u64, Error> {
        let mut standing = standing.clone();
        standing.table.passwords = Passwords::Withheld;
        if let Err(failure) = Box::pin(self.stand_beside(&standing)).await? {
            return Err(Error::misuse(format!("{}: {}", failure.step, failure.reason)));
        }
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(|conn| on_sqlite::withhold(conn, &standing.table)),
            Dialect::Postgres => Box::pin(on_postgres::withhold(self)).await,
        }
    }

    /// Puts the hashes back that [`Tx::withhold_passwords`] took out of the application's table; to how many rows.
    ///
    /// Nothing is tried: the way back must be open though the table would not take a new user any more.
    pub async fn give_passwords_back(&mut self, standing: &Standing) -> Result<u64, Error> {
        let mut table = standing.table.clone();
        table.passwords = Passwords::Kept;
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(|conn| on_sqlite::give_back(conn, &table)),
            Dialect::Postgres => Box::pin(on_postgres::give_back(self, &table)).await,
        }
    }

    /// Leaves the application's table as it is from now on; the users here are Sekisho's alone.
    ///
    /// Which row was whose is noted, for the case that it is adopted again.
    pub async fn detach(&mut self) -> Result<(), Error> {
        if let Some(standing) = self.standing().await? {
            match self.dialect() {
                Dialect::Sqlite => self.on_sqlite(|conn| on_sqlite::part(conn, &standing.table))?,
                Dialect::Postgres => Box::pin(on_postgres::part(self)).await?,
            }
        }
        self.leave().await
    }

    /// How many sessions of this name others have open in the database; none on SQLite, where a lock beside the file tells.
    pub async fn sessions(&mut self, application_name: &str) -> Result<u64, Error> {
        if self.dialect() == Dialect::Sqlite {
            return Ok(0);
        }
        // What was seen of others before in this transaction is not looked at again.
        self.define("select pg_catalog.pg_stat_clear_snapshot()").await?;
        let sql = "select count(*) from pg_catalog.pg_stat_activity where datname = current_database() \
                   and application_name = $1 and pid <> pg_backend_pid()";
        let row = self.row(sql, &[application_name.into()]).await?;
        Ok(row.map(|mut row| row.take::<i64>(0)).transpose()?.unwrap_or(0).unsigned_abs())
    }

    /// Takes every table of ours out of the application's database; its own rows stay as they are, and so do copies of them.
    ///
    /// [`Error::Misuse`] if a table that is not ours refers to one of ours.
    pub async fn take_away(&mut self) -> Result<(), Error> {
        self.leave().await?;
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(on_sqlite::take_away),
            Dialect::Postgres => Box::pin(on_postgres::take_away(self)).await,
        }
    }

    async fn leave(&mut self) -> Result<(), Error> {
        self.drop_meta(STANDING).await?;
        match self.dialect() {
            Dialect::Sqlite => self.on_sqlite(on_sqlite::leave),
            Dialect::Postgres => Box::pin(on_postgres::leave(self)).await,
        }
    }
}

/// SQLite names the columns of a unique index; of one over an expression only the name is known.
fn taken_in(table: &Table, what: &str) -> Option<Field> {
    let has = |field: &Option<sekisho_core::beside::Field>| {
        let full = field.as_ref().map(|field| format!("{}.{}", table.name, field.column));
        full.is_some_and(|full| what.split(", ").any(|column| column == full))
    };
    let of_the_table = what.starts_with(&format!("{}.", table.name)) || what.starts_with("index ");
    if has(&table.username) {
        Some(Field::Username)
    } else if has(&table.email) || (of_the_table && what.to_ascii_lowercase().contains("mail")) {
        Some(Field::Email)
    } else {
        of_the_table.then_some(Field::Username)
    }
}
