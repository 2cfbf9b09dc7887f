//! The application's own files, read as text: nothing is run. Links to files are followed, links to folders are not.

use std::fs::{self, OpenOptions};
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sekisho_core::adopt::{Found, findings_in_dotenv, findings_in_python, is_whole_python};

/// Folders that hold other people's code, or none.
const SKIPPED: [&str; 9] =
    ["venv", "env", "site-packages", "node_modules", "__pycache__", "build", "dist", "tests", "test"];
/// No source file is longer than this.
const LONGEST: u64 = 1024 * 1024;
/// More files than any application has; a folder that has more is not one.
const MOST: usize = 20_000;

/// What an application's files say.
#[derive(Debug, Default)]
pub struct Scan {
    /// The settings that were found.
    pub found: Vec<Found>,
    /// Each file and folder that may say more and was passed over, and why.
    pub passed_over: Vec<String>,
}

/// What `*.py` and `.env` below a folder say of the four settings, by file and line.
///
/// # Errors
/// One line if the folder can't be read or is none of an application.
pub fn scan(folder: &Path) -> Result<Scan, String> {
    let mut scan = Scan::default();
    for (path, kind) in files(folder)? {
        let name = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
        let text = match kind {
            Kind::LinkedFolder => Err("a link to a folder"),
            Kind::File => text(&path).map_err(|error| format!("cannot read {}: {error}", path.display()))?,
        };
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                scan.passed_over.push(format!("{name} ({why})"));
                continue;
            }
        };
        if path.extension().is_some_and(|end| end == "py") {
            if !is_whole_python(&text) {
                scan.passed_over.push(format!("the end of {name} (a bracket is never closed)"));
            }
            scan.found.extend(findings_in_python(&text, &name));
        } else {
            scan.found.extend(findings_in_dotenv(&text, &name));
        }
    }
    Ok(scan)
}

/// What may say something.
enum Kind {
    /// By its name a source, whatever lies there.
    File,
    /// It may lead anywhere, and round in a circle.
    LinkedFolder,
}

/// Every `*.py` and `.env`, those of a folder before those of the folders in it, by name.
fn files(folder: &Path) -> Result<Vec<(PathBuf, Kind)>, String> {
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
            let kind = entry.file_type().map_err(unreadable)?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_ours = !name.starts_with('.') && !SKIPPED.contains(&name.as_str());
            if kind.is_dir() {
                inner.extend(is_ours.then(|| entry.path()));
            } else if name == ".env" || (name.ends_with(".py") && !name.starts_with("test_")) {
                found.push((entry.path(), Kind::File));
            } else if kind.is_symlink() && is_ours && entry.path().is_dir() {
                found.push((entry.path(), Kind::LinkedFolder));
            }
        }
        folders.extend(inner.into_iter().rev());
    }
    Ok(found)
}

/// The file's text, through links; else why it is passed over.
fn text(path: &Path) -> std::io::Result<Result<String, &'static str>> {
    match path.metadata() {
        Ok(metadata) if !metadata.is_file() => return Ok(Err("no file")),
        Err(_) if path.is_symlink() => return Ok(Err("a link that leads to no file")),
        _ => {}
    }
    // Should a pipe have taken its place meanwhile, opening it must not wait.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(Err("no file"));
    }
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LONGEST {
        return Ok(Err("longer than 1 MiB"));
    }
    Ok(Ok(String::from_utf8_lossy(&bytes).into_owned()))
}
