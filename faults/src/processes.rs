//! Whole families of processes, from /proc: what descends from one that we started.

use crate::server::signal;
use rustix::process::Signal;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How long a family may take to stand still.
const PATIENCE: Duration = Duration::from_secs(5);

/// A process and all that descend from it, parents before children.
pub(crate) fn family(first: u32) -> Vec<u32> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if let Some(parent) = status(pid, 1).and_then(|field| field.parse().ok()) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut family = vec![first];
    let mut next = 0;
    while let Some(pid) = family.get(next) {
        family.extend(children.get(pid).into_iter().flatten());
        next += 1;
    }
    family
}

/// Sends a signal to all of them, the first one first, so that it does not replace the others.
pub(crate) fn signal_all(first: u32, what: Signal) -> Result<(), String> {
    family(first).into_iter().try_for_each(|pid| signal(pid, what))
}

/// SIGSTOP to all of them, until none moves: who was made meanwhile is stopped as well.
pub(crate) fn freeze(first: u32) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    while family(first).into_iter().any(|pid| status(pid, 0).is_some_and(|state| moves(&state))) {
        if Instant::now() > deadline {
            return Err(format!("the processes below {first} do not stand still"));
        }
        signal_all(first, Signal::STOP)?;
        std::thread::park_timeout(Duration::from_millis(2));
    }
    Ok(())
}

/// SIGCONT to all of them.
pub(crate) fn thaw(first: u32) -> Result<(), String> {
    signal_all(first, Signal::CONT)
}

/// What a process holds in memory, in KiB; `None` if it is gone.
pub(crate) fn resident(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn moves(state: &str) -> bool {
    !matches!(state, "T" | "t" | "Z" | "X")
}

/// A field of `/proc/PID/stat` behind the name: 0 is the state, 1 the parent.
fn status(pid: u32, field: usize) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything.
    stat.rsplit_once(')')?.1.split_whitespace().nth(field).map(str::to_owned)
}
