//! How a verb fails: refused by a rule, unreadable fields, or a store that did not answer.

use std::time::Duration;

use sekisho_core::credentials::PasswordError;
use sekisho_core::{Invalid, Refusal, wire};

/// Why a verb did not do what it was asked; what the client may read of it is `error`'s business.
#[derive(Debug)]
pub enum Failure {
    /// A rule said no.
    Refused(Refusal),
    /// A rule said not yet: the same request may succeed after this time.
    Later(Refusal, Duration),
    /// The fields of the request break rules, each entry one of them (FastAPI's 422 list).
    Invalid(Vec<Invalid>),
    /// The database failed: the outcome is unknown, a retry is safe.
    Store(sekisho_store::Error),
}

impl Failure {
    /// The reason as the log and `sekisho explain` name it.
    pub fn refusal(&self) -> Refusal {
        match self {
            Failure::Refused(refusal) | Failure::Later(refusal, _) => *refusal,
            Failure::Invalid(_) => Refusal::FieldsInvalid,
            Failure::Store(sekisho_store::Error::Frozen) => Refusal::WritesFrozen,
            Failure::Store(_) => Refusal::StorageUnavailable,
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refused(refusal)
    }
}

impl From<Vec<Invalid>> for Failure {
    fn from(invalid: Vec<Invalid>) -> Failure {
        Failure::Invalid(invalid)
    }
}

impl From<sekisho_store::Error> for Failure {
    fn from(error: sekisho_store::Error) -> Failure {
        Failure::Store(error)
    }
}

impl From<wire::BodyError> for Failure {
    fn from(error: wire::BodyError) -> Failure {
        match error {
            wire::BodyError::Invalid(invalid) => Failure::Invalid(invalid),
            wire::BodyError::Refused(refusal) => Failure::Refused(refusal),
        }
    }
}

impl From<PasswordError> for Failure {
    fn from(error: PasswordError) -> Failure {
        Failure::Invalid(vec![error.to_invalid()])
    }
}
