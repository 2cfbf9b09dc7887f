//! Failed log-ins are counted by all nodes together.

use super::{PASSWORD, two_of};
use crate::harness::{Request, Response, Setup, Site};

/// How many of these attempts, one after the other on one node and the other, were let through.
fn let_through(nodes: &[Site], attempts: usize) -> usize {
    let tried = (0..attempts).map(|n| nodes[n % nodes.len()].login("tim", "wrong-password").status);
    tried.filter(|status| *status == 401).count()
}

#[test]
fn p16_what_fails_on_one_node_counts_on_the_other() {
    let config =
        "[throttle]\nper_account_and_address_burst = 6\nper_account_and_address_refill_seconds = 3600";
    let mut nodes = two_of(Setup::new().demo().config(config));
    // The last token may be taken on both: a node learns of the other's by its own.
    let through = let_through(&nodes, 20);
    assert!((6..=7).contains(&through), "{through}");
    assert_eq!(let_through(&nodes, 4), 0);
    // Nothing is forgotten when a node is started again: it learns by its first.
    nodes[0].restart(|setup| setup);
    assert_eq!(let_through(&nodes[..1], 10), 1);
    // What the table holds tells nobody who was tried, or from where.
    let rows = nodes[0].database().rows("select counted, full_at from sekisho_limits");
    assert_eq!(rows.len(), 3);
    assert!(!format!("{rows:?}").contains(&"74696d".to_owned()), "{rows:?}");
}

fn log_in_from(node: &Site, address: &str, password: &str) -> Response {
    let form = Request::post("/token").form(&[("username", "owner"), ("password", password)]);
    node.send(&form.header("x-forwarded-for", address))
}

#[test]
fn p16_strangers_keep_nobody_out_on_a_node_where_the_owner_has_not_been() {
    let config = "[http]\ntrusted_proxies = [\"127.0.0.1\"]\n\
                  [throttle]\nper_account_burst = 3\nper_account_refill_seconds = 3600";
    let [one, other] = two_of(Setup::new().production().config(config));
    one.secret(PASSWORD);
    other.secret(PASSWORD);
    assert_eq!(one.register("owner", PASSWORD).status, 200);
    assert_eq!(log_in_from(&one, "192.0.2.1", PASSWORD).status, 200);
    // Nobody tries at this account: a log-in leaves nothing behind in the database.
    assert_eq!(one.database().number("select count(*) from sekisho_limits"), 0);
    for n in 0..3 {
        assert_eq!(log_in_from(&one, &format!("198.51.100.{n}"), "wrong-password").status, 401);
    }
    assert_eq!(log_in_from(&one, "198.51.100.9", "wrong-password").status, 429);
    assert_eq!(log_in_from(&one, "192.0.2.1", PASSWORD).status, 200, "known there");
    // The other node learns that the account is under pressure, and whom it knows.
    assert_eq!(log_in_from(&other, "203.0.113.1", "wrong-password").status, 401);
    assert_eq!(log_in_from(&other, "203.0.113.2", "wrong-password").status, 429);
    assert_eq!(log_in_from(&other, "192.0.2.1", PASSWORD).status, 200, "known by the first node");
}
