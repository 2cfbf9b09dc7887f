//! Clients that register users at the same time, and what each of them was told.

use crate::client;
use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many register at the same time.
const WRITERS: usize = 4;
/// Success, and the answer of a server whose storage fails.
const EXPECTED: [u16; 2] = [200, 503];

/// What the clients were told.
#[derive(Default)]
pub(crate) struct Told {
    /// Whose registration was answered with success.
    pub(crate) acknowledged: Vec<String>,
    /// Who was refused, and with which status; whether the user is there is unknown.
    pub(crate) refused: Vec<(String, u16)>,
    /// Who got no answer.
    pub(crate) unanswered: Vec<String>,
}

impl Told {
    /// What should not have been said: a status other than success and 503, or nothing at all.
    pub(crate) fn odd(&self, round: &str) -> Vec<String> {
        let odd = self.refused.iter().filter(|(_, status)| !EXPECTED.contains(status));
        let odd = odd.map(|(name, status)| format!("{round}: {name} was answered {status}"));
        odd.chain(self.unanswered.iter().map(|name| format!("{round}: {name} got no answer"))).collect()
    }

    pub(crate) fn join(&mut self, other: Told) {
        self.acknowledged.extend(other.acknowledged);
        self.refused.extend(other.refused);
        self.unanswered.extend(other.unanswered);
    }
}

/// Registers `prefix`n0z and so on from several threads; no name is the beginning of another.
pub(crate) fn register(address: &str, prefix: &str, count: usize) -> Told {
    let (next, told) = (AtomicUsize::new(0), Mutex::new(Told::default()));
    std::thread::scope(|scope| {
        for _ in 0..WRITERS.min(count) {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let name = format!("{prefix}n{number}z");
                    let answer = client::register(address, &name);
                    let mut told = told.lock().unwrap();
                    match answer {
                        Ok((200, _)) => told.acknowledged.push(name),
                        Ok((status, _)) => told.refused.push((name, status)),
                        Err(_) => told.unanswered.push(name),
                    }
                }
            });
        }
    });
    told.into_inner().unwrap()
}

/// Those who were acknowledged and are gone.
pub(crate) fn lost(acknowledged: &[String], present: &HashSet<String>, round: &str) -> Vec<String> {
    let lost = acknowledged.iter().filter(|name| !present.contains(*name));
    lost.map(|name| format!("{round}: {name} was acknowledged and is gone")).collect()
}
