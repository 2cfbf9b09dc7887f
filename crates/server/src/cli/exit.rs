//! Exit codes, and the one clear line that goes with each of them.

use crate::failure::Failure;
use sekisho_core::invalid::Loc;
use std::process::ExitCode;

/// How a command ended; the numbers are documented in `docs/cli.md` and in `sekisho --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// Understood and refused: no such user, a name that is taken, a token that does not count.
    Refused = 1,
    /// A wrong command line, a wrong configuration, a port in use, a directory that cannot be written.
    Usage = 2,
    /// The database does not answer, or another instance holds it.
    Unavailable = 3,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// Why a command ended early: its exit code and what the operator reads.
#[derive(Debug)]
pub struct Stop {
    /// The exit code.
    pub exit: Exit,
    /// The reason code, where `sekisho explain` knows one.
    pub reason: Option<&'static str>,
    /// One line each, without secrets.
    pub lines: Vec<String>,
}

impl Stop {
    /// Refused, in one line.
    pub fn refused(line: impl Into<String>) -> Stop {
        Stop { exit: Exit::Refused, reason: None, lines: vec![line.into()] }
    }

    /// Wrongly called or configured, in one line.
    pub fn usage(line: impl Into<String>) -> Stop {
        Stop { exit: Exit::Usage, reason: None, lines: vec![line.into()] }
    }

    /// Cannot be done now, in one line.
    pub fn unavailable(line: impl Into<String>) -> Stop {
        Stop { exit: Exit::Unavailable, reason: None, lines: vec![line.into()] }
    }

    /// A reader went away (`sekisho user list | head`): nothing to say, and nothing failed.
    pub fn quietly() -> Stop {
        Stop { exit: Exit::Done, reason: None, lines: Vec::new() }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Stop {
        let reason = Some(failure.refusal().code());
        match failure {
            Failure::Store(error) => {
                Stop { exit: Exit::Unavailable, reason, lines: vec![format!("database: {error}")] }
            }
            Failure::Invalid(entries) => {
                let lines =
                    entries.iter().map(|entry| format!("{}: {}", field(&entry.loc), entry.msg)).collect();
                Stop { exit: Exit::Refused, reason, lines }
            }
            Failure::Refused(refusal) | Failure::Later(refusal, _) => {
                let lines = vec![format!("{} ({})", refusal.title().trim_end_matches('.'), refusal.code())];
                Stop { exit: Exit::Refused, reason, lines }
            }
        }
    }
}

/// The field that an entry speaks of: the last name of where it lies in the body.
fn field(loc: &[Loc]) -> String {
    loc.iter()
        .rev()
        .find_map(|part| match part {
            Loc::Name(name) => Some(name.replace('_', "-")),
            Loc::Index(_) => None,
        })
        .unwrap_or_default()
}
