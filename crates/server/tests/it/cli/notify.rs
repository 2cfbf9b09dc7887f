//! What the service manager is told (sd_notify(3)).

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use rustix::process::Signal;

use crate::harness::{Scratch, Setup};

/// The next message to the service manager.
fn heard(socket: &UnixDatagram) -> String {
    let mut message = [0; 256];
    let length = socket.recv(&mut message).expect("a message within half a minute");
    String::from_utf8(message[..length].to_vec()).unwrap()
}

#[test]
fn systemd_is_told_of_start_reload_and_stop() {
    let folder = Scratch::new();
    let path = folder.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut site = Setup::new().env("NOTIFY_SOCKET", path.to_str().unwrap()).start();
    assert_eq!(heard(&socket), "READY=1");
    site.alive();
    site.process().signal(Signal::HUP);
    let reloading = heard(&socket);
    let since = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("when");
    assert!(since.parse::<u64>().unwrap() > 0, "{reloading}");
    assert_eq!(heard(&socket), "READY=1");
    assert_eq!(site.stop().code(), Some(0));
    assert_eq!(heard(&socket), "STOPPING=1");
}

#[test]
fn a_name_without_a_file_is_understood_and_nonsense_is_left_alone() {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("sekisho-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&name).unwrap();
    let socket = UnixDatagram::bind_addr(&address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let site = Setup::new().env("NOTIFY_SOCKET", &format!("@{name}")).start();
    assert_eq!(heard(&socket), "READY=1");
    site.alive();
    for nonsense in ["", "relative", "vsock:2:1", "/nowhere/at/all"] {
        Setup::new().env("NOTIFY_SOCKET", nonsense).start().alive();
    }
}
