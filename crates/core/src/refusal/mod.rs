//! The one vocabulary of refusals: what the log says, what the client reads, what `sekisho explain` prints.

mod answer;
mod vocabulary;

pub use answer::{Answer, Door};
pub use vocabulary::Refusal;
