//! The Rust files of the work tree.

use std::collections::BTreeMap;
use std::path::Path;

/// The text of each Rust file by its path from the top of the tree.
pub(super) type Files = BTreeMap<String, String>;

/// The folders of our crates.
const CRATES: &[&str] =
    &["crates/core", "crates/store", "crates/server", "xtask", "bench", "faults", "throwaway", "fuzz"];

/// Reads every Rust file of our crates.
pub(crate) fn read(root: &Path) -> Result<Files, String> {
    let mut files = Files::new();
    for folder in CRATES {
        if root.join(folder).is_dir() {
            collect(root, &root.join(folder), &mut files)?;
        }
    }
    Ok(files)
}

fn collect(root: &Path, folder: &Path, files: &mut Files) -> Result<(), String> {
    let said = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in std::fs::read_dir(folder).map_err(said)? {
        let path = entry.map_err(said)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() {
            if !matches!(name, "target" | "corpus" | "artifacts" | ".venv") {
                collect(root, &path, files)?;
            }
        } else if name.ends_with(".rs") {
            let text = std::fs::read_to_string(&path).map_err(said)?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
            files.insert(name, text);
        }
    }
    Ok(())
}
