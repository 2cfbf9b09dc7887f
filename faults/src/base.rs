//! Databases to begin with: made by the program under test, then kept as bytes and laid out anew for each case.

use crate::client;
use crate::database::FILE;
use crate::load;
use crate::scratch::{Files, Scratch, contents};
use crate::server::Program;

/// A data folder with users in it.
pub(crate) struct Base {
    pub(crate) files: Files,
    pub(crate) users: Vec<String>,
}

/// How far the log is filled: SQLite writes it back into the file at 1000 frames of 24 + 4096 bytes.
const NEARLY_WRITTEN_BACK: u64 = 960 * 4120;

/// After a clean stop: one file, no log beside it.
pub(crate) fn closed(program: &Program, users: usize, scratch: &Scratch) -> Result<Base, String> {
    make(program, scratch, "closed", |address, _| Ok(load::register(address, "b", users).acknowledged), true)
}

/// After a kill, with a log that the next registrations fill so far that it is written back.
pub(crate) fn killed(program: &Program, scratch: &Scratch) -> Result<Base, String> {
    let fill = |address: &str, log: &std::path::Path| {
        let mut users = Vec::new();
        while std::fs::metadata(log).map_err(|error| error.to_string())?.len() < NEARLY_WRITTEN_BACK {
            let name = format!("k{}z", users.len());
            match client::register(address, &name) {
                Ok((200, _)) => users.push(name),
                answer => return Err(format!("{name} could not register: {answer:?}")),
            }
        }
        Ok(users)
    };
    make(program, scratch, "killed", fill, false)
}

fn make(
    program: &Program,
    scratch: &Scratch,
    name: &str,
    fill: impl Fn(&str, &std::path::Path) -> Result<Vec<String>, String>,
    cleanly: bool,
) -> Result<Base, String> {
    let home = scratch.path(name);
    // Another program's base may have stood there.
    let _ = std::fs::remove_dir_all(&home);
    std::fs::create_dir_all(&home).map_err(|error| format!("{}: {error}", home.display()))?;
    let data = home.join("data");
    let server = program.start(&data)?;
    let users = fill(&server.address, &data.join(format!("{FILE}-wal")))?;
    let ended = if cleanly { server.stop() } else { server.kill() };
    ended?;
    if users.is_empty() {
        return Err("a base without users shows nothing".to_owned());
    }
    Ok(Base { files: contents(&data)?, users })
}
