//! What the server says of itself: the log, the seeds' trace, the echo of SQL statements.
//!
//! All three write to standard error, one whole line (or one request's whole block) a write, and never hold a password, a
//! hash, a token or a key. Text that came from outside is escaped before it reaches a terminal or a file (ATTACKS L14).

pub mod auth_trace;
pub mod echo;
pub mod escape;
mod json;
pub mod log;
pub mod panic;
mod python;
mod record;
pub mod sink;
#[cfg(test)]
mod tests;

pub use auth_trace::{AuthTrace, Steps};
pub use sink::{Sink, Style};
