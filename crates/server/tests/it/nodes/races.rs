//! Fifty at once, spread over two nodes, and the database decides.

use super::{PASSWORD, at_once, two, two_of};
use crate::harness::Setup;

#[test]
fn s06_of_50_registrations_of_one_name_one_succeeds() {
    let nodes = two();
    let statuses = at_once(&nodes, 50, |node, n| {
        let spelling = ["Anew", "anew", "ANEW"][n % 3];
        node.register_as(spelling, &format!("a{n}@example.com"), PASSWORD).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 409 | 503)), "{statuses:?}");
    let named = "select count(*) from sekisho_users where username_key = 'anew'";
    assert_eq!(nodes[0].database().number(named), 1);
    // Nothing is left of the others, and nothing is counted for them.
    let left = "select count(*) from sekisho_users";
    assert_eq!(nodes[0].database().number(left), 2);
    let counted = "select sum(n) from sekisho_hash_schemes";
    assert_eq!(nodes[0].database().number(counted), 2);
    nodes[0].cli(&["db", "check"]).ok();
}

#[test]
fn s06_of_50_registrations_of_one_address_one_succeeds() {
    let nodes = two();
    let statuses = at_once(&nodes, 50, |node, n| {
        let address = ["Alice@Example.com", "alice@example.com", "ALICE@EXAMPLE.COM"][n % 3];
        node.register_as(&format!("user{n}"), address, PASSWORD).status
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    let held = "select count(*) from sekisho_users where email_key = 'alice@example.com'";
    assert_eq!(nodes[1].database().number(held), 1);
}

#[test]
fn p14_of_many_log_ins_with_an_old_hash_one_replaces_it() {
    let nodes = two_of(Setup::new().demo().config("[throttle]\nenabled = false"));
    let database = nodes[0].database();
    assert!(database.text("select data from sekisho_credentials").starts_with("$2b$12$"));
    let statuses = at_once(&nodes, 12, |node, _| node.login("tim", "tim1234").status);
    // An account has five slots on each node; whoever finds none is told so.
    assert!(statuses.iter().all(|status| matches!(status, 200 | 503)), "{statuses:?}");
    assert!(statuses.contains(&200));
    let hash = database.text("select data from sekisho_credentials");
    assert!(hash.starts_with("$argon2id$"), "{hash}");
    let upgrades = "select count(*) from sekisho_events where kind = 'password_upgraded'";
    assert_eq!(database.number(upgrades), 1);
    assert_eq!(database.number("select n from sekisho_hash_schemes where scheme = 'argon2id'"), 1);
    assert_eq!(database.number("select n from sekisho_hash_schemes where scheme = 'bcrypt'"), 0);
}

#[test]
fn s07_deleting_beside_log_ins_and_new_items_leaves_one_outcome() {
    let nodes = two();
    let token = nodes[0].token("tim", "tim1234");
    let codes = at_once(&nodes, 12, |node, n| match n {
        0 | 1 => node.cli(&["user", "delete", "tim", "--yes"]).code,
        2..=5 => node.cli(&["item", "add", "--owner", "tim"]).code,
        6 | 7 => node.cli(&["user", "disable", "tim"]).code,
        _ => Some(i32::from(node.me(&token).status)),
    });
    // One of two deletes; the other finds nobody.
    assert_eq!(codes[..2].iter().filter(|code| **code == Some(0)).count(), 1, "{codes:?}");
    assert!(codes[2..8].iter().all(|code| matches!(code, Some(0 | 1))), "{codes:?}");
    for node in &nodes {
        assert_eq!(node.me(&token).status, 401);
    }
    assert_eq!(nodes[0].database().number("select count(*) from sekisho_items"), 0);
    nodes[0].cli(&["db", "check"]).ok();
}

#[test]
fn password_changes_at_once_leave_one_password_and_the_right_count() {
    let nodes = two();
    let passwords: Vec<String> = (0..6).map(|n| format!("{PASSWORD} {n}")).collect();
    let codes = at_once(&nodes, 6, |node, n| {
        node.secret(&passwords[n]);
        node.cli_with(&["user", "set-password", "tim", "--password-stdin"], &passwords[n]).code
    });
    assert_eq!(codes, [Some(0); 6]);
    let good = passwords.iter().filter(|password| nodes[1].login("tim", password).status == 200).count();
    assert_eq!(good, 1);
    let versions = "select token_version from sekisho_users where username = 'tim'";
    assert_eq!(nodes[0].database().number(versions), 6);
    assert_eq!(nodes[0].database().number("select sum(n) from sekisho_hash_schemes"), 1);
}
