//! A few connections that all reads share: a statement does not wait for the one before it to be answered.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::error::Error;

use super::connect::{Connector, Purpose};
use super::link::{Answer, Link, Sent};

pub(super) struct Pipelines {
    connector: Arc<Connector>,
    slots: Vec<Slot>,
    next: AtomicUsize,
    acquire_timeout: Duration,
    /// Whether any host has ever answered.
    reached: AtomicBool,
}

#[derive(Default)]
struct Slot {
    link: RwLock<Option<Arc<Link>>>,
    /// Held by whoever connects, so that one does it for all.
    connecting: Arc<Mutex<()>>,
}

impl Pipelines {
    pub(super) fn new(connector: Arc<Connector>, connections: usize, acquire_timeout: Duration) -> Self {
        let slots = (0..connections.max(1)).map(|_| Slot::default()).collect();
        Self { connector, slots, next: AtomicUsize::new(0), acquire_timeout, reached: AtomicBool::new(false) }
    }

    /// How many connections there are.
    pub(super) fn connections(&self) -> usize {
        self.slots.len()
    }

    /// Runs one statement that reads, outside of any transaction.
    pub(super) async fn ask(self: &Arc<Self>, text: &'static str, sent: Sent<'_>) -> Result<Answer, Error> {
        let mut again = true;
        loop {
            let link = self.link().await?;
            match link.ask(text, sent).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => {
                    if failed.over {
                        self.connector.epoch().end(link.epoch);
                    }
                    // It broke under us, and a statement that reads may be asked twice: the next connection shows
                    // whether the server is there. One that did not answer is not waited for again.
                    let broke = failed.over && link.is_closed() && !failed.slow;
                    if !(broke && std::mem::take(&mut again)) {
                        return Err(failed.error);
                    }
                }
            }
        }
    }

    /// Drops every connection, each when what is under way on it has ended.
    pub(super) fn close(&self) {
        for slot in &self.slots {
            slot.link.write().unwrap_or_else(PoisonError::into_inner).take();
        }
    }

    async fn link(self: &Arc<Self>) -> Result<Arc<Link>, Error> {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len();
        let slot = &self.slots[at];
        if let Some(link) = self.current(slot) {
            return Ok(link);
        }
        let start = Instant::now();
        let connect = async {
            let one = Arc::clone(&slot.connecting).lock_owned().await;
            if let Some(link) = self.current(slot) {
                return Ok(link);
            }
            // Not on the caller's time: where hosts that are gone stand before the one that answers, a connection may take
            // longer than anybody waits, and serves whoever comes then.
            let this = Arc::clone(self);
            let made = tokio::spawn(async move {
                let _one = one;
                let link = Arc::new(this.connector.connect(Purpose::Read).await?);
                this.reached.store(true, Ordering::Relaxed);
                *this.slots[at].link.write().unwrap_or_else(PoisonError::into_inner) =
                    Some(Arc::clone(&link));
                Ok(link)
            });
            made.await.unwrap_or_else(|error| Err(Error::unavailable(error)))
        };
        // The first one of all may have to pass by hosts that are gone, and nobody has been told of another yet.
        let patience = match self.reached.load(Ordering::Relaxed) {
            true => self.acquire_timeout,
            false => self.acquire_timeout.max(self.connector.for_all_hosts()),
        };
        tokio::time::timeout(patience, connect).await.unwrap_or_else(|_| {
            Err(Error::unavailable(format!(
                "no connection to PostgreSQL within {} ms",
                start.elapsed().as_millis()
            )))
        })
    }

    fn current(&self, slot: &Slot) -> Option<Arc<Link>> {
        let link = slot.link.read().unwrap_or_else(PoisonError::into_inner);
        link.as_ref()
            .filter(|link| !link.is_closed() && link.epoch == self.connector.epoch().now())
            .map(Arc::clone)
    }
}
