//! Which file imports which, over every crate of the workspace.

use super::files::Files;
use super::lexer;
use super::scan::{self, Mention, Scan};
use std::collections::{BTreeMap, HashMap};

/// One file importing another, with the first line that does.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) line: usize,
}

/// The module path, from the crate's root.
type Module = Vec<String>;

/// One crate: a root file and all modules that hang from it.
struct Unit {
    files: HashMap<Module, String>,
    scans: BTreeMap<String, (Module, Scan)>,
    /// Names that a module passes on, and where each leads.
    passed_on: HashMap<(Module, String), Module>,
}

/// Builds every crate's module tree; a file that can't be found is a finding.
pub(super) fn build(files: &Files, found: &mut Vec<String>) -> Vec<Edge> {
    let mut edges = BTreeMap::new();
    for root in files.keys().filter(|path| is_root(path)) {
        let mut unit = Unit { files: HashMap::new(), scans: BTreeMap::new(), passed_on: HashMap::new() };
        load(files, &mut unit, root, Vec::new(), true, found);
        unit.pass_on();
        unit.edges(&mut edges);
    }
    edges.into_iter().map(|((from, to), line)| Edge { from, to, line }).collect()
}

/// What cargo takes for the root of a crate by its place alone.
fn is_root(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').rev().collect();
    match parts.as_slice() {
        ["lib.rs" | "main.rs", "src", ..] => true,
        ["main.rs", _, "bin" | "tests" | "examples", ..] => true,
        [_, "bin", "src", ..] => true,
        [_, "tests" | "examples" | "fuzz_targets", parent, ..] => *parent != "src",
        _ => false,
    }
}

/// Reads a file as `module`, then the files of the modules that it declares.
fn load(
    files: &Files,
    unit: &mut Unit,
    path: &str,
    module: Module,
    owns_folder: bool,
    found: &mut Vec<String>,
) {
    let scan = scan::scan(&lexer::tokens(&files[path]));
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let own =
        if owns_folder { folder.to_owned() } else { format!("{folder}/{}", name.trim_end_matches(".rs")) };
    unit.files.insert(module.clone(), path.to_owned());
    for inner in &scan.inline {
        unit.files.insert([module.as_slice(), inner].concat(), path.to_owned());
    }
    let children = scan.children.clone();
    unit.scans.insert(path.to_owned(), (module.clone(), scan));
    for child in children {
        let mut base = if child.path.is_some() { folder.to_owned() } else { own.clone() };
        for inner in &child.within {
            base = format!("{base}/{inner}");
        }
        let mut places = vec![format!("{base}/{}.rs", child.name), format!("{base}/{}/mod.rs", child.name)];
        if let Some(path) = child.path {
            places = vec![normal(&format!("{base}/{path}"))];
        }
        let Some(place) = places.iter().find(|place| files.contains_key(*place)) else {
            found.push(format!("{path}: mod {}: no such file", child.name));
            continue;
        };
        let deeper = [module.as_slice(), &child.within, &[child.name]].concat();
        load(files, unit, place, deeper, place.ends_with("/mod.rs"), found);
    }
}

/// A path without `..`.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        if part == ".." {
            parts.pop();
        } else if part != "." {
            parts.push(part);
        }
    }
    parts.join("/")
}

impl Unit {
    /// A path as written, from the crate's root; `None` if it leads out of the crate or names something local.
    fn absolute(&self, module: &Module, mention: &Mention) -> Option<Module> {
        let mut at = [module.as_slice(), &mention.within].concat();
        let mut rest = mention.path.as_slice();
        match rest.first()?.as_str() {
            "crate" => at.clear(),
            "self" | "super" => {}
            name => {
                let child = [at.as_slice(), &[name.to_owned()]].concat();
                return self.files.contains_key(&child).then(|| [at.as_slice(), rest].concat());
            }
        }
        while let Some((first, tail)) = rest.split_first() {
            match first.as_str() {
                "super" => drop(at.pop()),
                "self" | "crate" => {}
                _ => break,
            }
            rest = tail;
        }
        Some([at.as_slice(), rest].concat())
    }

    /// Notes every name that a module passes on, so that an import through it finds the file behind it.
    fn pass_on(&mut self) {
        let mut passed_on = HashMap::new();
        for (module, scan) in self.scans.values() {
            for import in scan.uses.iter().filter(|import| import.public) {
                let (Some(name), Some(to)) = (&import.name, self.absolute(module, &import.mention)) else {
                    continue;
                };
                let here = [module.as_slice(), &import.mention.within].concat();
                passed_on.insert((here, name.clone()), to);
            }
        }
        self.passed_on = passed_on;
    }

    /// The file that holds what an absolute path names.
    fn file(&self, path: &[String], hops: usize) -> Option<&String> {
        let mut at = Module::new();
        for (index, name) in path.iter().enumerate() {
            let next = [at.as_slice(), std::slice::from_ref(name)].concat();
            if self.files.contains_key(&next) {
                at = next;
                continue;
            }
            if let Some(target) = self.passed_on.get(&(at.clone(), name.clone())).filter(|_| hops > 0) {
                return self.file(&[target.as_slice(), &path[index + 1..]].concat(), hops - 1);
            }
            break;
        }
        self.files.get(&at)
    }

    fn edges(&self, edges: &mut BTreeMap<(String, String), usize>) {
        for (from, (module, scan)) in &self.scans {
            let passed = scan.uses.iter().map(|import| (&import.mention, import.public));
            for (mention, public) in passed.chain(scan.mentions.iter().map(|mention| (mention, false))) {
                let Some(path) = self.absolute(module, mention) else { continue };
                // A parent's re-export of its child.
                let here = [module.as_slice(), &mention.within].concat();
                if public && path.len() > here.len() && path.starts_with(&here) {
                    continue;
                }
                if let Some(to) = self.file(&path, 8).filter(|to| *to != from) {
                    edges.entry((from.clone(), to.clone())).or_insert(mention.line);
                }
            }
        }
    }
}
