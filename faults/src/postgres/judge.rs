//! What must hold of a site while its database, or a node, is away and comes back.

use super::traffic::{Entry, HANGS, Request};
use super::watch::Look;
use std::collections::{BTreeSet, HashSet};
use std::time::{Duration, Instant};

/// The longest that anybody may wait for an answer, whatever the database does: the time-outs of a request together.
pub(crate) const ANSWER: Duration = Duration::from_secs(15);
/// How long after the database is back everybody must be served again.
pub(crate) const RECOVERY: Duration = Duration::from_secs(30);
/// So long after the recovery the answers must all be good.
pub(crate) const SETTLED: Duration = Duration::from_secs(3);
/// What is shorter may pass without a look at it.
const MOMENT: Duration = Duration::from_secs(2);
/// How much a node's memory may grow while its database is away, in KiB.
const GROWTH: u64 = 32 * 1024;

/// One fault: from when until when, and what it took away.
pub(crate) struct Window {
    /// When it was about to happen.
    pub(crate) began: Instant,
    /// When it had happened.
    pub(crate) broke: Instant,
    /// When what was taken away was there again.
    pub(crate) back: Instant,
    /// When every node had acknowledged registrations again.
    pub(crate) recovered: Option<Instant>,
    pub(crate) lost: Lost,
}

/// What a fault takes away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Lost {
    /// A node, whose clients get no answers; the others don't notice.
    Node(usize),
    /// The database as a whole, for so long that every node must say so.
    Database,
    /// Space or connections: requests fail now and then, and what a node says of itself is its own affair.
    Something,
}

/// Everything that was seen.
pub(crate) struct Seen {
    pub(crate) windows: Vec<Window>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) looks: Vec<Look>,
    /// The names that the database holds at the end.
    pub(crate) present: HashSet<String>,
    /// When the clients stopped.
    pub(crate) ended: Instant,
}

/// A verdict's figures.
#[derive(Default, Debug)]
pub(crate) struct Figures {
    pub(crate) acknowledged: usize,
    pub(crate) refused: usize,
    pub(crate) unanswered: usize,
    /// Refused or without an answer, and there all the same.
    pub(crate) unknown: usize,
    pub(crate) lost: usize,
    pub(crate) slowest: Duration,
    /// From the fault to the first acknowledgement by the slowest node, the longest of all windows.
    pub(crate) first_after_fault: Duration,
    /// From the database's return to it.
    pub(crate) first_after_return: Duration,
    /// The most that a node had in memory during a window, in KiB.
    pub(crate) resident: u64,
}

impl Figures {
    pub(crate) fn amount(&self) -> String {
        format!("{} acknowledged, {} refused", self.acknowledged, self.refused + self.unanswered)
    }

    pub(crate) fn result(&self) -> String {
        let mut text = format!(
            "{} lost; {} of unknown outcome are there; first acknowledgement {:.1} s after the fault, {:.1} s after its \
             end; slowest answer {:.1} s",
            self.lost,
            self.unknown,
            self.first_after_fault.as_secs_f64(),
            self.first_after_return.as_secs_f64(),
            self.slowest.as_secs_f64(),
        );
        if self.resident > 0 {
            text += &format!("; at most {} MiB in memory", self.resident / 1024);
        }
        text
    }
}

/// What does not hold, and the figures.
pub(crate) fn judge(seen: &Seen) -> (Vec<String>, Figures) {
    let (mut found, mut figures) = (Vec::new(), Figures::default());
    for entry in &seen.entries {
        outcome(entry, seen, &mut figures, &mut found);
    }
    for window in &seen.windows {
        recovery(window, seen, &mut figures, &mut found);
        red(window, seen, &mut found);
        memory(window, seen, &mut figures, &mut found);
    }
    for look in &seen.looks {
        look_at(look, seen, &mut found);
    }
    if figures.acknowledged < 20 {
        found.push(format!("{} acknowledged: this shows nothing", figures.acknowledged));
    }
    found.sort_by_key(|finding| !finding.contains("is gone"));
    (found, figures)
}

fn outcome(entry: &Entry, seen: &Seen, figures: &mut Figures, found: &mut Vec<String>) {
    let who = match &entry.request {
        Request::Register(name) => name.as_str(),
        Request::Read => "a reader",
    };
    figures.slowest = figures.slowest.max(entry.took);
    let there = |name: &str| seen.present.contains(name);
    match (&entry.answer, &entry.request) {
        (Ok(reply), Request::Register(name)) if reply.status == 200 => {
            figures.acknowledged += 1;
            if !there(name) {
                figures.lost += 1;
                found.push(format!("{name} was acknowledged and is gone"));
            }
        }
        (Ok(reply), Request::Read) if reply.status == 200 => {}
        (Ok(reply), request) if reply.status == 503 => {
            figures.refused += 1;
            if !reply.retry_after {
                found.push(format!("{who} was not told when to come again: {}", reply.body));
            }
            if matches!(request, Request::Register(name) if there(name)) {
                figures.unknown += 1;
            }
        }
        (Ok(reply), _) => found.push(format!("{who} was answered {}: {}", reply.status, reply.body)),
        (Err(why), request) => {
            figures.unanswered += 1;
            if matches!(request, Request::Register(name) if there(name)) {
                figures.unknown += 1;
            }
            if !killed(entry, seen) {
                found.push(format!("{who} got no answer from node {}: {why}", entry.node));
            }
        }
    }
    if entry.took > ANSWER {
        let end = if entry.took >= HANGS { " and more" } else { "" };
        found.push(format!("{who} waited {:.1} s{end}", entry.took.as_secs_f64()));
    }
}

/// Whether the node was being killed, or was gone, when this was asked of it.
fn killed(entry: &Entry, seen: &Seen) -> bool {
    seen.windows.iter().any(|window| {
        window.lost == Lost::Node(entry.node) && entry.ended() >= window.began && entry.sent <= window.back
    })
}

fn recovery(window: &Window, seen: &Seen, figures: &mut Figures, found: &mut Vec<String>) {
    let Some(recovered) = window.recovered else {
        found.push(format!("not everybody was served within {} s of the end", RECOVERY.as_secs()));
        return;
    };
    for node in nodes(seen) {
        let again = |entry: &&Entry| {
            entry.node == node && entry.ended() > window.back && entry.acknowledged().is_some()
        };
        // Entries are in the order of their ends.
        let Some(first) = seen.entries.iter().find(again).map(Entry::ended) else { continue };
        figures.first_after_fault = figures.first_after_fault.max(first - window.broke);
        figures.first_after_return = figures.first_after_return.max(first - window.back);
    }
    let next = seen.windows.iter().map(|other| other.began).filter(|began| *began > window.began).min();
    let until = next.unwrap_or(seen.ended);
    let settled = |entry: &&Entry| entry.sent > recovered + SETTLED && entry.ended() < until;
    let bad = seen.entries.iter().filter(settled).find(|entry| entry.status() != Some(200));
    if let Some(bad) = bad {
        found.push(format!("after the recovery node {} answered {:?}", bad.node, bad.answer));
    }
}

/// Every node has said that it can't serve, if the database was away for longer than a moment.
fn red(window: &Window, seen: &Seen, found: &mut Vec<String>) {
    if window.lost != Lost::Database || window.back - window.broke < MOMENT {
        return;
    }
    for node in nodes(seen) {
        let mut looks = seen.looks.iter().filter(|look| look.node == node);
        let during = |look: &Look| look.at + look.took >= window.broke && look.at <= window.back;
        if seen.looks.is_empty() {
            return;
        }
        if !looks.any(|look| during(look) && look.ready.is_some_and(|status| status != 200)) {
            found.push(format!("/readyz of node {node} never was red while the database was away"));
        }
    }
}

fn nodes(seen: &Seen) -> BTreeSet<usize> {
    seen.entries.iter().map(|entry| entry.node).collect()
}

fn memory(window: &Window, seen: &Seen, figures: &mut Figures, found: &mut Vec<String>) {
    for node in nodes(seen).into_iter().filter(|node| window.lost != Lost::Node(*node)) {
        let of = |during: bool| {
            let looks = seen.looks.iter().filter(|look| look.node == node);
            looks
                .filter(|look| (look.at >= window.broke) == during && (!during || look.at <= window.back))
                .filter_map(|look| look.resident)
                .max()
                .unwrap_or_default()
        };
        let grown = of(true).saturating_sub(of(false));
        figures.resident = figures.resident.max(of(true));
        if grown > GROWTH {
            found.push(format!("node {node} took {} MiB more", grown / 1024));
        }
    }
}

fn look_at(look: &Look, seen: &Seen, found: &mut Vec<String>) {
    let during = |window: &&Window| look.at + look.took >= window.began && look.at <= window.back;
    let window = seen.windows.iter().find(during);
    if window.is_some_and(|window| window.lost == Lost::Node(look.node)) {
        return;
    }
    if look.live != Some(200) {
        found.push(format!("/livez of node {} answered {:?}", look.node, look.live));
    }
    if look.took > ANSWER {
        found.push(format!("/livez or /readyz of node {} took {:?}", look.node, look.took));
    }
    let inside = |window: &Window| look.at > window.broke && look.at + 2 * look.took < window.back;
    let away = window.is_some_and(|window| window.lost == Lost::Database && inside(window));
    if away && look.ready == Some(200) {
        found.push(format!("/readyz of node {} is green while the database is away", look.node));
    }
    if window.is_none_or(|window| matches!(window.lost, Lost::Node(_))) {
        let recent = seen.windows.iter().any(|window| {
            look.at > window.back && window.recovered.is_none_or(|recovered| look.at <= recovered + SETTLED)
        });
        if !recent && look.ready != Some(200) {
            found.push(format!("/readyz of node {} answered {:?} while all was well", look.node, look.ready));
        }
    }
}
