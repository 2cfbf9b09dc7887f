//! The hashing baseline: threads that do nothing but Argon2id, each with its own memory block.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// What a log-in costs by default: m = 19 MiB, t = 2, p = 1.
pub(crate) const MEMORY_KIB: u32 = 19_456;

/// A capacity above 32 MiB keeps a mapping of its own, aligned to pages, as in the server.
const CAPACITY: usize = 33 * 1024;

/// Hashes a second of `threads` threads together, each reusing its block.
///
/// # Errors
/// When Argon2 refuses its parameters.
pub(crate) fn rate(threads: usize, duration: Duration) -> Result<f64> {
    thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(|| one_thread(duration))).collect();
        handles
            .into_iter()
            .map(|handle| handle.join().map_err(|_| anyhow!("a hashing thread panicked"))?)
            .sum()
    })
}

fn one_thread(duration: Duration) -> Result<f64> {
    let params = Params::new(MEMORY_KIB, 2, 1, Some(32)).map_err(|error| anyhow!("{error}"))?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memory = Vec::with_capacity(CAPACITY);
    memory.resize(MEMORY_KIB as usize, Block::default());
    let mut output = [0; 32];
    let mut hash = || {
        argon2
            .hash_password_into_with_memory(
                b"correct horse battery staple",
                b"sixteen of salt.",
                &mut output,
                &mut memory,
            )
            .map_err(|error| anyhow!("{error}"))
    };
    hash()?; // the first touches the pages
    let start = Instant::now();
    let mut hashes = 0;
    while start.elapsed() < duration {
        hash()?;
        hashes += 1;
    }
    Ok(f64::from(hashes) / start.elapsed().as_secs_f64())
}
