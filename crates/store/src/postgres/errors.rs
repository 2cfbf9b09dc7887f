//! What PostgreSQL's errors mean.

use tokio_postgres::error::{DbError, SqlState};

use crate::error::Error;

/// What a statement of ours raises while writes are on hold.
const FROZEN: &str = "SK001";

/// What the check of a session raises that was begun without its settings.
const LEFT_OUT: &str = "SK002";

/// What to do where a pooler does not pass the settings of a session on.
pub(super) const POOLED: &str = "a pooler such as PgBouncer stands here, which does not pass the settings of a session on: add \
                                 ?pgbouncer=true to DATABASE_URL, or connect to PostgreSQL itself";

/// An error of the driver in the store's words; no value of a statement is in them.
pub(super) fn translate(error: tokio_postgres::Error) -> Error {
    match error.as_db_error() {
        Some(said) => by_state(said),
        None if error.is_closed() => Error::unavailable("the connection to PostgreSQL is closed"),
        // A value that can't be sent or read, by its type.
        None if is_about_a_value(&error) => Error::misuse(with_cause(&error)),
        None => Error::unavailable(with_cause(&error)),
    }
}

fn by_state(said: &DbError) -> Error {
    let code = said.code();
    let reason = || format!("{} (SQLSTATE {})", said.message(), code.code());
    let named = || said.constraint().unwrap_or("without a name").to_owned();
    if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::EXCLUSION_VIOLATION {
        return Error::Taken { what: named() };
    }
    if *code == SqlState::LOCK_NOT_AVAILABLE {
        return Error::Busy { waited_ms: 0 };
    }
    if *code == SqlState::T_R_SERIALIZATION_FAILURE || *code == SqlState::T_R_DEADLOCK_DETECTED {
        return Error::Conflict;
    }
    if *code == SqlState::DISK_FULL {
        return Error::Full { reason: reason() };
    }
    if code.code() == LEFT_OUT {
        return Error::misuse(POOLED);
    }
    if code.code() == FROZEN {
        return Error::Frozen;
    }
    match &code.code()[..2] {
        "23" if *code == SqlState::NOT_NULL_VIOLATION => {
            Error::Constraint { what: format!("not null: {}", said.column().unwrap_or("a column")) }
        }
        "23" => Error::Constraint { what: named() },
        "42" => Error::Misuse { reason: reason() },
        "XX" if code.code() == "XX001" || code.code() == "XX002" => Error::Corrupt { reason: reason() },
        // None of our own columns is as narrow: it is one of the application that we stand beside, as with what its own
        // functions raise.
        "22" if *code == SqlState::STRING_DATA_RIGHT_TRUNCATION => {
            Error::Constraint { what: "a text is longer than its column takes".to_owned() }
        }
        "P0" => Error::Constraint { what: said.message().to_owned() },
        // Their texts repeat what was sent.
        "22" => Error::Misuse { reason: format!("a value does not fit (SQLSTATE {})", code.code()) },
        _ => Error::Unavailable { reason: reason() },
    }
}

/// Whether the connection should not be used again: it is gone, on its way out, or no longer leads to a server that
/// takes writes.
pub(super) fn ends_connection(error: &tokio_postgres::Error) -> bool {
    let Some(said) = error.as_db_error() else { return !is_about_a_value(error) };
    let code = said.code().code();
    is_refused_write(error)
        || *said.code() == SqlState::ADMIN_SHUTDOWN
        || *said.code() == SqlState::CRASH_SHUTDOWN
        || *said.code() == SqlState::CANNOT_CONNECT_NOW
        || code.starts_with("08")
}

/// Whether the session takes no writes: it leads to a standby, or was told so.
pub(super) fn is_refused_write(error: &tokio_postgres::Error) -> bool {
    error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
}

/// Whether the driver itself refused a value, and nothing was wrong with the connection.
fn is_about_a_value(error: &tokio_postgres::Error) -> bool {
    let text = error.to_string();
    ["error serializing parameter", "error deserializing column", "invalid column", "expected "]
        .iter()
        .any(|start| text.starts_with(start))
}

/// The driver's words and what lies beneath them.
pub(super) fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}
