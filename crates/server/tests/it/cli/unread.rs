//! Outputs that nobody reads: a pipe that is not emptied, a terminal held with Ctrl-S.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{Connection, Request, Scratch, Setup, until};

fn answers(address: SocketAddr, path: &str) -> Option<u16> {
    Some(Connection::open(address).ok()?.exchange(&Request::get(path)).ok()?.status)
}

/// A server that a failed test takes with it.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Stops it as an operator does; it must not wait for a reader.
fn stops(Server(child): &mut Server) {
    let start = Instant::now();
    let _ = kill_process(Pid::from_child(child), Signal::TERM);
    let status = until("the server to end", || child.try_wait().unwrap());
    assert_eq!(status.code(), Some(0));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn a_log_that_nobody_reads_stops_nobody() {
    let folder = Scratch::new();
    let mut command = Setup::new().demo().arg("--trace-auth").serve(folder.path());
    let mut server = Server(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut said = BufReader::new(server.0.stdout.take().unwrap());
    let mut line = String::new();
    let address = loop {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "ended before it listened");
        if let Some(address) = line.strip_prefix("listening on http://") {
            break address.trim().parse().unwrap();
        }
    };
    let mut connection = Connection::open(address).unwrap();
    for _ in 0..2000 {
        let answer = connection.exchange(&Request::get("/users/me").bearer("no.such.token")).unwrap();
        assert_eq!(answer.status, 401);
    }
    assert_eq!(answers(address, "/livez"), Some(200));
    stops(&mut server);
    // What the pipe had taken are whole lines.
    let mut log = Vec::new();
    server.0.stderr.take().unwrap().read_to_end(&mut log).unwrap();
    assert!(log.ends_with(b"\n") && String::from_utf8_lossy(&log).contains("refused"));
}

#[test]
fn an_output_that_nobody_reads_stops_nobody() {
    let (_reader, mut full) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(&full).unwrap();
    fcntl_setfl(&full, flags | OFlags::NONBLOCK).unwrap();
    while full.write(&[b'x'; 512]).is_ok() {}
    fcntl_setfl(&full, flags).unwrap();
    // The line that says where it listens cannot be read, so the port is chosen here.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let folder = Scratch::new();
    let mut command = Setup::new().command(folder.path(), "serve");
    command.args(["--listen", &address.to_string()]);
    let mut server = Server(command.stdout(full).stderr(Stdio::null()).spawn().unwrap());
    until("an answer", || (answers(address, "/livez") == Some(200)).then_some(()));
    stops(&mut server);
}
