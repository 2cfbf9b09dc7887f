//! `docs/metrics.md` lists what the page has, word for word.

use std::collections::BTreeSet;
use std::path::Path;

use super::{page, with_figures};
use crate::harness::Db;

/// Everything under this line is made of the page.
const MARK: &str = "<!-- from here on: every family of /metrics, kept so by a test -->";

#[test]
fn the_documentation_lists_every_family() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let (prose, _) = written.split_once(MARK).expect("the mark");
    let real = format!("{prose}{MARK}\n\n{}", table(families(Db::Sqlite), families(Db::Postgres)));
    if std::env::var_os("SEKISHO_TEST_UPDATE").is_some() {
        std::fs::write(&path, real).unwrap();
    } else {
        assert!(
            written == real,
            "docs/metrics.md differs from /metrics: run this test with SEKISHO_TEST_UPDATE=1"
        );
    }
}

/// What the page has on this database: name, type, labels, help.
fn families(db: Db) -> Vec<[String; 4]> {
    let site = with_figures().on(db).start();
    // Requests have labels once there is one.
    site.get("/livez");
    let page = page(&site);
    let helps = page.lines().filter_map(|line| line.strip_prefix("# HELP "));
    let family = |help: &str| {
        let (name, help) = help.split_once(' ').unwrap();
        let kind =
            page.lines().find_map(|line| line.strip_prefix("# TYPE ")?.strip_prefix(name)?.strip_prefix(' '));
        let samples = page.lines().filter_map(|line| {
            let labels = line.strip_prefix(name)?;
            let labels = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|part| labels.strip_prefix(part))
                .unwrap_or(labels);
            labels.strip_prefix('{')?.split_once('}').map(|(labels, _)| labels)
        });
        let labels: BTreeSet<&str> = samples
            .flat_map(|labels| labels.split("\",").filter_map(|label| label.split('=').next()))
            .filter(|label| *label != "le")
            .collect();
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        [name, kind.unwrap(), &labels.join(", "), help].map(str::to_owned)
    };
    helps.map(family).collect()
}

/// One row a family, those of PostgreSQL alone at their end.
fn table(sqlite: Vec<[String; 4]>, postgres: Vec<[String; 4]>) -> String {
    let mut rows = vec!["| name | type | labels | |".to_owned(), "| --- | --- | --- | --- |".to_owned()];
    let alone: Vec<_> = postgres.iter().filter(|family| !sqlite.contains(family)).collect();
    for family in sqlite.iter().chain(alone) {
        let [name, kind, labels, help] = family;
        let only = if postgres.contains(family) { "" } else { "SQLite: " };
        rows.push(format!("| `{name}` | {kind} | {labels} | {only}{help} |"));
    }
    rows.join("\n") + "\n"
}
