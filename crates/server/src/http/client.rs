//! Who sent a request, and the request's name.

use std::net::IpAddr;

use sekisho_core::RequestId;

/// What the front door found out about a request; an extension of every request that reaches the router.
#[derive(Clone, Copy, Debug)]
pub struct Client {
    /// The request's name in log, events and answer.
    pub request_id: RequestId,
    /// The client's address: the other end of the connection, or what a trusted proxy says it is.
    pub peer: IpAddr,
}
