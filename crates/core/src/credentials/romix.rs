//! scrypt's memory-hard part (RFC 7914, sections 3 to 5): Salsa20/8, BlockMix and ROMix, in memory that is lent.
//!
//! In memory that is lent, because one mapping for each hash would be neither bounded by the number of hashing threads
//! nor given back to the system. The words of a Salsa20 block are kept in diagonal order, so that the four quarter
//! rounds of a round work on whole rows, which the compiler turns into vector instructions.

use argon2::Block;
use zeroize::Zeroizing;

/// A Salsa20 block of 64 bytes: four rows of words, in diagonal order.
type Rows = [[u32; 4]; 4];

/// Where the word of each place comes from.
const DIAGONALS: [usize; 16] = [0, 5, 10, 15, 4, 9, 14, 3, 8, 13, 2, 7, 12, 1, 6, 11];

/// The bytes of a Salsa20 block.
const ROWS: usize = 64;

/// How many blocks of memory the table of `n` entries of `bytes` takes.
pub(super) const fn blocks(n: usize, bytes: usize) -> usize {
    (n * bytes).div_ceil(Block::SIZE)
}

/// Mixes `bytes` (a multiple of 128) with a table of `n` entries (a power of two); `table` has [`blocks`] for it.
pub(super) fn mix(bytes: &mut [u8], n: usize, table: &mut [Block]) {
    let mut x: Zeroizing<Vec<Rows>> = Zeroizing::new(bytes.as_chunks().0.iter().map(load).collect());
    let mut y = x.clone();
    let len = x.len();
    for entry in 0..n {
        for (at, rows) in x.iter().enumerate() {
            keep(rows, place(table, entry * len + at));
        }
        block_mix(&x, &mut y);
        std::mem::swap(&mut x, &mut y);
    }
    for _ in 0..n {
        let entry = x[len - 1][0][0] as usize % n;
        for (at, rows) in x.iter_mut().enumerate() {
            add(rows, place(table, entry * len + at));
        }
        block_mix(&x, &mut y);
        std::mem::swap(&mut x, &mut y);
    }
    for (to, rows) in bytes.as_chunks_mut().0.iter_mut().zip(x.iter()) {
        unload(rows, to);
    }
}

/// BlockMix: the even outputs in the first half, the odd ones in the second.
#[inline]
fn block_mix(input: &[Rows], output: &mut [Rows]) {
    let mut x = input[input.len() - 1];
    for (i, rows) in input.iter().enumerate() {
        for (row, other) in x.iter_mut().zip(rows) {
            for (word, other) in row.iter_mut().zip(other) {
                *word ^= other;
            }
        }
        salsa20_8(&mut x);
        output[i / 2 + (i % 2) * (input.len() / 2)] = x;
    }
}

/// Four double rounds of Salsa20: one on the columns, which are rows here, and one on the rows, once the words of each
/// row have been turned into their place.
#[inline]
fn salsa20_8(rows: &mut Rows) {
    let [mut a, mut b, mut c, mut d] = *rows;
    for _ in 0..4 {
        quarter_rounds(&mut a, &mut b, &mut c, &mut d);
        (b, c, d) = ([b[3], b[0], b[1], b[2]], [c[2], c[3], c[0], c[1]], [d[1], d[2], d[3], d[0]]);
        quarter_rounds(&mut a, &mut d, &mut c, &mut b);
        (b, c, d) = ([b[1], b[2], b[3], b[0]], [c[2], c[3], c[0], c[1]], [d[3], d[0], d[1], d[2]]);
    }
    for (row, mixed) in rows.iter_mut().zip([a, b, c, d]) {
        for (word, mixed) in row.iter_mut().zip(mixed) {
            *word = word.wrapping_add(mixed);
        }
    }
}

#[inline]
fn quarter_rounds(a: &mut [u32; 4], b: &mut [u32; 4], c: &mut [u32; 4], d: &mut [u32; 4]) {
    step(b, a, d, 7);
    step(c, b, a, 9);
    step(d, c, b, 13);
    step(a, d, c, 18);
}

#[inline]
fn step(to: &mut [u32; 4], left: &[u32; 4], right: &[u32; 4], by: u32) {
    for i in 0..4 {
        to[i] ^= left[i].wrapping_add(right[i]).rotate_left(by);
    }
}

/// The 64 bytes of the table at this place.
#[inline]
fn place(table: &mut [Block], at: usize) -> &mut [u64; 8] {
    const EACH: usize = Block::SIZE / ROWS;
    &mut table[at / EACH].as_mut().as_chunks_mut().0[at % EACH]
}

#[inline]
fn keep(rows: &Rows, place: &mut [u64; 8]) {
    for (kept, [low, high]) in place.iter_mut().zip(rows.as_flattened().as_chunks().0) {
        *kept = u64::from(*low) | u64::from(*high) << 32;
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "the two halves are meant")]
fn add(rows: &mut Rows, place: &[u64; 8]) {
    for (kept, [low, high]) in place.iter().zip(rows.as_flattened_mut().as_chunks_mut().0) {
        *low ^= *kept as u32;
        *high ^= (*kept >> 32) as u32;
    }
}

fn load(bytes: &[u8; ROWS]) -> Rows {
    let words = bytes.as_chunks().0;
    std::array::from_fn(|row| std::array::from_fn(|i| u32::from_le_bytes(words[DIAGONALS[row * 4 + i]])))
}

fn unload(rows: &Rows, bytes: &mut [u8; ROWS]) {
    let words = bytes.as_chunks_mut().0;
    for (word, to) in rows.as_flattened().iter().zip(DIAGONALS) {
        words[to] = word.to_le_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(hex: &str) -> Vec<u8> {
        super::super::encoding::hex(&hex.replace(char::is_whitespace, "")).unwrap()
    }

    #[test]
    fn salsa20_8_as_in_rfc_7914_section_8() {
        let input = bytes(
            "7e879a214f3ec9867ca940e641718f26 baee555b8c61c1b50df846116dcd3b1d
             ee24f319df9b3d8514121e4b5ac5aa32 76021d2909c74829edebc68db8b8c25e",
        );
        let mut rows = load(input.as_slice().try_into().unwrap());
        salsa20_8(&mut rows);
        let mut output = [0; 64];
        unload(&rows, &mut output);
        let wanted = bytes(
            "a41f859c6608cc993b81cacb020cef05 044b2181a2fd337dfd7b1c6396682f29
             b4393168e3c9e6bcfe6bc5b7a06d96ba e424cc102c91745c24ad673dc7618f81",
        );
        assert_eq!(output.as_slice(), wanted);
    }

    #[test]
    fn romix_as_in_rfc_7914_section_10() {
        let mut block = bytes(
            "f7ce0b653d2d72a4108cf5abe912ffdd 777616dbbb27a70e8204f3ae2d0f6fad
             89f68f4811d1e87bcc3bd7400a9ffd29 094f0184639574f39ae5a1315217bcd7
             894991447213bb226c25b54da86370fb cd984380374666bb8ffcb5bf40c254b0
             67d27c51ce4ad5fed829c90b505a571b 7f4d1cad6a523cda770e67bceaaf7e89",
        );
        let mut table = vec![Block::new(); blocks(16, 128)];
        assert_eq!(table.len(), 2);
        mix(&mut block, 16, &mut table);
        let wanted = bytes(
            "79ccc193629debca047f0b70604bf6b6 2ce3dd4a9626e355fafc6198e6ea2b46
             d58413673b99b029d665c357601fb426 a0b2f4bba200ee9f0a43d19b571a9c71
             ef1142e65d5a266fddca832ce59faa7c ac0b9cf1be2bffca300d01ee387619c4
             ae12fd4438f203a0e4e1c47ec314861f 4e9087cb33396a6873e8f9d2539a4b8e",
        );
        assert_eq!(block, wanted);
    }
}
