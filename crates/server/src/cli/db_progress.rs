//! How far a long command has come, on a terminal: one line that is written over and goes away at the end.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// Between two looks of the line.
const PAUSE: Duration = Duration::from_millis(100);

/// The line; nothing where standard error is no terminal or JSON was asked for.
pub(super) struct ProgressLine {
    shown: bool,
    on: bool,
    last: Option<Instant>,
}

impl ProgressLine {
    /// A line that is not there yet.
    pub(super) fn new(json: bool) -> ProgressLine {
        ProgressLine { shown: false, on: !json && std::io::stderr().is_terminal(), last: None }
    }

    /// Says this, unless the line has only just changed.
    pub(super) fn say(&mut self, text: impl FnOnce() -> String) {
        if !self.on || self.last.is_some_and(|last| last.elapsed() < PAUSE) {
            return;
        }
        self.last = Some(Instant::now());
        self.shown = true;
        let mut to = std::io::stderr().lock();
        let _ = write!(to, "\r\u{1b}[K{}", text());
        let _ = to.flush();
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        if self.shown {
            let mut to = std::io::stderr().lock();
            let _ = write!(to, "\r\u{1b}[K");
            let _ = to.flush();
        }
    }
}
