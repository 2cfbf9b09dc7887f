//! `deploy/alerts.yml` asks for nothing that is not on the page, and each alert has its part of the runbook.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::{page, samples, with_figures};
use crate::harness::{Db, Ran, Request, python};

fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The rules, read as YAML.
fn rules() -> Vec<Value> {
    let mut read = Command::new(python());
    read.args(["-c", "import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)"]);
    let text = std::fs::read_to_string(file("deploy/alerts.yml")).unwrap();
    let groups = Ran::of(read, &text).ok().json()["groups"].take();
    let groups = groups.as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap().clone()).collect()
}

/// The words of an expression that begin as the names of our metrics do.
fn names(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("sekisho_") || word.starts_with("process_"))
}

/// The values that an expression names for a label.
fn values<'a>(expression: &'a str, label: &str) -> Vec<&'a str> {
    let parts = expression.split(['{', ',', '}']).filter_map(|part| part.trim().strip_prefix(label));
    let texts = parts.filter_map(|part| {
        part.trim_start_matches(['=', '~', '!']).trim().strip_prefix('"')?.split('"').next()
    });
    texts.flat_map(|text| text.split('|')).collect()
}

#[test]
fn what_alerts_ask_for_is_on_the_page() {
    let site = with_figures().start();
    site.send(&Request::get("/users/me"));
    let page = page(&site);
    let samples = samples(&page);
    let known: BTreeSet<&str> = samples.keys().map(|name| name.split('{').next().unwrap()).collect();
    for rule in rules() {
        let (alert, expression) = (rule["alert"].as_str().unwrap(), rule["expr"].as_str().unwrap());
        // A file has no pool.
        let is_there =
            |name: &&str| Db::tested() == Db::Postgres || !name.starts_with("sekisho_database_pool_");
        for name in names(expression).filter(is_there) {
            assert!(known.contains(name), "{alert} asks for {name}");
        }
        for label in ["reason", "kind", "route", "counter"] {
            for value in values(expression, label) {
                let text = format!("{label}=\"{value}\"");
                assert!(page.contains(&text), "{alert}: {text}");
            }
        }
    }
}

#[test]
fn each_alert_has_its_part_of_the_runbook_and_no_part_is_left_over() {
    let runbook = std::fs::read_to_string(file("docs/operating.md")).unwrap();
    let headings: BTreeSet<&str> = runbook
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .filter(|line| line.starts_with("Sekisho"))
        .collect();
    let rules = rules();
    let alerts: BTreeSet<&str> = rules.iter().map(|rule| rule["alert"].as_str().unwrap()).collect();
    assert_eq!(alerts, headings);
    assert_eq!(alerts.len(), rules.len(), "no name stands for two");
    for rule in &rules {
        let alert = rule["alert"].as_str().unwrap();
        assert!(["page", "ticket"].contains(&rule["labels"]["severity"].as_str().unwrap()), "{alert}");
        assert!(rule["annotations"]["summary"].as_str().unwrap().len() > 20, "{alert}");
        let anchor = format!("docs/operating.md#{}", alert.to_lowercase());
        assert_eq!(rule["annotations"]["runbook"].as_str().unwrap(), anchor);
    }
}

/// Figures and reason codes that the runbook speaks of exist.
#[test]
fn the_words_of_the_runbook_are_ours() {
    let site = with_figures().start();
    site.get("/livez");
    let page = page(&site);
    let runbook = std::fs::read_to_string(file("docs/operating.md")).unwrap();
    for code in runbook.split('`').skip(1).step_by(2) {
        for name in names(code) {
            assert!(page.contains(&format!("\n{name}")), "{name}");
        }
        let code = code.strip_prefix("reason=").unwrap_or(code);
        let is_code = code.contains('_') && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if is_code && !code.starts_with("sekisho_") && code != "request_id" {
            assert!(page.contains(&format!("{{reason=\"{code}\"}}")), "{code}");
        }
    }
}

/// What the runbook tells to type is there to be typed.
#[test]
fn the_commands_of_the_runbook_exist() {
    let mut missing = Vec::new();
    for path in ["docs/operating.md", "docs/metrics.md"] {
        let text = std::fs::read_to_string(file(path)).unwrap();
        for code in text.split('`').skip(1).step_by(2).filter_map(|code| code.strip_prefix("sekisho ")) {
            let words = code
                .split_whitespace()
                .take_while(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
            let words: Vec<&str> = words.take_while(|word| !word.starts_with('-')).collect();
            if let ["explain", code, ..] = words.as_slice() {
                let mut explain = Command::new(env!("CARGO_BIN_EXE_sekisho"));
                explain.args(["explain", code]);
                if Ran::of(explain, "").code != Some(0) {
                    missing.push(format!("{path}: explain {code}"));
                }
                continue;
            }
            let mut at = &sekisho::cli::command();
            for word in &words {
                match at.find_subcommand(word) {
                    Some(command) => at = command,
                    None if at.has_subcommands() => missing.push(format!("{path}: sekisho {code}")),
                    None => break,
                }
            }
        }
    }
    assert_eq!(missing, [] as [String; 0]);
}
