//! Room on the disk of the database.

use super::files::database_files;
use super::finding::{Finding, fail, ok, warn};
use rustix::fs::statvfs;
use sekisho_core::settings::Settings;
use std::fs::metadata;
use std::path::Path;

const MIB: u64 = 1024 * 1024;
/// Below this much a write may fail any moment: the log alone grows to 64 MiB.
const LEAST: u64 = 80 * MIB;
/// Below this much it is time to look.
const ENOUGH: u64 = 512 * MIB;
/// New files that there must be room for.
const FILES: u64 = 64;

pub(super) fn examine(settings: &Settings) -> Option<Finding> {
    let files = database_files(settings);
    let place = files.first().map_or(settings.storage.data_dir.as_path(), |path| path.as_path());
    // The first start makes the directory; until then the one above it is the disk.
    let place = place.ancestors().find(|path| path.exists()).unwrap_or(Path::new("."));
    let disk = statvfs(place).ok()?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let held = files.iter().filter_map(|path| metadata(path).ok()).map(|meta| meta.len()).sum();
    let nodes = (disk.f_files > 0).then_some(disk.f_favail);
    Some(judge(free, held, nodes))
}

fn judge(free: u64, database: u64, nodes: Option<u64>) -> Finding {
    let said = format!("{} MiB free, the database has {} MiB", free / MIB, database.div_ceil(MIB));
    let mend = "free some, or move the data directory to a larger disk; the server recovers by itself";
    if free < LEAST {
        return fail("space", said, mend);
    }
    if nodes.is_some_and(|nodes| nodes < FILES) {
        return fail("space", "no further files can be made on the disk (inodes)", mend);
    }
    if free < ENOUGH.max(database) {
        return warn("space", format!("{said}: a copy of it would not fit for certain"), mend);
    }
    ok("space", said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_disk_is_judged_by_what_the_log_and_a_copy_need() {
        for (free, database, nodes, state) in [
            (10_000 * MIB, MIB, Some(1000), State::Ok),
            (10_000 * MIB, MIB, None, State::Ok),
            (400 * MIB, MIB, None, State::Warn),
            (10_000 * MIB, 20_000 * MIB, None, State::Warn),
            (79 * MIB, MIB, None, State::Fail),
            (10_000 * MIB, MIB, Some(3), State::Fail),
        ] {
            assert_eq!(judge(free, database, nodes).state, state, "{free} {database} {nodes:?}");
        }
    }
}
