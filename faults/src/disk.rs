//! A disk as POSIX promises it: what the recorded calls did to the files below a folder, and what of that a power cut
//! may leave.
//!
//! A write or a new length is certain once a sync of its file has ended that began after it; a name (made, linked,
//! renamed, removed) once its folder was synced. Everything else is there or not by chance, writes sector by sector.
//! A sync that fails leaves what it should have covered to chance for ever: Linux takes such pages for written, and the
//! next sync succeeds without them.

use crate::dice::Dice;
use crate::scratch::Files;
use crate::trace::Call;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What is never certain before this line.
const NEVER: usize = usize::MAX;
/// The end of the name of SQLite's shared index, which is written through a mapping that no trace shows.
const INDEX: &str = "-shm";

/// Every change below a folder, in order.
pub(crate) struct History {
    top: PathBuf,
    files: Vec<Vec<Change>>,
    names: Vec<Naming>,
    /// What the running system sees at the end of what was read so far; `None` for a folder.
    live: HashMap<PathBuf, Option<usize>>,
}

struct Change {
    begin: usize,
    end: usize,
    /// The line from which on it is certain.
    certain: usize,
    /// Whether a sync of it has failed.
    forsaken: bool,
    what: Content,
}

enum Content {
    Write(usize, Vec<u8>),
    Length(usize),
}

struct Naming {
    begin: usize,
    end: usize,
    certain: usize,
    removes: Option<PathBuf>,
    /// A name, and the file that it is given to.
    puts: Option<(PathBuf, Option<usize>)>,
}

impl History {
    /// Nothing has happened yet below `top`.
    pub(crate) fn new(top: &Path) -> History {
        History { top: top.to_owned(), files: Vec::new(), names: Vec::new(), live: HashMap::new() }
    }

    /// Adds the calls of one process. An error if it changed files in a way that is not modelled.
    pub(crate) fn add(&mut self, calls: &[Call]) -> Result<(), String> {
        let mut open: HashMap<i64, (usize, usize)> = HashMap::new();
        for call in calls {
            if call.is_sync() && (call.real || call.result < 0) {
                self.sync(call, &open);
            } else if !call.names.is_empty() && call.result >= 0 {
                self.name(call, &mut open)?;
            } else if !call.is_sync() && call.result >= 0 && self.is_ours(Path::new(&call.target)) {
                self.content(call, &mut open)?;
            }
        }
        Ok(())
    }

    fn is_ours(&self, path: &Path) -> bool {
        path.starts_with(&self.top)
    }

    fn sync(&mut self, call: &Call, open: &HashMap<i64, (usize, usize)>) {
        let covered = |end: usize, certain: usize| end < call.begin && certain == NEVER;
        let path = Path::new(&call.target);
        if path == self.top || self.live.get(path) == Some(&None) {
            for naming in &mut self.names {
                let name = naming.removes.as_ref().or(naming.puts.as_ref().map(|(name, _)| name));
                let here = name.and_then(|name| name.parent()) == Some(path);
                if call.real && here && covered(naming.end, naming.certain) {
                    naming.certain = call.end;
                }
            }
        } else if let Some((file, _)) = call.fd.and_then(|fd| open.get(&fd)).filter(|_| self.is_ours(path)) {
            for change in &mut self.files[*file] {
                if covered(change.end, change.certain) && !change.forsaken {
                    change.certain = if call.real { call.end } else { NEVER };
                    change.forsaken = !call.real;
                }
            }
        }
    }

    fn name(&mut self, call: &Call, open: &mut HashMap<i64, (usize, usize)>) -> Result<(), String> {
        let names: Vec<PathBuf> = call.names.iter().map(|name| self.top.join(name)).collect();
        if !names.iter().any(|name| self.is_ours(name)) {
            return Ok(());
        }
        let first = names[0].clone();
        let there = self.live.get(&first).copied();
        match (call.name.as_str(), names.get(1).cloned()) {
            ("open" | "openat", None) => {
                let file = match there {
                    Some(Some(file)) => file,
                    Some(None) => return Ok(()),
                    None if call.rest.contains("O_CREAT") => {
                        self.files.push(Vec::new());
                        let file = self.files.len() - 1;
                        self.put(call, None, Some((first, Some(file))));
                        file
                    }
                    // The folder that holds `top`, or one above it.
                    None => return Ok(()),
                };
                if call.rest.contains("O_TRUNC") {
                    self.change(call, file, Content::Length(0));
                }
                open.insert(call.result, (file, 0));
            }
            ("mkdir" | "mkdirat", None) => self.put(call, None, Some((first, None))),
            ("unlink" | "unlinkat", None) => self.put(call, Some(first), None),
            ("link" | "linkat", Some(second)) => self.put(call, None, Some((second, there.flatten()))),
            ("rename" | "renameat" | "renameat2", Some(second)) => {
                self.put(call, Some(first), Some((second, there.flatten())));
            }
            _ => return Err(format!("the server called {}, which the model of a disk lacks", call.name)),
        }
        Ok(())
    }

    fn content(&mut self, call: &Call, open: &mut HashMap<i64, (usize, usize)>) -> Result<(), String> {
        let Some((file, at)) = call.fd.and_then(|fd| open.get_mut(&fd)) else { return Ok(()) };
        let number = || call.last_number().and_then(|number| usize::try_from(number).ok());
        let whole = usize::try_from(call.result).is_ok_and(|length| length == call.data.len());
        let (file, what) = match (call.name.as_str(), number()) {
            ("write", _) if whole => {
                *at += call.data.len();
                (*file, Content::Write(*at - call.data.len(), call.data.clone()))
            }
            ("pwrite64", Some(offset)) if whole => (*file, Content::Write(offset, call.data.clone())),
            ("ftruncate", Some(length)) => (*file, Content::Length(length)),
            _ => return Err(format!("the server called {}, which the model of a disk lacks", call.name)),
        };
        self.change(call, file, what);
        Ok(())
    }

    fn change(&mut self, call: &Call, file: usize, what: Content) {
        let change = Change { begin: call.begin, end: call.end, certain: NEVER, forsaken: false, what };
        self.files[file].push(change);
    }

    fn put(&mut self, call: &Call, removes: Option<PathBuf>, puts: Option<(PathBuf, Option<usize>)>) {
        if let Some(name) = &removes {
            self.live.remove(name);
        }
        if let Some((name, file)) = &puts {
            self.live.insert(name.clone(), *file);
        }
        self.names.push(Naming { begin: call.begin, end: call.end, certain: NEVER, removes, puts });
    }

    /// The files in `folder` after a power cut at a line; `None` if the folder itself is gone.
    pub(crate) fn after_cut(&self, line: usize, folder: &Path, dice: &mut Dice) -> Option<Files> {
        // Of what is not certain: nothing, a little, half, nearly all, all.
        let kept = [0, 10, 50, 90, 100][dice.between(0, 5) as usize];
        let sector = if dice.between(0, 2) == 0 { 512 } else { 4096 };
        let in_order = dice.between(0, 2) == 0;
        let mut names: HashMap<&Path, Option<usize>> = HashMap::new();
        let mut stopped = false;
        for naming in self.names.iter().filter(|naming| naming.begin < line) {
            if naming.certain >= line {
                // A journal keeps names in order; nothing promises one.
                let keep = dice.between(0, 100) < kept;
                stopped |= in_order && !keep;
                if stopped || !keep {
                    continue;
                }
            }
            if let Some(name) = &naming.removes {
                names.remove(name.as_path());
            }
            if let Some((name, file)) = &naming.puts {
                names.insert(name, *file);
            }
        }
        names.get(folder)?;
        let files = names.iter().filter(|(name, _)| name.parent() == Some(folder));
        let mut files: Vec<_> = files.filter_map(|(name, file)| Some((*name, (*file)?))).collect();
        // Drawn in an order that a seed repeats.
        files.sort();
        let mut found = Files::new();
        for (path, file) in files {
            let name = path.file_name()?.to_string_lossy().into_owned();
            let content = if name.ends_with(INDEX) {
                (0..32768).map(|_| dice.next() as u8).collect()
            } else {
                self.file_after_cut(file, line, &mut |_| dice.between(0, 100) < kept, sector)
            };
            found.insert(name, content);
        }
        Some(found)
    }

    fn file_after_cut(
        &self,
        file: usize,
        line: usize,
        keep: &mut dyn FnMut(usize) -> bool,
        sector: usize,
    ) -> Vec<u8> {
        let mut content = Vec::new();
        for change in self.files[file].iter().filter(|change| change.begin < line) {
            let certain = change.certain < line;
            match &change.what {
                Content::Length(length) if certain || keep(0) => content.resize(*length, 0),
                Content::Length(_) => {}
                Content::Write(offset, data) if certain => write(&mut content, *offset, data),
                Content::Write(offset, data) => {
                    let mut from = 0;
                    while from < data.len() {
                        let to = data.len().min(from + sector - (offset + from) % sector);
                        if keep(from) {
                            write(&mut content, offset + from, &data[from..to]);
                        }
                        from = to;
                    }
                }
            }
        }
        content
    }
}

fn write(content: &mut Vec<u8>, offset: usize, data: &[u8]) {
    let end = offset + data.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(data);
}

#[cfg(test)]
mod tests {
    use super::History;
    use crate::dice::Dice;
    use crate::trace::calls;
    use std::path::Path;

    const TRACE: &str = r#"1 mkdir("/t/d", 0700) = 0
1 fsync(9</t>) = 0
1 openat(AT_FDCWD</>, "/t/d/f", O_RDWR|O_CREAT, 0600) = 5</t/d/f>
1 pwrite64(5</t/d/f>, "old", 3, 0) = 3
1 fsync(5</t/d/f>) = 0
1 fsync(6</t/d>) = 0
1 pwrite64(5</t/d/f>, "new", 3, 0) = 3
1 rename("/t/d/f", "/t/d/g") = 0
1 fsync(5</t/d/f>) = -1 EIO (Input/output error)
1 fsync(5</t/d/f>) = 0"#;

    fn states(line: usize) -> Vec<String> {
        let mut history = History::new(Path::new("/t"));
        history.add(&calls(TRACE)).unwrap();
        let mut dice = Dice::new(1);
        let mut states: Vec<String> = (0..200)
            .map(|_| match history.after_cut(line, Path::new("/t/d"), &mut dice) {
                None => "nothing".to_owned(),
                Some(files) => files
                    .iter()
                    .map(|(name, content)| format!("{name}={} ", String::from_utf8_lossy(content)))
                    .collect(),
            })
            .collect();
        states.sort();
        states.dedup();
        states
    }

    #[test]
    fn only_what_was_synced_is_certain() {
        assert_eq!(states(1), ["", "nothing"], "a folder whose own folder was not synced");
        assert_eq!(states(2), [""]);
        assert_eq!(states(5), ["", "f=old "], "the content is certain, the name is not");
        assert_eq!(states(6), ["f=old "]);
        assert_eq!(
            states(10),
            ["f=new ", "f=old ", "g=new ", "g=old "],
            "a sync that failed is not made good by the next"
        );
    }
}
