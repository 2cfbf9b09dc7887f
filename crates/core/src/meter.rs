//! Counting from many threads at once: a thread's own share of a counter, and a histogram made of such shares.
//!
//! Two threads that add to one counter pass its cache line to and fro, which costs more than what they count on the path
//! of every request. So what is counted there is kept in shares, one a thread (as far as there are enough), and added
//! up by who reads it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Into how many shares a counter on the path of every request is divided.
pub const SHARES: usize = 8;

/// Between two shares that lie one behind the other, in counters: a cache line.
const GAP: usize = 8;

/// The number of this thread's share, below [`SHARES`]; threads take turns.
pub fn share() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    OWN.with(|own| {
        if own.get() == usize::MAX {
            own.set(NEXT.fetch_add(1, Relaxed) % SHARES);
        }
        own.get()
    })
}

/// Bounds for answers and the like, in nanoseconds: 0.1 ms to 30 s.
pub const TIMES: &[u64] = &[
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    2_500_000_000,
    5_000_000_000,
    10_000_000_000,
    30_000_000_000,
];

/// Bounds for what usually takes microseconds, in nanoseconds: 5 µs to 5 s.
pub const SHORT_TIMES: &[u64] = &[
    5_000,
    10_000,
    25_000,
    50_000,
    100_000,
    250_000,
    500_000,
    1_000_000,
    2_500_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    5_000_000_000,
];

/// Bounds for how many did something together.
pub const CROWDS: &[u64] = &[1, 2, 4, 8, 16, 32, 64, 128, 256];

/// How many values fell below each of some bounds, and their sum. Adding takes no lock and no memory.
pub struct Histogram {
    bounds: &'static [u64],
    /// Share by share: a count for each bound, one for what lies above all of them, and the sum.
    cells: Box<[AtomicU64]>,
}

/// What a histogram held at one moment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Buckets {
    /// The upper bounds, each of which belongs to its bucket.
    pub bounds: &'static [u64],
    /// How many values each bucket holds, not counting those before it; the last holds what is above all bounds.
    pub counts: Vec<u64>,
    /// The sum of all values.
    pub sum: u64,
}

impl Histogram {
    /// An empty one with these upper bounds, in ascending order.
    pub fn new(bounds: &'static [u64]) -> Histogram {
        let cells = (0..SHARES * Histogram::stride(bounds)).map(|_| AtomicU64::new(0)).collect();
        Histogram { bounds, cells }
    }

    /// Counts one value.
    pub fn add(&self, value: u64) {
        let bucket = self.bounds.iter().take_while(|bound| value > **bound).count();
        let start = share() * Histogram::stride(self.bounds);
        self.cells[start + bucket].fetch_add(1, Relaxed);
        self.cells[start + self.bounds.len() + 1].fetch_add(value, Relaxed);
    }

    /// Counts one span of time, in nanoseconds.
    pub fn add_time(&self, time: Duration) {
        self.add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
    }

    /// What was counted so far. What is counted meanwhile may be in it by half: a value in its bucket and not in the sum.
    pub fn read(&self) -> Buckets {
        let mut buckets = Buckets { bounds: self.bounds, counts: vec![0; self.bounds.len() + 1], sum: 0 };
        for share in self.cells.chunks(Histogram::stride(self.bounds)) {
            for (count, cell) in buckets.counts.iter_mut().zip(share) {
                *count += cell.load(Relaxed);
            }
            buckets.sum = buckets.sum.wrapping_add(share[self.bounds.len() + 1].load(Relaxed));
        }
        buckets
    }

    fn stride(bounds: &[u64]) -> usize {
        bounds.len() + 2 + GAP
    }
}

impl Buckets {
    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl std::fmt::Debug for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.read().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_at_a_bound_belongs_to_its_bucket() {
        let histogram = Histogram::new(&[1, 10, 100]);
        for value in [0, 1, 2, 10, 11, 100, 101, 5_000] {
            histogram.add(value);
        }
        let read = histogram.read();
        assert_eq!((read.counts.as_slice(), read.sum, read.count()), (&[2, 2, 2, 2][..], 5225, 8));
    }

    #[test]
    fn bounds_ascend() {
        for bounds in [TIMES, SHORT_TIMES, CROWDS] {
            assert!(bounds.is_sorted_by(|a, b| a < b));
        }
        let histogram = Histogram::new(TIMES);
        histogram.add_time(Duration::from_millis(3));
        assert_eq!(histogram.read().counts.iter().position(|count| *count == 1), Some(5));
    }

    #[test]
    fn nothing_that_threads_count_is_lost() {
        let histogram = Histogram::new(CROWDS);
        let shares: Vec<usize> = std::thread::scope(|scope| {
            let count = || {
                (0..1000).for_each(|value| histogram.add(value % 5));
                share()
            };
            let threads: Vec<_> = (0..2 * SHARES).map(|_| scope.spawn(count)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(histogram.read().count(), 2 * SHARES as u64 * 1000);
        assert_eq!(histogram.read().sum, 2 * SHARES as u64 * 1000 * 2);
        assert!(shares.iter().all(|share| *share < SHARES));
    }
}
