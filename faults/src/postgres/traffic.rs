//! Users who go on registering and reading themselves over all nodes, whatever happens; each answer is written down.

use crate::client::{self, Reply};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How many register at the same time on each node.
const WRITERS: usize = 4;
/// The pause of a client who was refused: he tries again, as people do, and leaves time to others.
const PAUSE: Duration = Duration::from_millis(50);
/// The pause between two reads of a client.
const READS: Duration = Duration::from_millis(20);

/// What a client asked for.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// To be registered under this name.
    Register(String),
    /// To see himself, with a token from before.
    Read,
}

/// A request and what became of it.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) node: usize,
    pub(crate) request: Request,
    pub(crate) sent: Instant,
    pub(crate) took: Duration,
    /// The answer, or why there was none.
    pub(crate) answer: Result<Reply, String>,
}

impl Entry {
    pub(crate) fn ended(&self) -> Instant {
        self.sent + self.took
    }

    pub(crate) fn status(&self) -> Option<u16> {
        self.answer.as_ref().ok().map(|reply| reply.status)
    }

    /// The name, if this is a registration that was acknowledged.
    pub(crate) fn acknowledged(&self) -> Option<&str> {
        match &self.request {
            Request::Register(name) if self.status() == Some(200) => Some(name),
            _ => None,
        }
    }
}

/// The clients at work.
pub(crate) struct Traffic {
    entries: Arc<Mutex<Vec<Entry>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

/// A node as clients know it: its address, and a token that was good there, if it knows tokens.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) address: String,
    pub(crate) token: Option<String>,
}

impl Traffic {
    /// Begins on all of these nodes; the names begin with `prefix`.
    pub(crate) fn start(doors: &[Door], prefix: &str) -> Traffic {
        let entries = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let next = Arc::new(AtomicUsize::new(0));
        let mut threads = Vec::new();
        for (node, door) in doors.iter().enumerate() {
            for _ in 0..WRITERS {
                let (entries, stop, next) = (Arc::clone(&entries), Arc::clone(&stop), Arc::clone(&next));
                let (door, prefix) = (door.clone(), prefix.to_owned());
                threads.push(std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        let name = format!("{prefix}n{}z", next.fetch_add(1, Ordering::Relaxed));
                        let request = Request::Register(name.clone());
                        let answer = |patience| client::registration(&door.address, &name, patience);
                        let entry = timed(node, request, answer);
                        let refused = entry.status() != Some(200);
                        entries.lock().unwrap().push(entry);
                        if refused {
                            std::thread::park_timeout(PAUSE);
                        }
                    }
                }));
            }
            let (Some(token), door) = (door.token.clone(), door.clone()) else { continue };
            let (entries, stop) = (Arc::clone(&entries), Arc::clone(&stop));
            threads.push(std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let answer = |patience| client::read_myself(&door.address, &token, patience);
                    let entry = timed(node, Request::Read, answer);
                    entries.lock().unwrap().push(entry);
                    std::thread::park_timeout(READS);
                }
            }));
        }
        Traffic { entries, stop, threads }
    }

    /// Waits until each of these nodes has acknowledged so many registrations that were sent after `since`; whether
    /// they did in time.
    pub(crate) fn acknowledges(
        &self,
        nodes: &[usize],
        count: usize,
        since: Instant,
        patience: Duration,
    ) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let enough = |node: usize| {
                let entries = self.entries.lock().unwrap();
                let good = |entry: &&Entry| {
                    entry.node == node && entry.sent >= since && entry.acknowledged().is_some()
                };
                entries.iter().rev().filter(good).take(count).count() == count
            };
            if nodes.iter().all(|node| enough(*node)) {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Lets every client end his last request; all entries in the order of their answers.
    pub(crate) fn end(self) -> Vec<Entry> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
        let mut entries = std::mem::take(&mut *self.entries.lock().unwrap());
        entries.sort_by_key(Entry::ended);
        entries
    }
}

/// How long a client waits for an answer before it counts as none at all.
pub(crate) const HANGS: Duration = Duration::from_secs(60);

fn timed(
    node: usize,
    request: Request,
    ask: impl FnOnce(Duration) -> Result<Reply, std::io::Error>,
) -> Entry {
    let sent = Instant::now();
    let answer = ask(HANGS).map_err(|error| error.to_string());
    Entry { node, request, sent, took: sent.elapsed(), answer }
}
