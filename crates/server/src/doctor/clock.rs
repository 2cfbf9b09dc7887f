//! The clock: tokens live and die by it.

use super::files::database_files;
use super::finding::{Finding, fail, ok, warn};
use crate::telemetry::log::rfc3339;
use sekisho_core::Timestamp;
use sekisho_core::settings::Settings;
use std::fs::metadata;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// What machines may differ by without harm.
const SLACK: Duration = Duration::from_secs(60);

pub(super) fn examine(settings: &Settings, now: Timestamp, last_event: Option<Timestamp>) -> Option<Finding> {
    let program = std::env::current_exe().ok().and_then(|path| changed(&path));
    let written = database_files(settings).iter().filter_map(|path| changed(path)).max();
    Some(judge(now, program, written, last_event))
}

fn judge(
    now: Timestamp,
    program: Option<Timestamp>,
    written: Option<Timestamp>,
    last_event: Option<Timestamp>,
) -> Finding {
    let mend = "set the clock and keep it set (`timedatectl set-ntp true`): tokens are refused or live too long while it is wrong";
    let said = rfc3339(now);
    let ahead = |time: &Timestamp| time.minus(SLACK) > now;
    if let Some(program) = program.filter(ahead) {
        let what = format!("the clock says {said}, before this program was built ({})", rfc3339(program));
        return fail("clock", what, mend);
    }
    if let Some(event) = last_event.filter(ahead) {
        let what = format!("the clock says {said}, and the last event was recorded at {}", rfc3339(event));
        return fail("clock", what, mend);
    }
    if let Some(written) = written.filter(ahead) {
        let what = format!("the clock says {said}, and the database was written at {}", rfc3339(written));
        return warn("clock", what, mend);
    }
    ok("clock", said)
}

/// When the file last changed.
fn changed(path: &Path) -> Option<Timestamp> {
    let since = metadata(path).ok()?.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    Some(Timestamp::from_seconds(0).plus(since))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_clock_is_held_against_what_has_happened() {
        let at = |seconds| Some(Timestamp::from_seconds(seconds));
        let now = Timestamp::from_seconds(10_000);
        for (program, written, event, state) in [
            (None, None, None, State::Ok),
            (at(9_000), at(10_030), at(10_059), State::Ok),
            (at(10_100), None, None, State::Fail),
            (at(0), at(0), at(10_100), State::Fail),
            (at(0), at(10_100), at(0), State::Warn),
        ] {
            assert_eq!(judge(now, program, written, event).state, state);
        }
    }
}
