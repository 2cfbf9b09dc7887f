//! Telling the service manager how far the server is (sd_notify(3)), where it asks to be told.

use std::ffi::OsStr;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The way to the service manager; without one nothing is sent.
pub(super) struct Notify(Option<(UnixDatagram, SocketAddr)>);

impl Notify {
    /// The socket that systemd names in `NOTIFY_SOCKET`.
    pub(super) fn from_environment() -> Notify {
        Notify(std::env::var_os("NOTIFY_SOCKET").and_then(|name| {
            let socket = UnixDatagram::unbound().ok()?;
            // A service manager that does not read must not hold up the server.
            socket.set_nonblocking(true).ok()?;
            Some((socket, address(&name)?))
        }))
    }

    /// It listens, or has read its configuration again.
    pub(super) fn ready(&self) {
        self.send("READY=1");
    }

    /// It reads its configuration again; `ready` follows.
    pub(super) fn reloading(&self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1_000));
    }

    /// It answers what is in flight, and ends.
    pub(super) fn stopping(&self) {
        self.send("STOPPING=1");
    }

    fn send(&self, state: &str) {
        if let Some((socket, to)) = &self.0 {
            // Who does not hear it asks again, or waits for its own time-out.
            let _ = socket.send_to_addr(state.as_bytes(), to);
        }
    }
}

/// A path, or with `@` a name in Linux's own space of names.
fn address(name: &OsStr) -> Option<SocketAddr> {
    match name.as_bytes() {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name).ok(),
        [b'/', ..] => SocketAddr::from_pathname(name).ok(),
        _ => None,
    }
}
