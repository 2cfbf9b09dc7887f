//! `once.txt` names tests that there are, and says why of each.

use std::path::Path;

/// Whether this is a module of ours (`a::b::`) or a test (`a::b::name`).
fn exists(name: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let is_module = |path: &str| root.join(format!("{path}.rs")).is_file() || root.join(path).is_dir();
    let text = |path: &str| {
        let file = root.join(format!("{path}.rs"));
        std::fs::read_to_string(file).or_else(|_| std::fs::read_to_string(root.join(path).join("mod.rs")))
    };
    match name.strip_suffix("::") {
        Some(module) => is_module(&module.replace("::", "/")),
        None => name.rsplit_once("::").is_some_and(|(module, test)| {
            text(&module.replace("::", "/")).is_ok_and(|text| text.contains(&format!("fn {test}()")))
        }),
    }
}

#[test]
fn what_runs_once_is_there_and_has_a_reason() {
    for line in include_str!("../once.txt").lines().filter(|line| !line.starts_with('#')) {
        let (name, reason) = line.split_once(' ').unwrap_or((line, ""));
        assert!(exists(name), "there is no test {name}");
        assert!(reason.trim().len() > 10, "why does {name} run once?");
    }
}
