//! The database file, looked at from outside through a connection of our own.

use rusqlite::{Connection, OpenFlags};
use std::collections::HashSet;
use std::path::Path;

/// The name of the SQLite file in the data folder.
pub(crate) const FILE: &str = "sekisho.db";

/// What the file holds; an error if SQLite's own check or one of ours finds it damaged.
pub(crate) fn users(data: &Path) -> Result<HashSet<String>, String> {
    look(&data.join(FILE)).map_err(|error| format!("{FILE}: {error}"))?
}

fn look(file: &Path) -> Result<Result<HashSet<String>, String>, rusqlite::Error> {
    let database = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let check: String = database.query_row("pragma integrity_check", [], |row| row.get(0))?;
    if check != "ok" {
        return Ok(Err(format!("integrity_check: {check}")));
    }
    // A registration is whole or absent: a user never lacks the password that came with him.
    let halves: i64 = database.query_row(
        "select count(*) from sekisho_users u where not exists \
         (select 1 from sekisho_credentials c where c.user_id = u.id)",
        [],
        |row| row.get(0),
    )?;
    if halves > 0 {
        return Ok(Err(format!("{halves} users without a password")));
    }
    let mut statement = database.prepare("select username from sekisho_users where username is not null")?;
    let names = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(Ok(names))
}

#[cfg(test)]
mod tests {
    use super::{FILE, users};
    use crate::scratch::Scratch;
    use rusqlite::Connection;
    use std::io::{Seek, SeekFrom, Write};

    fn database(name: &str, statements: &str) -> Scratch {
        let scratch = Scratch::new(name).unwrap();
        let database = Connection::open(scratch.path(FILE)).unwrap();
        database
            .execute_batch(
                "create table sekisho_users (id integer primary key, username text unique);
                 create table sekisho_credentials (user_id integer);",
            )
            .unwrap();
        database.execute_batch(statements).unwrap();
        scratch
    }

    #[test]
    fn a_damaged_page_is_seen() {
        let many = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
            insert into sekisho_users select i, 'name' || i from n;
            insert into sekisho_credentials select id from sekisho_users;";
        let scratch = database("damaged", many);
        assert_eq!(users(&scratch.path("")).unwrap().len(), 2000);
        let mut file = std::fs::File::options().write(true).open(scratch.path(FILE)).unwrap();
        file.seek(SeekFrom::Start(5 * 4096 + 8)).unwrap();
        file.write_all(&[0xff; 64]).unwrap();
        assert!(users(&scratch.path("")).is_err());
        scratch.remove();
    }

    #[test]
    fn half_a_registration_is_seen() {
        let scratch = database("half", "insert into sekisho_users values (1, 'tim');");
        assert!(users(&scratch.path("")).unwrap_err().contains("without a password"));
        scratch.remove();
    }
}
