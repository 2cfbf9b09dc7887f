//! A few connections that all reads share: a statement does not wait for the one before it to be answered.

use std::sync::atomic::{AtomicUsize, Ordering};
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
}

#[derive(Default)]
struct Slot {
    link: RwLock<Option<Arc<Link>>>,
    /// Held by whoever connects, so that one does it for all.
    connecting: Mutex<()>,
}

impl Pipelines {
    pub(super) fn new(connector: Arc<Connector>, connections: usize, acquire_timeout: Duration) -> Self {
        let slots = (0..connections.max(1)).map(|_| Slot::default()).collect();
        Self { connector, slots, next: AtomicUsize::new(0), acquire_timeout }
    }

    /// Runs one statement that reads, outside of any transaction.
    pub(super) async fn ask(&self, text: &'static str, sent: Sent<'_>) -> Result<Answer, Error> {
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

    async fn link(&self) -> Result<Arc<Link>, Error> {
        let slot = &self.slots[self.next.fetch_add(1, Ordering::Relaxed) % self.slots.len()];
        if let Some(link) = self.current(slot) {
            return Ok(link);
        }
        let start = Instant::now();
        let connect = async {
            let _one = slot.connecting.lock().await;
            if let Some(link) = self.current(slot) {
                return Ok(link);
            }
            let link = Arc::new(self.connector.connect(Purpose::Read).await?);
            *slot.link.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&link));
            Ok(link)
        };
        tokio::time::timeout(self.acquire_timeout, connect).await.unwrap_or_else(|_| {
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
