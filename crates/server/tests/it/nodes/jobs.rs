//! Jobs run once among all nodes.

use super::PASSWORD;
use crate::harness::{Db, Setup, Site, until};

const OFTEN: &str = "[jobs]\ncheck_seconds = 1\n";

fn runs(site: &Site, name: &str) -> i64 {
    site.database().number(&format!("select coalesce(max(runs), 0) from sekisho_jobs where name = '{name}'"))
}

#[test]
fn a_job_is_run_by_one_of_three_nodes_each_time() {
    let mut nodes = Setup::new().demo().config(OFTEN).start_nodes(3);
    let database = nodes[0].database();
    for time in 1..=4 {
        until("the job to be run", || (runs(&nodes[0], "release-names") == time).then_some(()));
        database
            .execute("update sekisho_jobs set due_at = 0 where name = 'release-names' and holder is null");
    }
    let told = |site: &Site| site.log().matches("names released").count() as i64;
    until("each run to be told once", || {
        let before = runs(&nodes[0], "release-names");
        let sum: i64 = nodes.iter().map(told).sum();
        (sum == before && before == runs(&nodes[0], "release-names")).then_some(())
    });
    // All of them before the first is examined: what another is at is no remains of it.
    for node in &mut nodes {
        node.stop();
    }
}

#[test]
fn what_a_dead_node_had_is_taken_over_when_its_lease_ends_and_not_before() {
    let site = Setup::new().demo().config(OFTEN).on(Db::Postgres).start();
    until("the first run", || (runs(&site, "release-names") == 1).then_some(()));
    // A node that has died a moment after it took the job.
    site.database().execute(
        "update sekisho_jobs set due_at = 0, holder = 'dead/1/x', \
         held_until = (extract(epoch from clock_timestamp()) * 1000000)::bigint + 3000000 \
         where name = 'release-names'",
    );
    let ends = site.database().number("select held_until from sekisho_jobs where name = 'release-names'");
    let refused = site.cli(&["job", "run", "release-names"]);
    assert_eq!(refused.code, Some(1));
    assert_eq!(refused.stderr, "sekisho: dead/1/x is at release-names now\n");
    until("the job to be taken over", || (runs(&site, "release-names") == 2).then_some(()));
    let began = site.database().number("select began_at from sekisho_jobs where name = 'release-names'");
    assert!(began >= ends, "{began} < {ends}");
}

#[test]
fn s12_a_node_whose_clock_is_days_ahead_deletes_nothing_early() {
    let config = format!("{OFTEN}[audit]\nkeep_days = 1");
    let libraries = std::fs::read_dir("/usr/lib").expect("a folder").flatten();
    let faketime = libraries.map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"));
    let faketime = faketime.into_iter().find(|file| file.exists()).expect("faketime is installed");
    let setup = Setup::new().config(&config).on(Db::Postgres);
    let setup = setup.env("LD_PRELOAD", faketime.to_str().expect("a path")).env("FAKETIME", "+9d");
    let site = setup.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").start();
    assert_eq!(site.register("anew", PASSWORD).status, 200);
    let count = "select count(*) from sekisho_events";
    // What happened now by the clock of the database.
    site.database()
        .execute("update sekisho_events set at = (extract(epoch from clock_timestamp()) * 1000000)::bigint");
    let ran = runs(&site, "purge-events");
    site.database().execute("update sekisho_jobs set due_at = 0 where holder is null");
    until("the job", || (runs(&site, "purge-events") > ran).then_some(()));
    assert_eq!(site.database().number(count), 1);
}
