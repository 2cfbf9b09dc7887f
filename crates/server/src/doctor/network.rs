//! The address to listen on: free, the server's own, or somebody else's.

use super::finding::{Finding, fail, ok, warn};
use super::running::Server;
use super::system::{listeners, name_of, socket_holder};
use sekisho_core::settings::Settings;
use std::net::SocketAddr;

/// Who has the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holder {
    Nobody,
    Process(u32),
    /// Of another user: Linux does not tell.
    Hidden,
}

pub(super) fn examine(settings: &Settings, server: &Server) -> Finding {
    let wanted = settings.server.listen;
    if wanted.port() == 0 {
        return ok("listener", "any free port");
    }
    let Some(listening) = listeners() else {
        return ok("listener", format!("{wanted}; who listens can't be told on this system"));
    };
    let holder = match listening.iter().find(|(there, _)| meets(*there, wanted)) {
        None => Holder::Nobody,
        Some((_, socket)) => socket_holder(*socket).map_or(Holder::Hidden, Holder::Process),
    };
    judge(wanted, holder, server)
}

/// The server of this program that listens there, where no lock tells: on PostgreSQL.
pub(super) fn find(settings: &Settings) -> Server {
    let wanted = settings.server.listen;
    let listening = listeners().unwrap_or_default();
    let there = listening.iter().find(|(there, _)| wanted.port() != 0 && meets(*there, wanted));
    let pid = there.and_then(|(_, socket)| socket_holder(*socket));
    match pid.filter(|pid| name_of(*pid) == name_of(std::process::id())) {
        Some(pid) => Server::Running { pid: Some(pid) },
        None => Server::Stopped,
    }
}

/// Whether nobody else can listen at `wanted` while somebody listens `there`.
fn meets(there: SocketAddr, wanted: SocketAddr) -> bool {
    let any = there.ip().is_unspecified() || wanted.ip().is_unspecified();
    there.port() == wanted.port() && (any || there.ip() == wanted.ip())
}

fn judge(wanted: SocketAddr, holder: Holder, server: &Server) -> Finding {
    let elsewhere = "stop it, or choose another address with server.listen, SEKISHO_LISTEN or --listen";
    match (holder, server) {
        (Holder::Nobody, Server::Stopped) => ok("listener", format!("{wanted} is free")),
        (Holder::Nobody, Server::Running { .. }) => warn(
            "listener",
            format!("a server runs on the database, and nobody listens on {wanted}"),
            "run this with the server's own configuration (its directory, --config, environment), or restart the server",
        ),
        (Holder::Process(pid), Server::Running { pid: Some(server) }) if pid == *server => {
            ok("listener", format!("the server listens on {wanted}"))
        }
        (Holder::Hidden, Server::Running { .. }) => {
            ok("listener", format!("somebody listens on {wanted}, and a server runs"))
        }
        (Holder::Process(pid), Server::Running { pid: None }) => {
            ok("listener", format!("{} (process {pid}) listens on {wanted}, and a server runs", name_of(pid)))
        }
        (Holder::Process(pid), _) => {
            fail("listener", format!("{wanted} is in use by {} (process {pid})", name_of(pid)), elsewhere)
        }
        (Holder::Hidden, Server::Stopped) => {
            fail("listener", format!("{wanted} is in use by a process of another user"), elsewhere)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn an_address_is_the_servers_own_free_or_anothers() {
        let wanted = "127.0.0.1:8000".parse().unwrap();
        let running = |pid| Server::Running { pid };
        for (holder, server, state) in [
            (Holder::Nobody, Server::Stopped, State::Ok),
            (Holder::Nobody, running(Some(7)), State::Warn),
            (Holder::Process(7), running(Some(7)), State::Ok),
            (Holder::Process(8), running(Some(7)), State::Fail),
            (Holder::Process(8), running(None), State::Ok),
            (Holder::Hidden, running(Some(7)), State::Ok),
            (Holder::Process(8), Server::Stopped, State::Fail),
            (Holder::Hidden, Server::Stopped, State::Fail),
        ] {
            assert_eq!(judge(wanted, holder, &server).state, state, "{holder:?} {server:?}");
        }
    }

    #[test]
    fn an_address_meets_itself_and_all() {
        let at = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert!(meets(at("127.0.0.1:8000"), at("127.0.0.1:8000")));
        assert!(meets(at("0.0.0.0:8000"), at("127.0.0.1:8000")));
        assert!(meets(at("127.0.0.1:8000"), at("[::]:8000")));
        assert!(!meets(at("127.0.0.2:8000"), at("127.0.0.1:8000")));
        assert!(!meets(at("127.0.0.1:8001"), at("127.0.0.1:8000")));
    }
}
