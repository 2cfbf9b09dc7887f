//! The parts of `deny.toml` that need no network: licences, banned crates, sources.
//!
//! Read from `cargo metadata`, so that nobody compiles cargo-deny for it. Advisories need its database: by hand,
//! `cargo deny check`, as CONTRIBUTING says.

use crate::{shell, spdx};
use serde_json::Value;

const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Every package of the lock file that this platform builds, against `deny.toml`.
pub(crate) fn check() -> shell::Outcome {
    let path = shell::root().join("deny.toml");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("deny.toml: {error}"))?;
    let rules = Rules::read(&text)?;
    let host = shell::host()?;
    let cargo =
        shell::cargo(&["metadata", "--format-version", "1", "--locked", "--filter-platform", host.as_str()]);
    let metadata: Value =
        serde_json::from_str(&shell::output(cargo)?).map_err(|error| format!("cargo metadata: {error}"))?;
    let packages = built(&metadata);
    let mut found: Vec<String> = packages.iter().filter_map(|package| rules.against(package)).collect();
    found.sort();
    eprintln!("{} packages looked at", packages.len());
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// The packages in the resolved graph; `packages` alone also lists those of other platforms.
fn built(metadata: &Value) -> Vec<&Value> {
    let nodes = metadata["resolve"]["nodes"].as_array().into_iter().flatten();
    let ids: std::collections::HashSet<&str> = nodes.filter_map(|node| node["id"].as_str()).collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter(|package| package["id"].as_str().is_some_and(|id| ids.contains(id))).collect()
}

struct Rules {
    licences: Vec<String>,
    banned: Vec<String>,
}

impl Rules {
    fn read(text: &str) -> Result<Rules, String> {
        let table: toml::Table = text.parse().map_err(|error| format!("deny.toml: {error}"))?;
        let list = |section: &str, key: &str| table.get(section).and_then(|value| value.get(key)?.as_array());
        let licences = list("licenses", "allow").ok_or("deny.toml: licenses.allow is missing")?;
        let banned = list("bans", "deny").ok_or("deny.toml: bans.deny is missing")?;
        Ok(Rules {
            licences: licences.iter().filter_map(|name| Some(name.as_str()?.to_owned())).collect(),
            banned: banned.iter().filter_map(|entry| Some(entry.get("name")?.as_str()?.to_owned())).collect(),
        })
    }

    /// What is wrong with a package, if anything.
    fn against(&self, package: &Value) -> Option<String> {
        let name = package["name"].as_str()?;
        if self.banned.iter().any(|banned| banned == name) {
            return Some(format!("{name}: banned by deny.toml"));
        }
        match package["source"].as_str() {
            None | Some(CRATES_IO) => {}
            Some(source) => return Some(format!("{name}: comes from {source}, not from crates.io")),
        }
        let Some(licence) = package["license"].as_str() else {
            return Some(format!("{name}: names no licence"));
        };
        match spdx::allowed(licence, &self.licences) {
            Some(true) => None,
            Some(false) => Some(format!("{name}: licence {licence} is not in deny.toml")),
            None => Some(format!("{name}: licence {licence} can't be read")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CRATES_IO, Rules};
    use serde_json::json;

    #[test]
    fn each_rule_refuses_what_it_should() {
        let rules = Rules::read("[licenses]\nallow = [\"MIT\"]\n[bans]\ndeny = [{ name = \"openssl-sys\" }]")
            .unwrap();
        let verdict = |name: &str, source: Option<&str>, licence: Option<&str>| {
            rules.against(&json!({ "name": name, "source": source, "license": licence }))
        };
        assert_eq!(verdict("good", Some(CRATES_IO), Some("MIT")), None);
        assert_eq!(verdict("ours", None, Some("MIT")), None);
        assert!(verdict("openssl-sys", Some(CRATES_IO), Some("MIT")).unwrap().contains("banned"));
        assert!(
            verdict("far", Some("git+https://example.org/far"), Some("MIT")).unwrap().contains("crates.io")
        );
        assert!(
            verdict("strict", Some(CRATES_IO), Some("GPL-3.0-only")).unwrap().contains("not in deny.toml")
        );
        assert!(verdict("silent", Some(CRATES_IO), None).unwrap().contains("no licence"));
    }
}
