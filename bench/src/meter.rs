//! Processor time: what a server used, and what strangers used meanwhile.

use std::{fs, time::Instant};

use anyhow::{Context, Result};

/// Linux counts in hundredths of a second on every architecture it runs servers on.
const TICKS_A_SECOND: f64 = 100.0;

/// A round in which others used more of a core than this is measured again.
const FOREIGN_LIMIT: f64 = 0.12;

/// What was used while something ran.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// Seconds of processor time of the watched processes and their children.
    pub(crate) servers: f64,
    /// Seconds of processor time of the generator.
    pub(crate) own: f64,
    /// Cores that were busy with what is neither a watched process nor this one.
    pub(crate) foreign: f64,
}

/// Runs `work` and weighs it.
///
/// # Errors
/// Those of `work`, or an unreadable /proc.
pub(crate) fn metered<T>(pids: &[u32], work: impl FnOnce() -> Result<T>) -> Result<(T, Usage)> {
    let before = Snapshot::take(pids)?;
    let done = work()?;
    let after = Snapshot::take(pids)?;
    let seconds = (after.at - before.at).as_secs_f64();
    let servers = after.servers - before.servers;
    let own = after.own - before.own;
    let foreign = (after.busy - before.busy) - servers - own;
    Ok((done, Usage { servers, own, foreign: (foreign / seconds).max(0.0) }))
}

/// Runs `work` again, up to `tries` times, while others disturb it; the last try counts anyway.
///
/// # Errors
/// As [`metered`].
pub(crate) fn undisturbed<T>(
    pids: &[u32],
    tries: u32,
    mut work: impl FnMut() -> Result<T>,
) -> Result<(T, Usage)> {
    let mut tried = 1;
    loop {
        let (done, usage) = metered(pids, &mut work)?;
        if usage.foreign <= FOREIGN_LIMIT || tried >= tries {
            return Ok((done, usage));
        }
        tried += 1;
    }
}

struct Snapshot {
    at: Instant,
    busy: f64,
    own: f64,
    servers: f64,
}

impl Snapshot {
    fn take(pids: &[u32]) -> Result<Self> {
        let own = std::process::id();
        Ok(Self { at: Instant::now(), busy: machine_busy()?, own: alone(own)?, servers: families(pids)? })
    }
}

/// Seconds that all cores were busy or stolen since the start of the machine.
fn machine_busy() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("/proc/stat is empty")?;
    let fields: Vec<f64> = line.split_whitespace().skip(1).filter_map(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal; guest time is part of user.
    let busy: f64 =
        fields.iter().take(8).enumerate().filter(|(i, _)| !matches!(i, 3 | 4)).map(|(_, n)| n).sum();
    Ok(busy / TICKS_A_SECOND)
}

fn alone(pid: u32) -> Result<f64> {
    let stat = read_stat(&pid.to_string()).with_context(|| format!("process {pid} is gone"))?;
    Ok(stat.seconds)
}

/// The processes and their children (uvicorn's workers), one generation deep.
fn families(pids: &[u32]) -> Result<f64> {
    let mut seconds = 0.0;
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(stat) = name.to_str().filter(|name| name.parse::<u32>().is_ok()).and_then(read_stat) else {
            continue;
        };
        if pids.contains(&stat.pid) || pids.contains(&stat.parent) {
            seconds += stat.seconds;
        }
    }
    Ok(seconds)
}

struct Stat {
    pid: u32,
    parent: u32,
    seconds: f64,
}

/// `None` for a process that ended meanwhile.
fn read_stat(pid: &str) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in brackets, may hold spaces: fields are counted after its end.
    let fields: Vec<&str> = stat[stat.rfind(')')? + 2..].split(' ').collect();
    let ticks = fields.get(11)?.parse::<f64>().ok()? + fields.get(12)?.parse::<f64>().ok()?;
    Some(Stat {
        pid: pid.parse().ok()?,
        parent: fields.get(1)?.parse().ok()?,
        seconds: ticks / TICKS_A_SECOND,
    })
}
