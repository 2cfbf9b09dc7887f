//! The files that this installation lives on, which no command writes its result over, `--force` or not.

use super::exit::Stop;
use super::instance::lock_path;
use crate::config::{Loaded, root_key};
use crate::database::place::{folder, with_end};
use sekisho_core::settings::DatabaseUrl;
use sekisho_store::resolved;
use std::fs::metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Files of ours, each with what it is.
pub(super) struct OwnFiles(Vec<(PathBuf, &'static str)>);

impl OwnFiles {
    /// Those of a configuration: its own files, the keys, and the database with what lies beside it.
    pub(super) fn of(loaded: &Loaded) -> OwnFiles {
        let storage = &loaded.settings.storage;
        let secret = "where SECRET_KEY is kept";
        let mut own = vec![
            (root_key::path(&loaded.settings), "the root key"),
            (storage.data_dir.join("secret_key"), secret),
        ];
        own.extend(loaded.settings.tokens.secret_key_file.iter().map(|file| (file.clone(), secret)));
        if let DatabaseUrl::Sqlite(database) = &storage.database_url {
            own.push((database.clone(), "the database itself"));
            let beside = ["-wal", "-shm", "-journal", ".restoring"];
            let beside = beside.iter().map(|end| with_end(&resolved(database), end));
            own.extend(beside.map(|path| (path, "part of the database")));
            own.push((lock_path(database), "the lock of the database"));
        }
        own.extend(loaded.files.iter().map(|file| (file.clone(), "part of the configuration")));
        OwnFiles(own)
    }

    /// The same and the file that the command reads; `-` is standard input.
    pub(super) fn and_input(mut self, input: &Path) -> OwnFiles {
        let input = if input.as_os_str() == "-" { Path::new("/dev/stdin") } else { input };
        self.0.push((input.to_owned(), "the file that is read"));
        self
    }

    /// Refuses to write to a file of ours, by whatever name or link, and to a name that one of ours will have.
    pub(super) fn refuse(&self, to: &Path) -> Result<(), Stop> {
        self.0.iter().find(|(own, _)| is_one(own, to)).map_or(Ok(()), |(_, what)| Err(refused(to, what)))
    }

    /// Refuses to replace a folder that a file of ours lies in.
    pub(super) fn refuse_folder(&self, to: &Path) -> Result<(), Stop> {
        let Ok(to_real) = to.canonicalize() else { return Ok(()) };
        let within = |own: &Path| {
            [own.canonicalize(), folder(own).canonicalize()]
                .into_iter()
                .flatten()
                .any(|at| at.starts_with(&to_real))
        };
        self.0
            .iter()
            .find(|(own, _)| within(own))
            .map_or(Ok(()), |(_, what)| Err(refused(to, &format!("the folder of a file that is {what}"))))
    }
}

fn refused(to: &Path, what: &str) -> Stop {
    Stop::refused(format!("{} is {what}: name another file", to.display()))
}

/// Whether both are one file, or one name, be there a file or not.
fn is_one(own: &Path, to: &Path) -> bool {
    let file =
        |path: &Path| metadata(path).ok().filter(|meta| meta.is_file()).map(|meta| (meta.dev(), meta.ino()));
    let name = |path: &Path| Some((folder(path).canonicalize().ok()?, path.file_name()?.to_owned()));
    file(own).is_some_and(|own| file(to) == Some(own)) || name(own).is_some_and(|own| name(to) == Some(own))
}
