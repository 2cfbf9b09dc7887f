//! Whose the files are, who may read them, and what was left lying.

use super::finding::{Finding, fail, ok, warn};
use crate::config::{Loaded, root_key};
use crate::database::place::with_end;
use crate::database::restore;
use rustix::fs::{Access, access};
use rustix::process::geteuid;
use sekisho_core::settings::{DatabaseUrl, Origin, Settings};
use sekisho_store::resolved;
use std::fs::{Metadata, metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// `lock` is the file that a server locks, `copy` what a trial beside an application keeps for the way back, while it lasts.
pub(super) fn examine(loaded: &Loaded, lock: Option<&Path>, copy: Option<&Path>) -> Vec<Finding> {
    let settings = &loaded.settings;
    let mut found = Vec::from_iter(secrets(loaded));
    if let DatabaseUrl::Postgres(_) = &settings.storage.database_url {
        return found;
    }
    found.push(directory(&settings.storage.data_dir));
    found.push(modes(settings, copy.is_some()));
    found.extend(owners(settings, lock, copy.is_some()));
    if let DatabaseUrl::Sqlite(path) = &settings.storage.database_url {
        let path = resolved(path);
        found.extend(restore::cut_short(&path).map(|what| {
            fail("restore", what, "`sekisho db restore FILE` with the same backup; until then nothing starts")
        }));
        found.extend(leftovers(&path, copy));
    }
    found
}

/// Whether others than its owner may read the file.
pub(super) fn exposed(path: &Path) -> bool {
    allows(path, 0o077)
}

/// Whether the file's mode has one of these bits.
fn allows(path: &Path, bits: u32) -> bool {
    metadata(path).is_ok_and(|meta| meta.mode() & bits != 0)
}

/// The files in which the database's password stands.
fn secrets(loaded: &Loaded) -> Option<Finding> {
    let storage = &loaded.settings.storage;
    // One from PGPASSWORD or ~/.pgpass stands in none of them.
    if !loaded.holds_password {
        return None;
    }
    let is_set = |key: &str| !matches!(loaded.origins.of(key), Origin::Default(_));
    let (key, file) = match is_set("storage.database_password") || storage.database_password_file.is_some() {
        true => ("storage.database_password", &storage.database_password_file),
        false => ("storage.database_url", &storage.database_url_file),
    };
    let written = match loaded.origins.of(key) {
        Origin::File { file, .. } | Origin::DotEnv { file, .. } => Some(PathBuf::from(file)),
        _ => None,
    };
    let open: Vec<_> = written
        .into_iter()
        .chain(file.clone())
        .filter(|path| exposed(path))
        .map(|path| path.display().to_string())
        .collect();
    let files = open.join(" ");
    (!open.is_empty()).then(|| {
        warn(
            "database_password",
            format!("others than its owner may read the database's password in {files}"),
            format!("chmod 600 {files}"),
        )
    })
}

/// The database and what SQLite keeps beside it.
pub(super) fn database_files(settings: &Settings) -> Vec<PathBuf> {
    let DatabaseUrl::Sqlite(path) = &settings.storage.database_url else { return Vec::new() };
    let path = resolved(path);
    ["", "-wal", "-shm"].map(|end| with_end(&path, end)).into_iter().filter(|path| path.exists()).collect()
}

fn directory(path: &Path) -> Finding {
    let at = path.display();
    let meta = match metadata(path) {
        Ok(meta) => meta,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return ok("data_directory", format!("{at} is not there yet; the first start makes it"));
        }
        Err(error) => {
            return fail(
                "data_directory",
                format!("{at}: {error}"),
                "let the server's user enter it: chown, chmod 700",
            );
        }
    };
    if !meta.is_dir() {
        return fail(
            "data_directory",
            format!("{at} is not a directory"),
            "move it away, or choose another with --data",
        );
    }
    if access(path, Access::WRITE_OK | Access::EXEC_OK).is_err() {
        return fail(
            "data_directory",
            format!("{at} can't be written by user {}", geteuid().as_raw()),
            format!(
                "chown it to the user that the server runs as, or run this as that user: it belongs to {}",
                meta.uid()
            ),
        );
    }
    if meta.mode() & 0o022 != 0 {
        let what = format!("others than its owner may put files into {at}");
        return fail("data_directory", what, format!("chmod 700 {at}"));
    }
    if meta.mode() & 0o055 != 0 {
        let what = format!("others than its owner may look into {at}");
        return warn("data_directory", what, format!("chmod 700 {at}"));
    }
    ok("data_directory", format!("{at} is its owner's alone"))
}

/// Beside an application the two processes may share the file as a group.
fn modes(settings: &Settings, beside: bool) -> Finding {
    let (fine, whose, mode) = match beside {
        false => ("its owner's alone", "its owner", "600"),
        true => ("its owner's and its group's alone", "its owner and its group", "o="),
    };
    let open: Vec<_> = database_files(settings)
        .into_iter()
        .filter(|path| allows(path, if beside { 0o007 } else { 0o077 }))
        .map(|path| path.display().to_string())
        .collect();
    if open.is_empty() {
        return ok("database_files", fine);
    }
    let files = open.join(" ");
    warn(
        "database_files",
        format!("others than {whose} may read the database, and try its hashes: {files}"),
        format!("chmod {mode} {files}"),
    )
}

/// A file that a command made as root is one that the server can't write.
///
/// Beside an application that may be its file, which the server reaches as one of the group.
fn owners(settings: &Settings, lock: Option<&Path>, beside: bool) -> Option<Finding> {
    let is_shared = |path: &PathBuf| beside && metadata(path).is_ok_and(|meta| meta.mode() & 0o060 == 0o060);
    let files = database_files(settings).into_iter().filter(|path| !is_shared(path));
    let files = files.chain([root_key::path(settings)]);
    let files = files.chain(lock.map(Path::to_owned));
    let of = |path: &Path| metadata(path).ok().as_ref().map(Metadata::uid);
    let owner = of(&settings.storage.data_dir)?;
    let others: Vec<_> = files
        .filter(|path| of(path).is_some_and(|uid| uid != owner))
        .map(|path| path.display().to_string())
        .collect();
    if others.is_empty() {
        return None;
    }
    let files = others.join(" ");
    Some(fail(
        "owners",
        format!("the directory belongs to user {owner}, and these do not: {files}"),
        format!("chown {owner} {files}; run commands as the user that the server runs as"),
    ))
}

/// What a backup or a restore left that was killed, and the copies that adoptions made beside the database at `path`.
fn leftovers(path: &Path, copy: Option<&Path>) -> Vec<Finding> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let own = path.file_name().unwrap_or_default().to_string_lossy();
    let is_draft = |name: &str| name.starts_with('.') && name.ends_with(".new");
    let is_kept = |name: &str| copy.is_some_and(|copy| copy.file_name() == Some(name.as_ref()));
    let is_copy = |name: &str| name.starts_with(&format!("{own}.before-sekisho-")) && !is_kept(name);
    let files = |is: &dyn Fn(&str) -> bool| {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let named = entries.filter(|entry| entry.file_name().to_str().is_some_and(is));
        let mut files: Vec<_> = named.map(|entry| entry.path().display().to_string()).collect();
        files.sort();
        (!files.is_empty()).then(|| files.join(" "))
    };
    let drafts = files(&is_draft).map(|files| {
        warn(
            "leftovers",
            format!("something that was being made when its command was ended: {files}"),
            format!("if no backup or restore runs: rm {files}"),
        )
    });
    let copies = files(&is_copy).map(|files| {
        warn(
            "copies",
            format!("copies of the database as it was before an adoption or its end, which hold the hashes of then: {files}"),
            format!("once you no longer need them: rm {files}"),
        )
    });
    drafts.into_iter().chain(copies).collect()
}
