//! What the server says of itself: the log, the seeds' trace, the echo of SQL statements.
//!
//! All three go to standard error, line by whole line, through one thread, so that a reader who does not read stops nobody
//! (`writer`). They never hold a password, a hash, a token or a key. Text that came from outside is escaped before it reaches a terminal or a file (ATTACKS L14).

pub mod auth_trace;
pub mod echo;
pub mod escape;
mod json;
pub mod log;
pub mod panic;
mod python;
mod record;
mod seen;
pub mod sink;
#[cfg(test)]
mod tests;
mod writer;

pub use auth_trace::{AuthTrace, Steps};
pub use seen::Seen;
pub use sink::{Sink, Style};
pub use writer::Writer;
