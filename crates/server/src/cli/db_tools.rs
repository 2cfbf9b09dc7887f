//! What `sekisho db backup` and `db restore` say on PostgreSQL: which of its own tools does it, and how.

use super::exit::{Exit, Stop};
use super::output::Out;
use sekisho_core::settings::PostgresUrl;
use serde_json::json;
use std::io::Read as _;
use std::path::Path;

/// How to back it up into this file; `keys` says where the keys are.
pub(super) fn backup(url: &PostgresUrl, file: &Path, keys: &str, out: &mut Out) -> Result<(), Stop> {
    let from = address(url, None);
    let file = shell(file);
    let commands = [
        format!("pg_dump --format=custom --file={file} {from}"),
        format!("pg_basebackup --wal-method=stream --checkpoint=fast --pgdata={file} --dbname={from}"),
    ];
    let said = [
        "PostgreSQL is backed up with its own tools, beside the servers. This database alone, as of one moment:",
        "or the whole cluster, which with an archive of its log can be brought back to any moment (\"Continuous Archiving\" in \
         PostgreSQL's manual; pgBackRest does both), as a role with the right of replication:",
    ];
    tell(&said, &commands, &[keys.to_owned()], "nothing was backed up: the lines above do it", out)
}

/// How to bring this file back beside the present database.
pub(super) fn restore(url: &PostgresUrl, file: &Path, out: &mut Out) -> Result<(), Stop> {
    let name = format!("{}_restored", url.database.as_deref().or(url.user.as_deref()).unwrap_or("sekisho"));
    let beside = address(url, Some(&name));
    if is_sqlite(file) {
        let from = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let commands = [format!("sekisho db copy --from {} --to {beside}", shell(&from))];
        let said =
            ["this is a back-up of a SQLite database, which is copied into an empty database of PostgreSQL:"];
        return tell(&said, &commands, &[], "nothing was restored: the line above does it", out);
    }
    let commands = [
        format!(
            "psql --command='create database \"{}\" template template0 encoding \"UTF8\"' {}",
            name.replace('"', "\"\"").replace('\'', "'\\''"),
            address(url, None)
        ),
        format!(
            "pg_restore --exit-on-error --single-transaction --no-owner --dbname={beside} {}",
            shell(file)
        ),
        format!("sekisho db check {beside}"),
    ];
    let said = [
        "PostgreSQL is restored with its own tools: into a database beside the present one, which stays as it is (created by a role \
         that may do so, and owned by Sekisho's),",
        "from what pg_dump has written,",
        "and looked at before it is used:",
    ];
    let then = [
        "then stop every server, name the new database in DATABASE_URL, and start them with the root key that they had"
            .to_owned(),
    ];
    tell(&said, &commands, &then, "nothing was restored: the lines above do it", out)
}

/// Whether the file begins as those of SQLite do.
fn is_sqlite(file: &Path) -> bool {
    let mut begin = [0; 16];
    let read = std::fs::File::open(file).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && begin == *b"SQLite format 3\0"
}

fn tell(
    said: &[&str],
    commands: &[String],
    then: &[String],
    undone: &str,
    out: &mut Out,
) -> Result<(), Stop> {
    if out.is_json() {
        out.json(&json!({ "result": "not done", "commands": commands, "then": then }))?;
    } else {
        for (said, command) in said.iter().zip(commands) {
            out.line(said)?;
            out.line(&format!("  {command}"))?;
        }
        then.iter().try_for_each(|line| out.line(line))?;
    }
    Err(Stop { exit: Exit::Usage, reason: None, lines: vec![undone.to_owned()] })
}

/// The server's address as its tools read it, quoted for a shell: without a password, which they take from PGPASSWORD or
/// ~/.pgpass too, and without what only concerns this program.
fn address(url: &PostgresUrl, database: Option<&str>) -> String {
    let mut url = url.clone();
    (url.password, url.options, url.pgbouncer) = (None, None, false);
    if let Some(database) = database {
        url.database = Some(database.to_owned());
    }
    format!("'{}'", url.redacted().replace('\'', "%27"))
}

/// A path as a word of a shell.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:,@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_core::settings::DatabaseUrl;

    fn url(text: &str) -> PostgresUrl {
        match DatabaseUrl::parse(text) {
            Ok(DatabaseUrl::Postgres(url)) => *url,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_address_is_said_without_its_password() {
        let url = url("postgresql+psycopg2://sekisho:p%40ss@/auth?host=/run/postgresql&pgbouncer=true");
        assert_eq!(address(&url, None), "'postgresql://sekisho@/auth?host=/run/postgresql'");
        assert_eq!(address(&url, Some("b c")), "'postgresql://sekisho@/b%20c?host=/run/postgresql'");
    }

    #[test]
    fn a_path_is_one_word() {
        assert_eq!(shell(Path::new("/backup/a-1.dump")), "/backup/a-1.dump");
        assert_eq!(shell(Path::new("/tim's backup")), "'/tim'\\''s backup'");
    }
}
