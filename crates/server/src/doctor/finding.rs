//! What a check says.

use serde::Serialize;

/// How things stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As they should.
    Ok,
    /// It works, and somebody should look at it.
    Warn,
    /// It does not work, or not safely.
    Fail,
}

impl State {
    /// The word in the output.
    pub const fn name(self) -> &'static str {
        match self {
            State::Ok => "ok",
            State::Warn => "warn",
            State::Fail => "fail",
        }
    }
}

/// The outcome of one check; no secret is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which check.
    pub check: &'static str,
    /// How things stand.
    pub state: State,
    /// What was found, in a line.
    pub message: String,
    /// What to do about it.
    pub mend: Option<String>,
}

/// As it should be.
pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Finding {
    Finding { check, state: State::Ok, message: message.into(), mend: None }
}

/// It works, and somebody should look at it.
pub(super) fn warn(check: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { check, state: State::Warn, message: message.into(), mend: Some(mend.into()) }
}

/// It does not work, or not safely.
pub(super) fn fail(check: &'static str, message: impl Into<String>, mend: impl Into<String>) -> Finding {
    Finding { check, state: State::Fail, message: message.into(), mend: Some(mend.into()) }
}
