//! `sekisho job …`: what the servers do by themselves.

use serde_json::Value;

use crate::harness::{Setup, Site, start};

fn listed(site: &Site, name: &str) -> Value {
    let listed = site.cli(&["job", "list", "--json"]).ok().stdout;
    let jobs = listed.lines().map(|line| serde_json::from_str::<Value>(line).expect(line));
    jobs.into_iter().find(|job| job["job"] == name).unwrap_or_else(|| panic!("no job {name} in {listed}"))
}

#[test]
fn a_name_whose_time_has_come_is_freed_by_hand() {
    let site = start();
    site.cli(&["user", "delete", "tim", "--yes"]).ok();
    let ran = site.cli(&["job", "run", "release-names"]).ok();
    assert_eq!(ran.stdout, "release-names: 0 names released\n");
    site.database().execute("update sekisho_users set released_at = 1");
    let ran = site.cli(&["job", "run", "release-names", "--json"]).ok();
    assert_eq!(ran.json(), serde_json::json!({"job": "release-names", "result": "1 names released"}));
    assert_eq!(site.database().number("select count(*) from sekisho_users where username is null"), 1);

    let job = listed(&site, "release-names");
    assert_eq!((job["outcome"].as_str(), job["holder"].as_str()), (Some("1 names released"), None));
    assert_eq!((job["every_seconds"].as_u64(), job["failures"].as_u64()), (Some(600), Some(0)));
    assert!(job["runs"].as_u64() >= Some(2) && job["succeeded_at"].is_string(), "{job}");
    let table = site.cli(&["job", "list"]).ok().stdout;
    assert!(table.starts_with("JOB ") && table.lines().count() == 4, "{table}");
}

#[test]
fn events_are_kept_unless_a_time_is_set_and_then_it_is_told_that_they_were_deleted() {
    let mut site = start();
    let ran = site.cli(&["job", "run", "purge-events"]).ok();
    assert_eq!(ran.stdout, "purge-events: nothing: audit.keep_days is 0, so events are kept\n");
    site.restart(|setup| setup.config("[audit]\nkeep_days = 30"));
    let events = site.database().number("select count(*) from sekisho_events");
    assert_eq!(events, 2);
    site.database().execute("update sekisho_events set at = 1 where event_id = 1");
    let ran = site.cli(&["job", "run", "purge-events"]).ok();
    assert_eq!(ran.stdout, "purge-events: 1 events deleted\n");
    let last = "select kind from sekisho_events order by event_id desc limit 1";
    assert_eq!(site.database().text(last), "events_purged");
    assert_eq!(site.database().number("select count(*) from sekisho_events"), 2);
    let again = site.cli(&["job", "run", "purge-events"]).ok();
    assert_eq!(again.stdout, "purge-events: 0 events deleted\n");
}

#[test]
fn a_job_that_somebody_is_at_is_left_to_them() {
    let site = Setup::new().start();
    site.cli(&["job", "run", "forget-limits"]).ok();
    site.database().execute(
        "update sekisho_jobs set holder = 'node/7/x', held_until = 9000000000000000 where name = 'forget-limits'",
    );
    let refused = site.cli(&["job", "run", "forget-limits"]);
    assert_eq!(
        (refused.code, refused.stderr.as_str()),
        (Some(1), "sekisho: node/7/x is at forget-limits now\n")
    );
    let unknown = site.cli(&["job", "run", "sweep"]);
    assert_eq!(unknown.code, Some(2));
    assert!(unknown.stderr.contains("forget-limits"), "{}", unknown.stderr);
}
