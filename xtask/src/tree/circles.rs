//! No two files import each other, by whatever way round.

use super::graph::Edge;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The shortest circle through each import that is part of one; each set of files once.
pub(super) fn circles(edges: &[Edge]) -> Vec<String> {
    let mut next: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        next.entry(&edge.from).or_default().push(edge);
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for edge in edges {
        let Some(back) = way(&next, &edge.to, &edge.from) else { continue };
        let mut members: Vec<&str> =
            back.iter().map(|step| step.from.as_str()).chain([edge.from.as_str()]).collect();
        members.sort_unstable();
        members.dedup();
        if seen.insert(members) {
            let mut text = "files import each other:".to_owned();
            for step in [edge].into_iter().chain(back) {
                text += &format!("\n  {}:{} -> {}", step.from, step.line, step.to);
            }
            found.push(text);
        }
    }
    found
}

/// A shortest chain of imports from one file to another.
fn way<'a>(next: &BTreeMap<&str, Vec<&'a Edge>>, from: &str, to: &str) -> Option<Vec<&'a Edge>> {
    let mut came: BTreeMap<&str, &Edge> = BTreeMap::new();
    let mut queue = VecDeque::from([from]);
    while let Some(file) = queue.pop_front() {
        if file == to {
            let mut chain = Vec::new();
            let mut at = to;
            while at != from {
                chain.push(came[at]);
                at = &came[at].from;
            }
            chain.reverse();
            return Some(chain);
        }
        for edge in next.get(file).into_iter().flatten() {
            if edge.to != from && !came.contains_key(edge.to.as_str()) {
                came.insert(&edge.to, edge);
                queue.push_back(&edge.to);
            }
        }
    }
    None
}
