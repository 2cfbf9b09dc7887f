//! Nodes that start: at once on an empty database, or on one that another release has changed.

use super::{PASSWORD, at_once};
use crate::harness::{Db, Ran, Setup, Site};

#[test]
fn four_nodes_start_at_once_on_an_empty_database() {
    let nodes = Setup::new().start_at_once(4);
    let migrations = "select count(*) from sekisho_migrations where owner = 'sekisho'";
    let applied = "select max(version) from sekisho_migrations where owner = 'sekisho'";
    let database = nodes[0].database();
    assert_eq!(database.number(migrations), database.number(applied));
    for (n, node) in nodes.iter().enumerate() {
        assert_eq!(node.get("/readyz").status, 200);
        assert_eq!(node.register(&format!("user{n}"), PASSWORD).status, 200);
    }
    let mut nodes = nodes;
    let rest = nodes.split_off(2);
    let pair: [Site; 2] = nodes.try_into().unwrap_or_else(|_| panic!("two of them"));
    let tokens = at_once(&pair, 4, |node, n| {
        let token = node.token(&format!("user{n}"), PASSWORD);
        rest[n % 2].me(&token).status
    });
    assert_eq!(tokens, [200; 4]);
}

#[test]
fn a_rolling_upgrade_goes_on_beside_this_release() {
    let one = Setup::new().demo().on(Db::Postgres).start();
    let token = one.token("tim", "tim1234");
    // As the next release leaves the database, which says that this one may go on.
    let known = one.database().number("select max(version) from sekisho_migrations where owner = 'sekisho'");
    let next = known + 1;
    one.database().execute(&format!(
        "insert into sekisho_migrations (owner, version, checksum, applied_at) values ('sekisho', {next}, 0, 0);
         update sekisho_meta set value = '{known}..={next}' where name = 'schema_served'"
    ));
    assert_eq!(one.get("/readyz").status, 200);
    assert_eq!(one.me(&token).status, 200);
    // A node of this release that is started again meanwhile, and its commands.
    let other = one.beside();
    assert_eq!(other.me(&token).status, 200);
    assert_eq!(other.register("anew", PASSWORD).status, 200);
    other.cli(&["user", "list"]).ok();
}

#[test]
fn a_schema_that_this_release_can_not_serve_is_refused_in_one_line() {
    let one = Setup::new().demo().on(Db::Postgres).start();
    let known = one.database().number("select max(version) from sekisho_migrations where owner = 'sekisho'");
    let next = known + 1;
    one.database().execute(&format!(
        "insert into sekisho_migrations (owner, version, checksum, applied_at) values ('sekisho', {next}, 0, 0);
         update sekisho_meta set value = '{next}..={next}' where name = 'schema_served'"
    ));
    let Ran { code, stderr, .. } = one.cli(&["user", "list"]);
    assert_eq!(code, Some(3));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let line = format!(
        "the database has schema version {next}, this program knows {known}: start the newer version"
    );
    assert!(stderr.contains(&line), "{stderr}");
    assert_eq!(one.get("/readyz").status, 503, "a node that runs meanwhile takes itself out");
}
