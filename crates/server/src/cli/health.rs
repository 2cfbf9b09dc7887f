//! `sekisho health`: whether the server that runs with this configuration is ready. For containers, which have no curl.

use super::exit::Stop;
use super::output::Out;
use crate::config::{self, Flags};
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// The example of `sekisho health --help`.
pub(super) const EXAMPLE: &str = "\
Example:
  sekisho health && echo ready

It asks GET /readyz at server.listen. Exit code 3: nothing answers there, or the database does not.";

/// How long the server may take for each step of the answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks, and says what came back.
pub(super) fn run(flags: &Flags, out: &mut Out) -> Result<(), Stop> {
    let settings = config::load(flags)?.settings;
    let address = reachable(settings.server.listen)?;
    match status(address) {
        Ok(Some(200)) => out.either(&json!({ "ready": true, "address": address.to_string() }), "ready"),
        Ok(Some(status)) => {
            Err(Stop::unavailable(format!("{address} answers {status}: its log says why it is not ready")))
        }
        Ok(None) => Err(Stop::unavailable(format!("{address} does not speak HTTP"))),
        Err(error) => Err(Stop::unavailable(format!("{address} does not answer: {error}"))),
    }
}

/// Where this machine reaches a listener.
fn reachable(listen: SocketAddr) -> Result<SocketAddr, Stop> {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    match listen.port() {
        0 => Err(Stop::usage("server.listen has port 0: which one the server took is not known here")),
        port => Ok(SocketAddr::new(ip, port)),
    }
}

/// The status of `GET /readyz`; `None`: what came back is no HTTP.
fn status(address: SocketAddr) -> std::io::Result<Option<u16>> {
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    connection.write_all(request.as_bytes())?;
    // RFC 9112 §4: `HTTP/1.1 200 `.
    let mut line = [0; 13];
    connection.read_exact(&mut line)?;
    let line = std::str::from_utf8(&line).unwrap_or_default();
    Ok(line.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)?.parse().ok()))
}
