//! What Linux tells of processes: who holds a lock, who listens, what a process may use. Elsewhere there is no answer.

use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A process's name as `ps` shows it; `?` for one that has gone.
pub(super) fn name_of(pid: u32) -> String {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    if name.is_empty() { "?".to_owned() } else { name.trim().to_owned() }
}

/// The files that a process has open, as far as this user may see: where each is now, its device and number.
pub(super) fn open_files(pid: u32) -> Vec<(PathBuf, (u64, u64))> {
    let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let path = fs::read_link(entry.path()).ok()?;
            let meta = fs::metadata(entry.path()).ok()?;
            Some((path, (meta.dev(), meta.ino())))
        })
        .collect()
}

/// The processes that have this file open, as far as this user may see.
pub(super) fn users_of(path: &Path) -> Vec<u32> {
    let Ok(meta) = fs::metadata(path) else { return Vec::new() };
    let own = (meta.dev(), meta.ino());
    processes().filter(|pid| open_files(*pid).iter().any(|(_, id)| *id == own)).collect()
}

/// The process that holds a whole-file lock on this file.
pub(super) fn lock_holder(path: &Path) -> Option<u32> {
    let inode = fs::metadata(path).ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").unwrap_or_default();
    let listed =
        holders_of(&locks, inode).into_iter().find(|pid| Path::new(&format!("/proc/{pid}")).exists());
    // Layered file systems number a file in two ways; whoever else has it open is the holder then.
    listed.or_else(|| users_of(path).into_iter().find(|pid| *pid != std::process::id()))
}

/// Who listens where, and which socket that is.
pub(super) fn listeners() -> Option<Vec<(SocketAddr, u64)>> {
    let of = |table: &str| fs::read_to_string(format!("/proc/net/{table}")).ok();
    let v4 = of("tcp")?;
    // A machine may do without IPv6.
    let v6 = of("tcp6").unwrap_or_default();
    Some(listening(&v4).into_iter().chain(listening(&v6)).collect())
}

/// The process that has this socket, if this user may see it.
pub(super) fn socket_holder(inode: u64) -> Option<u32> {
    let wanted = format!("socket:[{inode}]");
    processes().find(|pid| {
        let entries = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        entries.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|link| link.as_os_str() == &*wanted)
    })
}

/// The hard limit of a process, by the words at the beginning of its line in `/proc/PID/limits`; `None`: no limit known.
pub(super) fn hard_limit(process: &str, what: &str) -> Option<u64> {
    let limits = fs::read_to_string(format!("/proc/{process}/limits")).ok()?;
    limit_in(&limits, what)
}

/// The least of what a process and its groups may use of memory, in bytes, and of what the machine has to give.
pub(super) fn memory(process: &str) -> Option<u64> {
    let machine = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total_in(&text));
    let groups = fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
    let group = group_files(&groups).into_iter().filter_map(|file| {
        // "max", or a number beyond all machines, is no limit.
        fs::read_to_string(file).ok()?.trim().parse::<u64>().ok().filter(|bytes| *bytes < 1 << 50)
    });
    let own = ["Max address space", "Max data size"].into_iter().filter_map(|what| hard_limit(process, what));
    machine.into_iter().chain(group).chain(own).min()
}

fn processes() -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
}

fn holders_of(locks: &str, inode: u64) -> Vec<u32> {
    let holder = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, _, pid, file, ..] = words.as_slice() else { return None };
        let number: u64 = file.rsplit(':').next()?.parse().ok()?;
        (number == inode).then(|| pid.parse().ok()).flatten()
    };
    locks.lines().filter_map(holder).collect()
}

fn listening(table: &str) -> Vec<(SocketAddr, u64)> {
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        // State 0A is LISTEN; the inode is the tenth word.
        if words.get(3) != Some(&"0A") {
            return None;
        }
        Some((address(words.get(1)?)?, words.get(9)?.parse().ok()?))
    };
    table.lines().skip(1).filter_map(line).collect()
}

/// `0100007F:1F40` is 127.0.0.1:8000: each four bytes are a number of this machine.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words = ip.as_bytes().chunks(8).map(|word| {
        let word = std::str::from_utf8(word).ok().filter(|word| word.len() == 8)?;
        Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
    });
    let bytes = words.collect::<Option<Vec<_>>>()?.concat();
    let ip: IpAddr = match bytes.len() {
        4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(),
        16 => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).to_canonical(),
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn limit_in(limits: &str, what: &str) -> Option<u64> {
    let line = limits.lines().find_map(|line| line.strip_prefix(what))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn total_in(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024)
}

/// The files with the limits of a process's groups and of those above them.
fn group_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(kind), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = match kind {
            "" => ("/sys/fs/cgroup", "memory.max"),
            "memory" => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        let above = Path::new(path.trim_start_matches('/')).ancestors();
        files.extend(above.map(|group| Path::new(root).join(group).join(file)));
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_found_by_its_file() {
        let locks = "1: FLOCK  ADVISORY  WRITE 13641 fe:00:5768468 0 EOF\n\
                     2: POSIX  ADVISORY  READ 11291 fe:00:77 128 128\n\
                     2: -> FLOCK  ADVISORY  WRITE 9 fe:00:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 4242 fe:00:77 0 EOF\n";
        assert_eq!(holders_of(locks, 77), [4242]);
        assert_eq!(holders_of(locks, 78), [] as [u32; 0]);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn listeners_are_read_of_both_kinds() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
           0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0 100 0\n\
           1: 0100007F:1F40 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0 100 0\n\
           2: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 \
           00:00000000 00000000 0 0 9 1\n";
        let found = listening(table);
        assert_eq!(found, [("127.0.0.1:8000".parse().unwrap(), 4711), ("[::1]:22".parse().unwrap(), 9)]);
        for bad in ["", "x", "0100007F", "0100007F:1F40F", "01:1", "ZZ00007F:1F40"] {
            assert_eq!(address(bad), None, "{bad}");
        }
    }

    #[test]
    fn limits_are_read_and_their_absence_too() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units     \n\
                      Max address space         unlimited            unlimited            bytes     \n\
                      Max open files            1024                 4096                 files     \n";
        assert_eq!(limit_in(limits, "Max open files"), Some(4096));
        assert_eq!(limit_in(limits, "Max address space"), None);
        assert_eq!(limit_in(limits, "Max data size"), None);
        assert_eq!(total_in("MemTotal:        2048 kB\nMemFree: 1 kB"), Some(2048 * 1024));
    }

    #[test]
    fn a_group_is_limited_by_those_above_it() {
        let files = group_files("0::/system.slice/sekisho.service\n3:cpu:/x\n");
        let shown: Vec<_> = files.iter().map(|file| file.to_str().unwrap()).collect();
        assert_eq!(
            shown,
            [
                "/sys/fs/cgroup/system.slice/sekisho.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert_eq!(group_files("4:memory:/a").len(), 2);
    }
}
