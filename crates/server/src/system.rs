//! What only the system knows: its clock and its randomness, which everything else takes as arguments, and whether the
//! terminal that a program was started from is still there.

use sekisho_core::{Clock, Dice, Timestamp};
use std::io::IsTerminal as _;
use std::time::{SystemTime, UNIX_EPOCH};

/// The day on which this version was written: a clock that says an earlier time is wrong.
pub const RELEASED: Timestamp = Timestamp::from_seconds(1795305600);

/// The system's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock that everything else is given")]
    fn now(&self) -> Timestamp {
        let micros = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(after) => i64::try_from(after.as_micros()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_micros()).map_or(i64::MIN, |micros| -micros),
        };
        Timestamp::from_micros(micros)
    }
}

/// The system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemDice;

impl Dice for SystemDice {
    /// Panics if the system has no randomness to give: no key or id may be made then.
    #[expect(clippy::disallowed_methods, reason = "these are the dice that everything else is given")]
    fn fill(&self, bytes: &mut [u8]) {
        getrandom::fill(bytes).expect("the system gives random bytes");
    }
}

/// The terminal that this process was started from, if it was.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    was_there: bool,
}

impl Terminal {
    /// Looks at standard error.
    pub fn of_this_process() -> Terminal {
        Terminal { was_there: std::io::stderr().is_terminal() }
    }

    /// Whether it was closed meanwhile: then SIGHUP means that the user has gone, not that something is to be read again.
    pub fn is_gone(self) -> bool {
        self.was_there && !std::io::stderr().is_terminal()
    }
}
