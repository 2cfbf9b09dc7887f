//! The database as a whole: checked, backed up, restored.

pub mod backup;
pub mod check;
mod faults;
pub mod freeze;
pub mod keys;
pub mod moving;
pub(crate) mod place;
pub mod report;
pub mod restore;

use sekisho_store::Error;

/// Why a whole database was not backed up or restored; each text is one line for the operator, without secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Understood and refused: the file is not what it should be, or is in the way.
    #[error("{0}")]
    Refused(String),
    /// Wrongly called or set up: a folder that can't be written, a key that is not there.
    #[error("{0}")]
    Usage(String),
    /// Can't be done now: the disk is full, somebody has the file open.
    #[error("{0}")]
    Unavailable(String),
}

impl Problem {
    /// What the store says of a file: damaged, foreign and newer ones are refused, the rest can't be done now.
    pub(crate) fn of(path: &std::path::Path, error: &Error) -> Problem {
        let line = format!("{}: {error}", path.display());
        match error {
            Error::Corrupt { .. }
            | Error::Foreign { .. }
            | Error::SchemaNewer { .. }
            | Error::SchemaDiffers { .. } => Problem::Refused(line),
            _ => Problem::Unavailable(line),
        }
    }

    /// What the store says of copying `from` to beside `to`: of the two, it is the second that a disk has no room for.
    pub(crate) fn of_copy(from: &std::path::Path, to: &std::path::Path, error: &Error) -> Problem {
        Problem::of(if matches!(error, Error::Full { .. }) { to } else { from }, error)
    }

    /// A file that can't be read or written.
    pub(crate) fn io(path: &std::path::Path, error: &std::io::Error) -> Problem {
        Problem::Usage(format!("{}: {error}", path.display()))
    }
}
