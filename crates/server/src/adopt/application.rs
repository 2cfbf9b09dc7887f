//! The application's own files, read as text: nothing is run, nothing is followed out of its folder.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use sekisho_core::adopt::{Found, findings_in_dotenv, findings_in_python};

/// Folders that hold other people's code, or none.
const SKIPPED: [&str; 9] =
    ["venv", "env", "site-packages", "node_modules", "__pycache__", "build", "dist", "tests", "test"];
/// No source file is longer than this.
const LONGEST: u64 = 1024 * 1024;
/// More files than any application has; a folder that has more is not one.
const MOST: usize = 20_000;

/// What `*.py` and `.env` below a folder say of the four settings, by file and line.
///
/// # Errors
/// One line if the folder can't be read or is none of an application.
pub fn scan(folder: &Path) -> Result<Vec<Found>, String> {
    let mut found = Vec::new();
    for path in files(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let text = text(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
        let Some(text) = text else { continue };
        found.extend(if path.extension().is_some_and(|end| end == "py") {
            findings_in_python(&text, &name)
        } else {
            findings_in_dotenv(&text, &name)
        });
    }
    Ok(found)
}

/// Every `*.py` and `.env`, those of a folder before those of the folders in it, by name.
fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let unreadable = |error: std::io::Error| format!("cannot read {}: {error}", folder.display());
        let mut entries =
            fs::read_dir(&folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
        entries.sort_by_key(fs::DirEntry::file_name);
        seen += entries.len();
        if seen > MOST {
            return Err("there are more than 20000 files: name the application's own folder".to_owned());
        }
        let mut inner = Vec::new();
        for entry in entries {
            // Links are not followed: they may lead anywhere, and round in a circle.
            let kind = entry.file_type().map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            if kind.is_dir() && !name.starts_with('.') && !SKIPPED.contains(&name.as_str()) {
                inner.push(entry.path());
            } else if kind.is_file()
                && (name == ".env" || (name.ends_with(".py") && !name.starts_with("test_")))
            {
                found.push(entry.path());
            }
        }
        folders.extend(inner.into_iter().rev());
    }
    Ok(found)
}

/// The file's text; `None` if it is too long for source.
fn text(path: &Path) -> std::io::Result<Option<String>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
    let fits = bytes.len() as u64 <= LONGEST;
    Ok(fits.then(|| String::from_utf8_lossy(&bytes).into_owned()))
}
