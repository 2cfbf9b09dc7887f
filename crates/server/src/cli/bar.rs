//! A bar of how much of a known length is done.

const WIDTH: u64 = 24;

/// The bar with its share in percent, and a space behind it: `[######··················]  25 % `.
pub(super) fn bar(done: u64, of: u64) -> String {
    let done = done.min(of);
    let filled = done.saturating_mul(WIDTH).checked_div(of).unwrap_or(WIDTH) as usize;
    let percent = done.saturating_mul(100).checked_div(of).unwrap_or(100);
    let (filled, rest) = ("#".repeat(filled), "·".repeat(WIDTH as usize - filled));
    format!("[{filled}{rest}] {percent:>3} % ")
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_fills_up_and_no_further() {
        assert_eq!(bar(0, 8), "[························]   0 % ");
        assert_eq!(bar(2, 8), "[######··················]  25 % ");
        assert_eq!(bar(9, 8), "[########################] 100 % ");
        assert_eq!(bar(0, 0), "[########################] 100 % ");
    }
}
