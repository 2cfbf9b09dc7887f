//! One keep-alive connection: a request out, its answer in, never two at a time.

use std::{
    io::{ErrorKind, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Instant,
};

use anyhow::{Context, Result, bail};
use mio::net::TcpStream as Stream;
use socket2::{Domain, Socket, Type};

use super::answer::{Progress, progress};

/// Connections come from this many addresses, 127.0.0.2 and up, as clients of a real server do.
const SOURCES: usize = 16;

/// An open connection with at most one request on its way.
pub(crate) struct Connection {
    pub(crate) stream: Stream,
    pub(crate) sent_at: Instant,
    /// A request is on its way.
    pub(crate) waiting: bool,
    received: Vec<u8>,
    filled: usize,
}

/// What reading a connection brought.
pub(crate) enum Received {
    /// Not all of the answer yet.
    Nothing,
    /// The answer, by its status.
    Answer(u16),
    /// The server hung up, or sent what is not an answer.
    Broken,
}

impl Connection {
    /// Connects from the `number`th source address.
    pub(crate) fn open(target: SocketAddr, number: usize) -> Result<Self> {
        let stream = open_blocking(target, number)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: Stream::from_std(stream),
            sent_at: Instant::now(),
            waiting: false,
            received: vec![0; 16 * 1024],
            filled: 0,
        })
    }

    /// Sends a request; the socket's buffer is empty by then and takes a small one whole.
    pub(crate) fn send(&mut self, request: &[u8], now: Instant) -> Result<()> {
        self.sent_at = now;
        self.waiting = true;
        self.filled = 0;
        let written = self.stream.write(request).context("sending a request")?;
        if written != request.len() {
            bail!("only {written} of {} bytes of a request were taken", request.len());
        }
        Ok(())
    }

    /// Reads once. After a whole answer nothing can be left (the server has no other request), so
    /// the edge-triggered poll needs no second read.
    pub(crate) fn receive(&mut self) -> Received {
        loop {
            match self.stream.read(&mut self.received[self.filled..]) {
                Ok(0) => return Received::Broken,
                Ok(count) => {
                    self.filled += count;
                    match progress(&self.received[..self.filled]) {
                        Progress::Whole { status, length } if length == self.filled => {
                            return Received::Answer(status);
                        }
                        Progress::Partial if self.filled < self.received.len() => {}
                        _ => return Received::Broken,
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Received::Nothing,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Received::Broken,
            }
        }
    }
}

/// Connects from the `number`th source address, blocking, without Nagle's delay.
pub(crate) fn open_blocking(target: SocketAddr, number: usize) -> Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let source = Ipv4Addr::new(127, 0, 0, (2 + number % SOURCES) as u8);
    socket.bind(&SocketAddr::from((source, 0)).into())?;
    socket.connect(&target.into()).with_context(|| format!("connecting to {target}"))?;
    socket.set_tcp_nodelay(true)?;
    Ok(socket.into())
}
