//! `docs/metrics.md` lists what the page has, word for word.

use std::collections::BTreeSet;
use std::path::Path;

use super::{page, with_figures};

/// Everything under this line is made of the page.
const MARK: &str = "<!-- from here on: every family of /metrics, kept so by a test -->";

#[test]
fn the_documentation_lists_every_family() {
    let site = with_figures().start();
    // Requests have labels once there is one.
    site.get("/livez");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let (prose, _) = written.split_once(MARK).expect("the mark");
    let real = format!("{prose}{MARK}\n\n{}", table(&page(&site)));
    if std::env::var_os("SEKISHO_TEST_UPDATE").is_some() {
        std::fs::write(&path, real).unwrap();
    } else {
        assert!(
            written == real,
            "docs/metrics.md differs from /metrics: run this test with SEKISHO_TEST_UPDATE=1"
        );
    }
}

/// One row a family: name, type, labels, help.
fn table(page: &str) -> String {
    let mut rows = vec!["| name | type | labels | |".to_owned(), "| --- | --- | --- | --- |".to_owned()];
    for help in page.lines().filter_map(|line| line.strip_prefix("# HELP ")) {
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
        rows.push(format!("| `{name}` | {} | {} | {help} |", kind.unwrap(), labels.join(", ")));
    }
    rows.join("\n") + "\n"
}
