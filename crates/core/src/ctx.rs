//! Who asks, from where, and when: the first argument of every verb.

use std::net::IpAddr;

use crate::id::{RequestId, UserId};
use crate::time::Timestamp;

/// The circumstances of one request or command.
#[derive(Clone, Debug)]
pub struct Ctx {
    /// The name of the request in log, events and answer.
    pub request_id: RequestId,
    /// The client's address, as the trusted proxies tell it; `None` for a command on this machine.
    pub peer: Option<IpAddr>,
    /// What the client calls itself (`User-Agent`), as sent: escape it before printing.
    pub agent: Option<String>,
    /// Who acts.
    pub actor: Actor,
    /// The one moment at which the whole request takes place.
    pub now: Timestamp,
}

/// Who does what is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Actor {
    /// Somebody who has not shown who they are.
    Anonymous,
    /// A user who has.
    User(UserId),
    /// Whoever may run the command line on this machine.
    Operator,
    /// The server by itself.
    Server,
}

impl Actor {
    /// The actor's stable name in the events table: `anonymous`, `user`, `operator` or `server`.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::User(_) => "user",
            Self::Operator => "operator",
            Self::Server => "server",
        }
    }

    /// The user who acts, if one does.
    pub const fn user(self) -> Option<UserId> {
        match self {
            Self::User(id) => Some(id),
            _ => None,
        }
    }
}
