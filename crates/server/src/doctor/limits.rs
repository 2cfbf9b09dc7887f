//! What the system lets the server use, against what its settings ask for.

use super::finding::{Finding, fail, ok, warn};
use super::running::Server;
use super::system::{hard_limit, memory};
use crate::hashing::LaneSettings;
use sekisho_core::SchemeCost;
use sekisho_core::settings::Settings;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
/// What the server takes without a hash: itself, its connections and bodies at their limits.
const WITHOUT_HASHES: u64 = 96 * MIB;
/// Open files beside those of connections: the database's readers, the log, the listener.
const BESIDE_CONNECTIONS: u64 = 192;

pub(super) fn examine(settings: &Settings, server: &Server, costs: &[SchemeCost]) -> Vec<Finding> {
    let process = match server {
        Server::Running { pid: Some(pid) } => pid.to_string(),
        _ => "self".to_owned(),
    };
    let mut found = Vec::new();
    found.extend(memory(&process).map(|there| memory_for(settings, there, costs)));
    found.extend(hard_limit(&process, "Max open files").map(|there| files_for(settings, there)));
    found
}

fn memory_for(settings: &Settings, there: u64, costs: &[SchemeCost]) -> Finding {
    let threads = LaneSettings::from(&settings.hashing).thread_count() as u64;
    let new = u64::from(settings.password.argon2_memory_kib);
    let stored = costs.iter().filter_map(memory_of).max().unwrap_or(0);
    let one = new.max(stored);
    let wanted = WITHOUT_HASHES + threads * one * KIB;
    let said = format!(
        "{threads} hashes at once of {} MiB: up to {} MiB of {} MiB",
        one / KIB,
        wanted / MIB,
        there / MIB
    );
    let mend = "lower hashing.threads, or give the server more memory (MemoryMax= of its unit, the container's limit)";
    if wanted > there {
        fail("memory", said, mend)
    } else if wanted > there / 10 * 8 {
        warn("memory", said, mend)
    } else {
        ok("memory", said)
    }
}

/// The memory of an Argon2 hash in KiB: `m=19456,t=2,p=1`.
fn memory_of(kind: &SchemeCost) -> Option<u64> {
    kind.cost.split(',').find_map(|part| part.strip_prefix("m="))?.parse().ok()
}

fn files_for(settings: &Settings, there: u64) -> Finding {
    let wanted = settings.http.max_connections as u64 + BESIDE_CONNECTIONS;
    let said = format!(
        "{there} open files allowed, {wanted} wanted for {} connections",
        settings.http.max_connections
    );
    if there < wanted {
        let mend =
            format!("set LimitNOFILE={wanted} in the unit (or `ulimit -n`), or lower http.max_connections");
        return warn("open_files", format!("{said}: fewer connections are taken"), mend);
    }
    ok("open_files", said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;
    use sekisho_core::settings::{SecretFiles, layer_from_toml, resolve};

    fn settings(toml: &str) -> Settings {
        resolve(&[layer_from_toml(toml, "sekisho.toml").unwrap()], &SecretFiles::default()).unwrap().0
    }

    #[test]
    fn memory_is_counted_by_the_costliest_hash() {
        let settings = settings("hashing.threads = 4");
        let costs = |cost: &str| vec![SchemeCost { scheme: "argon2id".into(), cost: cost.into() }];
        for (there, costs, state) in [
            (512 * MIB, costs("m=19456,t=2,p=1"), State::Ok),
            (200 * MIB, Vec::new(), State::Warn),
            (128 * MIB, Vec::new(), State::Fail),
            (512 * MIB, costs("m=262144,t=2,p=1"), State::Fail),
            (512 * MIB, costs("12"), State::Ok),
        ] {
            let found = memory_for(&settings, there, &costs);
            assert_eq!(found.state, state, "{}", found.message);
        }
    }

    #[test]
    fn connections_need_open_files() {
        let settings = settings("http.max_connections = 1000");
        assert_eq!(files_for(&settings, 1192).state, State::Ok);
        assert_eq!(files_for(&settings, 1024).state, State::Warn);
    }
}
