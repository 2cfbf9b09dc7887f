//! What cleans up after a process that could not do so itself.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Reads until its standard input ends, which it does with the process that holds the other end, however that went;
/// then it ends the server (woken first, should it be stopped) and removes the folder.
const SCRIPT: &str = r#"
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null)
ours() { [ -n "$pid" ] && [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = postgres ]; }
if ours; then kill -QUIT "$pid"; kill -CONT "$pid"; fi
for _ in $(seq 50); do ours || break; sleep 0.1; done
if ours; then kill -KILL "$pid"; fi
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
"#;

/// A process of its own that outlives ours by as long as the cleaning takes.
pub(crate) struct Watchdog(Child);

impl Watchdog {
    /// Watches the server whose files are in `folder`.
    pub(crate) fn over(folder: &Path) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", SCRIPT, "watchdog"]).arg(folder).current_dir("/").process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        Self(command.spawn().expect("a shell"))
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}
