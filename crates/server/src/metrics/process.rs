//! What the system says of this process, under the names that Prometheus' own clients use.

use std::path::Path;

use rustix::process::{Resource, getrlimit};
use sekisho_core::Timestamp;
use sekisho_store::beside;

use super::page::Page;

/// Writes what `/proc` tells; where it tells nothing, there is no such family.
pub(super) fn write(page: &mut Page, started: Timestamp) {
    if let Some(stat) = std::fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(Stat::parse) {
        let ticks = rustix::param::clock_ticks_per_second() as f64;
        page.counter("process_cpu_seconds", "Processor time used, in seconds.", |samples| {
            samples.seconds(&[], stat.ticks as f64 / ticks);
        });
        page.gauge("process_resident_memory_bytes", "Resident memory.", |samples| {
            samples.of(&[], stat.resident_pages * rustix::param::page_size() as u64);
        });
        page.gauge("process_virtual_memory_bytes", "Address space in use.", |samples| {
            samples.of(&[], stat.virtual_bytes);
        });
        page.gauge("process_threads", "Threads.", |samples| samples.of(&[], stat.threads));
    }
    if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
        // One of them is this list's own.
        let open = open.count().saturating_sub(1);
        page.gauge("process_open_fds", "Open file descriptors.", |samples| samples.of(&[], open));
    }
    if let Some(most) = getrlimit(Resource::Nofile).current {
        page.gauge("process_max_fds", "File descriptors that may be open.", |samples| samples.of(&[], most));
    }
    page.gauge("process_start_time_seconds", "When the process started, in seconds since 1970.", |samples| {
        samples.seconds(&[], started.as_micros() as f64 / 1e6);
    });
}

/// Writes the sizes of the database's files and what room is left beside them.
pub(super) fn write_files(page: &mut Page, database: &Path) {
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |file| file.len());
    page.gauge(
        "sekisho_database_file_bytes",
        "Sizes of the database and of its write-ahead log.",
        |samples| {
            samples.of(&[("file", "database")], size(database));
            samples.of(&[("file", "wal")], size(&beside(database, "-wal")));
        },
    );
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(system) = rustix::fs::statvfs(folder) {
        let name = "sekisho_database_free_bytes";
        page.gauge(name, "Room left on the file system of the database.", |samples| {
            samples.of(&[], system.f_bavail.saturating_mul(system.f_frsize));
        });
    }
}

/// The fields of `/proc/PID/stat` (proc(5)) that are shown.
#[derive(PartialEq, Eq, Debug)]
struct Stat {
    /// In user and in kernel mode, in clock ticks.
    ticks: u64,
    threads: u64,
    virtual_bytes: u64,
    resident_pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Stat> {
        // The second field is the program's name, which may hold anything.
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        // Counted as proc(5) does, from 1; the third is the first here.
        let field = |number: usize| fields.get(number - 3)?.parse::<u64>().ok();
        Some(Stat {
            ticks: field(14)? + field(15)?,
            threads: field(20)?,
            virtual_bytes: field(23)?,
            resident_pages: field(24)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fields_are_counted_behind_the_name() {
        let line = "42 (a) name (b) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 7 0 8000 123456789 3000 18446744073709551615 1 1";
        let stat = Stat { ticks: 200, threads: 7, virtual_bytes: 123_456_789, resident_pages: 3000 };
        assert_eq!(Stat::parse(line), Some(stat));
        assert_eq!(Stat::parse("42 (x) S 1"), None);
        assert_eq!(Stat::parse(""), None);
    }
}
