//! How large the lane is.

use sekisho_core::settings::Hashing;

/// The size of the lane, fixed when it starts.
#[derive(Clone, Copy, Debug)]
pub struct LaneSettings {
    /// Threads, and so hashes at once; 0 means one a core.
    pub threads: usize,
    /// How many hashes may wait beside those that run. At 14 ms a hash and two cores 512 of them wait up to
    /// 3.6 s: long enough to serve a crowd in turn, short enough that the last one's client is still there.
    pub queue: usize,
    /// How far the threads stand back behind request handling: 0 (not at all) to 19.
    pub niceness: u8,
}

impl LaneSettings {
    /// The threads that the lane really starts.
    pub fn thread_count(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

impl Default for LaneSettings {
    fn default() -> LaneSettings {
        LaneSettings { threads: 0, queue: 512, niceness: 11 }
    }
}

impl From<&Hashing> for LaneSettings {
    fn from(settings: &Hashing) -> LaneSettings {
        LaneSettings { threads: settings.threads, queue: settings.queue, niceness: settings.niceness }
    }
}
