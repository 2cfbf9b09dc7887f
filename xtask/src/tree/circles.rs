//! No two files import each other, by whatever way round.

use super::graph::Edge;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// For each import that is part of a circle, a shortest one through it, unless one shown before has it too.
pub(super) fn circles(edges: &[Edge]) -> Vec<String> {
    let mut next: BTreeMap<&str, Vec<&Edge>> = BTreeMap::new();
    for edge in edges {
        next.entry(&edge.from).or_default().push(edge);
    }
    let mut shown = BTreeSet::new();
    let mut found = Vec::new();
    for edge in edges {
        if shown.contains(&(&edge.from, &edge.to)) {
            continue;
        }
        let Some(back) = way(&next, &edge.to, &edge.from) else { continue };
        let mut text = "files import each other:".to_owned();
        for step in [edge].into_iter().chain(back) {
            shown.insert((&step.from, &step.to));
            text += &format!("\n  {}:{} -> {}", step.from, step.line, step.to);
        }
        found.push(text);
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
