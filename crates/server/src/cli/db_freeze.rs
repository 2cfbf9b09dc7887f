//! `sekisho db freeze` and `sekisho db unfreeze`.

use super::exit::Stop;
use super::open::{Open, operator};
use super::output::Out;
use crate::database::freeze::{self, Hold};
use crate::telemetry::log::rfc3339;
use serde_json::json;

/// Puts writes on hold and says so.
pub(super) fn freeze(open: &Open, out: &mut Out) -> Result<(), Stop> {
    let Hold { since, changed } =
        open.block_on(async |app| freeze::freeze(&app, &operator()).await?.map_err(Stop::refused))?;
    let since = rfc3339(since);
    if out.is_json() {
        return out.json(&json!({ "result": "frozen", "since": since, "changed": changed }));
    }
    if !changed {
        return out.line(&format!("frozen since {since} already"));
    }
    out.line(&format!("frozen since {since}: every write is answered 503 until `sekisho db unfreeze`"))?;
    out.line("token checks and log-ins go on")
}

/// Lets writes go on and says so.
pub(super) fn unfreeze(open: &Open, out: &mut Out) -> Result<(), Stop> {
    let held = open.block_on(async |app| Ok(freeze::unfreeze(&app, &operator()).await?))?;
    let since = held.map(|held| rfc3339(held.since));
    if out.is_json() {
        return out.json(&json!({
            "result": "not frozen",
            "since": since,
            "changed": held.is_some_and(|held| held.changed),
        }));
    }
    match since {
        Some(since) => out.line(&format!("writing goes on; it was on hold since {since}")),
        None => out.line("it was not frozen"),
    }
}
