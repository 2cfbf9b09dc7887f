//! Databases to begin with: made by the program under test, then kept as bytes and laid out anew for each case.

use crate::database::FILE;
use crate::load;
use crate::scratch::{Files, Scratch, contents};
use crate::server::Program;
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

/// A data folder with users in it.
pub(crate) struct Base {
    pub(crate) files: Files,
    pub(crate) users: Vec<String>,
}

/// After a clean stop: one file, no log beside it.
pub(crate) fn closed(program: &Program, users: usize, scratch: &Scratch) -> Result<Base, String> {
    make(program, scratch, "closed", users, true)
}

/// After a kill, with a log that nobody has written back.
pub(crate) fn killed(program: &Program, scratch: &Scratch) -> Result<Base, String> {
    make(program, scratch, "killed", 24, false)
}

/// Fills the log of a running server so far that the next registrations have it written back, at 1000 frames.
///
/// Each commit writes the file's first page with another value of a number that is the application's to use.
pub(crate) fn fill_log(data: &Path) -> Result<(), String> {
    let fill = || {
        let database = Connection::open(data.join(FILE))?;
        database.busy_timeout(Duration::from_secs(5))?;
        database.execute_batch("pragma wal_autocheckpoint = 0; pragma synchronous = off")?;
        (1..=975).try_for_each(|number| database.pragma_update(None, "user_version", number))
    };
    fill().map_err(|error| format!("filling the log: {error}"))
}

fn make(
    program: &Program,
    scratch: &Scratch,
    name: &str,
    users: usize,
    cleanly: bool,
) -> Result<Base, String> {
    let home = scratch.path(name);
    // Another program's base may have stood there.
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    let data = home.join("data");
    let server = program.start(&data)?;
    let told = load::register(&server.address, "b", users);
    let ended = if cleanly { server.stop() } else { server.kill() };
    ended?;
    if told.acknowledged.len() < users {
        return Err(format!("{} of {users} users of a base registered", told.acknowledged.len()));
    }
    Ok(Base { files: contents(&data)?, users: told.acknowledged })
}
