//! What `serve` says and does not wait for.

use super::exit::Stop;
use crate::system::SystemClock;
use crate::telemetry::{Style, Writer, log};
use std::sync::Arc;
use std::time::Duration;

/// How long an end waits until what was said is written: longer than any reader takes that reads at all.
const SAYING_PATIENCE: Duration = Duration::from_secs(1);

/// Standard output and standard error while others wait for answers: neither makes anybody wait.
#[derive(Clone)]
pub(super) struct Outputs {
    pub(super) stdout: Writer,
    pub(super) stderr: Writer,
}

impl Outputs {
    /// Starts a thread for each; the log's style is `style`.
    pub(super) fn start(style: Style) -> std::io::Result<Outputs> {
        let lost = log::lost(style, Arc::new(SystemClock));
        Ok(Outputs {
            stdout: Writer::start(rustix::stdio::stdout(), |_| String::new())?,
            stderr: Writer::start(rustix::stdio::stderr(), lost)?,
        })
    }

    /// Gives what was said its time to be read; whether standard error was.
    pub(super) fn flush(&self) -> bool {
        self.stdout.flush(SAYING_PATIENCE);
        self.stderr.flush(SAYING_PATIENCE)
    }

    /// The same before the end. Why it ends is not said to a reader that does not read: that would never end.
    pub(super) fn flush_before(&self, ended: Result<(), Stop>) -> Result<(), Stop> {
        let read = self.flush();
        ended.map_err(|stop| if read { stop } else { Stop { lines: Vec::new(), ..stop } })
    }
}
