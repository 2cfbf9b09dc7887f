//! `SECRET_KEY` is rolled over all nodes without a good token being refused, as docs/many-nodes.md says.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, Signal, kill_process};

use super::two_of;
use crate::harness::{Setup, Site, until};

const OLD: &str = "an-old-key-of-at-least-32-bytes-0123456789";
const NEW: &str = "the-new-key-of-at-least-32-bytes-987654321";

fn keys(signs: &str, verifies: &[&str]) -> String {
    format!(
        "[tokens]\nsecret_key = {signs:?}\nsecret_key_verify = {verifies:?}\n[throttle]\nenabled = false\n"
    )
}

/// Writes the configuration of each node in turn and has it read, one node after the other.
fn roll(nodes: &[Site], pids: [u32; 2], text: &str, changes: usize) {
    for (node, pid) in nodes.iter().zip(pids) {
        std::fs::write(node.folder().join("sekisho.toml"), text).unwrap();
        let pid = Pid::from_raw(pid.cast_signed()).unwrap();
        kill_process(pid, Signal::HUP).unwrap();
        until("the change", || {
            (node.log().matches("configuration changed: tokens.secret_key").count() == changes).then_some(())
        });
    }
}

#[test]
fn a_key_is_rolled_over_two_nodes_under_load_and_no_good_token_is_refused() {
    let setup = Setup::new().demo().without_env("SECRET_KEY").config(&keys(OLD, &[]));
    let mut nodes = two_of(setup);
    for node in &nodes {
        node.secret(OLD);
        node.secret(NEW);
    }
    let pids = [nodes[0].process().pid(), nodes[1].process().pid()];
    let nodes = &nodes;
    let over = AtomicBool::new(false);
    let issued = Mutex::new(vec![nodes[0].token("tim", "tim1234"), nodes[1].token("tim", "tim1234")]);
    std::thread::scope(|scope| {
        let load: Vec<_> = (0..4)
            .map(|n| {
                let (over, issued) = (&over, &issued);
                scope.spawn(move || {
                    let mut checked = 0;
                    while !over.load(Ordering::Relaxed) {
                        // What one node signs the other takes, and so does each what was signed before.
                        let token = nodes[n % 2].token("tim", "tim1234");
                        assert_eq!(nodes[(n + 1) % 2].me(&token).status, 200);
                        let all = issued.lock().unwrap().clone();
                        for token in all.iter().rev().take(4).chain(&all[..2]) {
                            assert_eq!(nodes[checked % 2].me(token).status, 200);
                            checked += 1;
                        }
                        issued.lock().unwrap().push(token);
                    }
                    checked
                })
            })
            .collect();
        let so_far = || issued.lock().unwrap().len();
        let go_on = |more: usize| {
            let wanted = so_far() + more;
            until("more log-ins", || (so_far() >= wanted).then_some(()));
        };
        go_on(5);
        // Every node learns the new key before any signs with it, and knows the old one as long as its tokens live.
        roll(nodes, pids, &keys(OLD, &[NEW]), 1);
        go_on(5);
        roll(nodes, pids, &keys(NEW, &[OLD]), 3);
        go_on(5);
        over.store(true, Ordering::Relaxed);
        for thread in load {
            assert!(thread.join().expect("no token was refused") > 0);
        }
    });
    let last = nodes[0].token("tim", "tim1234");
    let first = issued.lock().unwrap()[0].clone();
    // When the tokens of before are over, the old key goes.
    roll(nodes, pids, &keys(NEW, &[]), 4);
    for node in nodes {
        assert_eq!((node.me(&last).status, node.me(&first).status), (200, 401));
    }
}

/// The first key of one's own replaces the one that is derived from the root key, which nobody can write down.
#[test]
fn the_derived_key_is_rolled_away_from_and_no_token_of_before_is_refused() {
    let rest = "[throttle]\nenabled = false\n";
    let mut nodes = two_of(Setup::new().demo().without_env("SECRET_KEY").config(rest));
    for node in &nodes {
        node.secret(NEW);
    }
    let pids = [nodes[0].process().pid(), nodes[1].process().pid()];
    let before = nodes[0].token("tim", "tim1234");
    let everywhere = |token: &str| nodes.each_ref().map(|node| node.me(token).status);

    roll(&nodes, pids, &format!("[tokens]\nsecret_key_verify = [{NEW:?}]\n{rest}"), 1);
    assert_eq!(everywhere(&before), [200, 200]);
    roll(&nodes[..1], pids, &format!("[tokens]\nsecret_key = {NEW:?}\n{rest}"), 3);
    // One node signs with the new key and the other still with the derived one: both take both.
    let (new, derived) = (nodes[0].token("tim", "tim1234"), nodes[1].token("tim", "tim1234"));
    assert_eq!([&before, &new, &derived].map(|token| everywhere(token)), [[200, 200]; 3]);
    roll(&nodes[1..], [pids[1]; 2], &format!("[tokens]\nsecret_key = {NEW:?}\n{rest}"), 3);
    assert_eq!([&before, &new, &derived].map(|token| everywhere(token)), [[200, 200]; 3]);

    // It ends when its time is over, at once if somebody has seen the root key's file.
    let over =
        format!("[tokens]\nsecret_key = {NEW:?}\nsecret_key_verify_until = \"2026-01-01T00:00:00Z\"\n{rest}");
    roll(&nodes, pids, &over, 4);
    assert_eq!([&before, &derived].map(|token| everywhere(token)), [[401, 401]; 2]);
    assert_eq!(everywhere(&new), [200, 200]);
    for node in &nodes {
        assert_eq!(node.log().matches("signing_key_retired").count(), 2, "{}", node.log());
    }
}
