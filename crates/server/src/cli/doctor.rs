//! `sekisho doctor`: what breaks in practice, and how to mend it.

use super::exit::{Exit, Stop};
use super::instance::lock_path;
use super::open::{options, runtime};
use super::output::Out;
use crate::config::{self, Flags};
use crate::doctor::{self, Finding, Patient, State};
use crate::system::SystemClock;
use sekisho_core::Clock as _;
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::OpenOptions;
use serde_json::json;

/// The example of `sekisho doctor --help`.
pub(super) const EXAMPLE: &str = "\
Examples:
  sekisho doctor
  sudo -u sekisho sekisho doctor --config /etc/sekisho.toml --data /var/lib/sekisho
  sekisho doctor --json | jq '.checks[] | select(.state != \"ok\")'

Run it as the user and with the configuration of the server.
Exit code 0: nothing fails; 1: something does.";

/// Runs every check and prints what each says.
pub(super) fn run(flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let loaded = config::load(flags);
    let database = loaded.as_ref().ok().and_then(|loaded| match &loaded.settings.storage.database_url {
        DatabaseUrl::Sqlite(path) => Some(path.clone()),
        DatabaseUrl::Postgres(_) => None,
    });
    let lock = database.map(|database| lock_path(&database));
    let now = SystemClock.now();
    let options =
        loaded.as_ref().map_or_else(|_| OpenOptions::new(now), |loaded| options(&loaded.settings, None));
    let patient = Patient { loaded, now, clock: &SystemClock, options, lock };
    let runtime = runtime()?;
    let found = runtime.block_on(doctor::examine(&patient));
    let worst = found.iter().map(|finding| finding.state).max().unwrap_or(State::Ok);
    show(&found, worst, out)?;
    if worst == State::Fail {
        return Err(Stop { exit: Exit::Refused, reason: None, lines: Vec::new() });
    }
    Ok(())
}

fn show(found: &[Finding], worst: State, out: &mut Out) -> Result<(), Stop> {
    if out.is_json() {
        return out.json(&json!({ "result": worst, "checks": found }));
    }
    let mut rows = Vec::new();
    for finding in found {
        rows.push([finding.state.name().to_owned(), finding.check.to_owned(), finding.message.clone()]);
        rows.extend(finding.mend.iter().map(|mend| [String::new(), String::new(), format!("mend: {mend}")]));
    }
    out.rows(&rows)
}
