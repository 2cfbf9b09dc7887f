//! What each node says of itself while something happens to its database: `/readyz`, `/livez`, its memory.

use crate::client;
use crate::processes;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The pause between two looks.
const EVERY: Duration = Duration::from_millis(200);
/// How long a look waits for its answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// One look at a node.
#[derive(Clone, Debug)]
pub(crate) struct Look {
    pub(crate) node: usize,
    pub(crate) at: Instant,
    /// `/livez` and `/readyz`: the status, `None` where there was no answer.
    pub(crate) live: Option<u16>,
    pub(crate) ready: Option<u16>,
    /// How long the slower of both took.
    pub(crate) took: Duration,
    /// KiB in memory.
    pub(crate) resident: Option<u64>,
}

/// Threads that look, one a node.
pub(crate) struct Watch {
    stop: Arc<AtomicBool>,
    looks: Arc<Mutex<Vec<Look>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Watch {
    /// Watches these nodes; the process of each is read anew every time, since a node may be started again.
    pub(crate) fn start(nodes: Vec<(String, Arc<AtomicU32>)>) -> Watch {
        let stop = Arc::new(AtomicBool::new(false));
        let looks = Arc::new(Mutex::new(Vec::new()));
        let threads = nodes.into_iter().enumerate().map(|(node, (address, pid))| {
            let (stop, looks) = (Arc::clone(&stop), Arc::clone(&looks));
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let at = Instant::now();
                    let live = client::status(&address, "GET /livez", PATIENCE);
                    let between = Instant::now();
                    let ready = client::status(&address, "GET /readyz", PATIENCE);
                    let took = between.elapsed().max(between - at);
                    let resident = processes::resident(pid.load(Ordering::Relaxed));
                    looks.lock().unwrap().push(Look { node, at, live, ready, took, resident });
                    std::thread::park_timeout(EVERY);
                }
            })
        });
        let threads = threads.collect();
        Watch { stop, looks, threads }
    }

    /// Waits until this node says that it is ready, or is not; whether it did in time.
    pub(crate) fn says(&self, node: usize, ready: bool, since: Instant, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        loop {
            let said =
                |look: &Look| look.node == node && look.at >= since && (look.ready == Some(200)) == ready;
            if self.looks.lock().unwrap().iter().any(said) {
                return true;
            }
            if Instant::now() > deadline {
                return false;
            }
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// All looks, in order.
    pub(crate) fn end(self) -> Vec<Look> {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads {
            let _ = thread.join();
        }
        std::mem::take(&mut *self.looks.lock().unwrap())
    }
}
