//! Latencies in buckets that are at most 1.6 % wide, so that a quantile needs no list of samples.

use std::time::Duration;

/// Buckets of each power of two: 64 of them, so a bucket is at most 1/64 of its value wide.
const PER_OCTAVE: u64 = 64;

/// A count of latencies, by size, from 1 ns to 18 minutes.
#[derive(Clone, Debug)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; (PER_OCTAVE * 35) as usize], total: 0 }
    }
}

impl Histogram {
    /// Counts one latency.
    pub(crate) fn record(&mut self, latency: Duration) {
        let nanos = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        let last = self.counts.len() - 1;
        self.counts[bucket(nanos).min(last)] += 1;
        self.total += 1;
    }

    /// Adds another thread's counts.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// The latency that `share` (0.99 for p99) of all stayed within; zero of nothing.
    pub(crate) fn quantile(&self, share: f64) -> Duration {
        let wanted = (self.total as f64 * share).ceil() as u64;
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= wanted && seen > 0 {
                return Duration::from_nanos(upper_end(index));
            }
        }
        Duration::ZERO
    }
}

/// Values below 64 have a bucket each; above, the top six bits after the leading one choose it.
fn bucket(nanos: u64) -> usize {
    if nanos < PER_OCTAVE {
        return nanos as usize;
    }
    let octave = u64::from(nanos.ilog2()) - 6;
    (PER_OCTAVE + octave * PER_OCTAVE + ((nanos >> octave) - PER_OCTAVE)) as usize
}

fn upper_end(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < PER_OCTAVE {
        return bucket;
    }
    let octave = (bucket - PER_OCTAVE) / PER_OCTAVE;
    ((PER_OCTAVE + (bucket - PER_OCTAVE) % PER_OCTAVE + 1) << octave) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_holds_what_lies_between_its_ends() {
        for nanos in [0, 1, 63, 64, 65, 127, 128, 1_000, 14_600_000, 3_000_000_000] {
            let end = upper_end(bucket(nanos));
            assert!(end >= nanos && end - nanos <= nanos / 64 + 1, "{nanos} ends at {end}");
        }
    }

    #[test]
    fn quantiles_of_a_hundred_latencies() {
        let mut histogram = Histogram::default();
        for micros in 1..=100 {
            histogram.record(Duration::from_micros(micros));
        }
        let p50 = histogram.quantile(0.5).as_micros();
        let p99 = histogram.quantile(0.99).as_micros();
        assert!((50..=51).contains(&p50), "{p50}");
        assert!((99..=101).contains(&p99), "{p99}");
        assert_eq!(Histogram::default().quantile(0.99), Duration::ZERO);
    }
}
