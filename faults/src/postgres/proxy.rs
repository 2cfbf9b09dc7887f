//! A proxy between the server and its database that breaks connections in the middle of a commit.

use super::wire::{Means, Messages};
use socket2::SockRef;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long the answer to a commit is waited for before the connection is cut without it.
const PATIENCE: Duration = Duration::from_secs(2);
/// How a connection between two programs is broken.
const CUTS: [Cut; 3] = [Cut::Before, Cut::Underway, Cut::Answered];

/// The moment of a cut.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cut {
    /// The commit has not reached the database.
    Before,
    /// It was sent; nobody knows how far the database is.
    Underway,
    /// The database has answered, and the answer is lost.
    Answered,
}

/// What all connections of a proxy share.
#[derive(Default)]
struct State {
    /// Every so many commits one is cut; 0 for none.
    every: AtomicUsize,
    commits: AtomicUsize,
    cuts: Mutex<Vec<Cut>>,
}

/// Connections to one database pass through it for as long as the process lives.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    state: Arc<State>,
}

impl Proxy {
    /// Listens on a port of its own and passes on to `port`, both on 127.0.0.1.
    pub(crate) fn start(port: u16) -> Result<Proxy, String> {
        let said = |error: std::io::Error| format!("the proxy: {error}");
        let listener = TcpListener::bind("127.0.0.1:0").map_err(said)?;
        let own = listener.local_addr().map_err(said)?.port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || {
                    // A connection that breaks is what this proxy is for.
                    let _ = pass(client, port, &state);
                });
            }
        });
        Ok(Proxy { port: own, state })
    }

    /// From now on every `every`th commit is cut; 0 for none.
    pub(crate) fn cut(&self, every: usize) {
        self.state.every.store(every, Ordering::SeqCst);
    }

    /// How many connections were cut so far, and when.
    pub(crate) fn cuts(&self) -> Vec<Cut> {
        self.state.cuts.lock().unwrap().clone()
    }
}

impl State {
    /// Whether and how this commit is cut.
    fn falls_on(&self) -> Option<Cut> {
        let every = self.every.load(Ordering::SeqCst);
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        if every == 0 || !number.is_multiple_of(every) {
            return None;
        }
        let mut cuts = self.cuts.lock().unwrap();
        let cut = CUTS[cuts.len() % CUTS.len()];
        cuts.push(cut);
        Some(cut)
    }
}

fn pass(mut client: TcpStream, port: u16, state: &State) -> std::io::Result<()> {
    let mut database = TcpStream::connect(("127.0.0.1", port))?;
    client.set_nodelay(true)?;
    database.set_nodelay(true)?;
    // Set while the database's answers are to be lost; told when there was one.
    let muted = Arc::new(AtomicBool::new(false));
    let (tell, told) = std::sync::mpsc::channel();
    let back = (database.try_clone()?, client.try_clone()?, Arc::clone(&muted));
    let back = std::thread::spawn(move || {
        let (mut database, mut client, muted) = back;
        let mut bytes = [0; 16 * 1024];
        while let Ok(count @ 1..) = database.read(&mut bytes) {
            if muted.load(Ordering::SeqCst) {
                let _ = tell.send(());
            } else if client.write_all(&bytes[..count]).is_err() {
                break;
            }
        }
        // A connection in order ends in order; one that is cut is reset.
        if !muted.load(Ordering::SeqCst) {
            let _ = client.shutdown(Shutdown::Write);
        }
    });
    let mut messages = Messages::default();
    let mut bytes = [0; 16 * 1024];
    let mut underway = None;
    'connection: while let Ok(count @ 1..) = client.read(&mut bytes) {
        messages.feed(&bytes[..count]);
        while let Some((message, means)) = messages.next() {
            if means == Means::Commit && underway.is_none() {
                underway = state.falls_on();
                muted.store(underway.is_some(), Ordering::SeqCst);
                if underway == Some(Cut::Before) {
                    break 'connection;
                }
            }
            database.write_all(&message)?;
            // A simple query is whole by itself, what was parsed and bound is so with the next sync.
            let Some(cut) = underway.filter(|_| means == Means::Sync || message[0] == b'Q') else { continue };
            if cut == Cut::Answered {
                let _ = told.recv_timeout(PATIENCE);
            }
            break 'connection;
        }
    }
    if underway.is_some() {
        // With nothing to linger for, the last handle that closes the socket resets the connection.
        SockRef::from(&client).set_linger(Some(Duration::ZERO))?;
    }
    let _ = database.shutdown(if underway.is_some() { Shutdown::Both } else { Shutdown::Write });
    let _ = back.join();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Cut, Proxy};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};

    #[test]
    fn a_commit_is_cut_before_it_underway_and_after_its_answer() {
        let database = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Proxy::start(database.local_addr().unwrap().port()).unwrap();
        proxy.cut(1);
        let arrived = [Cut::Before, Cut::Underway, Cut::Answered].map(|cut| {
            let mut client = TcpStream::connect(("127.0.0.1", proxy.port)).unwrap();
            client.write_all(b"\0\0\0\x08\0\x03\0\0Q\0\0\0\x0bCOMMIT\0").unwrap();
            let (mut server, _) = database.accept().unwrap();
            let mut startup = [0; 8];
            server.read_exact(&mut startup).unwrap();
            let mut commit = [0; 12];
            let came = server.read_exact(&mut commit).is_ok();
            let _ = server.write_all(b"C\0\0\0\x0bCOMMIT\0");
            let mut answer = Vec::new();
            let reset = client.read_to_end(&mut answer).unwrap_err().kind();
            assert_eq!((reset, answer.len()), (std::io::ErrorKind::ConnectionReset, 0), "{cut:?}");
            came
        });
        assert_eq!(arrived, [false, true, true]);
        assert_eq!(proxy.cuts(), [Cut::Before, Cut::Underway, Cut::Answered]);
    }
}
