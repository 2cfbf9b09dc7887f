//! The table: what was measured, what it must reach, whether it does.

use std::fmt::Write as _;

/// What a figure must reach, and what it should.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// No less than this, better `aim`.
    AtLeast { must: f64, aim: f64 },
    /// No more than this, better `aim`.
    AtMost { must: f64, aim: f64 },
}

/// One measured figure.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was measured, in words.
    pub(crate) figure: String,
    /// The median of the rounds.
    pub(crate) value: f64,
    /// The smallest and largest round, where there are rounds.
    pub(crate) spread: Option<(f64, f64)>,
    /// `x`, ` ms`, ` MiB` or nothing.
    pub(crate) unit: &'static str,
    /// The bar.
    pub(crate) bar: Bar,
    /// Absolute figures and what else helps to read the ratio.
    pub(crate) context: String,
}

impl Bar {
    fn says(self, value: f64) -> &'static str {
        let (must, aim) = match self {
            Self::AtLeast { must, aim } => (value >= must, value >= aim),
            Self::AtMost { must, aim } => (value <= must, value <= aim),
        };
        match (must, aim) {
            (true, true) => "reached",
            (true, false) => "reached, not the aim",
            (false, _) => "**missed**",
        }
    }

    fn text(self, unit: &str) -> String {
        let (sign, must, aim) = match self {
            Self::AtLeast { must, aim } => ('≥', must, aim),
            Self::AtMost { must, aim } => ('≤', must, aim),
        };
        if must == aim {
            format!("{sign} {must}{unit}")
        } else {
            format!("{sign} {must}{unit}, aim {aim}{unit}")
        }
    }
}

/// The rows as a Markdown table, which a terminal shows well enough.
pub(crate) fn table(rows: &[Row]) -> String {
    let mut text =
        String::from("| figure | measured | rounds | must reach | |\n| --- | --- | --- | --- | --- |\n");
    for row in rows {
        let spread =
            row.spread.map_or(String::new(), |(low, high)| format!("{} – {}", short(low), short(high)));
        let _infallible = writeln!(
            text,
            "| {} | {}{} | {spread} | {} | {} |",
            row.figure,
            short(row.value),
            row.unit,
            row.bar.text(row.unit),
            row.bar.says(row.value)
        );
    }
    text
}

/// What stands behind each ratio.
pub(crate) fn context(rows: &[Row]) -> String {
    rows.iter().fold(String::new(), |mut text, row| {
        if !row.context.is_empty() {
            let _infallible = writeln!(text, "- {}: {}", row.figure, row.context);
        }
        text
    })
}

/// Two decimals below ten, one below a hundred, none above.
fn short(value: f64) -> String {
    match value {
        value if value < 10.0 => format!("{value:.2}"),
        value if value < 100.0 => format!("{value:.1}"),
        value => format!("{value:.0}"),
    }
}

/// The middle of some figures.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

/// The smallest and the largest.
pub(crate) fn spread(values: &[f64]) -> Option<(f64, f64)> {
    let low = values.iter().copied().reduce(f64::min)?;
    Some((low, values.iter().copied().reduce(f64::max)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median([3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), 2.5);
    }

    #[test]
    fn a_bar_has_two_heights() {
        let bar = Bar::AtLeast { must: 0.7, aim: 0.75 };
        assert_eq!(
            (bar.says(0.69), bar.says(0.7), bar.says(0.8)),
            ("**missed**", "reached, not the aim", "reached")
        );
        assert_eq!(Bar::AtMost { must: 30.0, aim: 15.0 }.text(" ms"), "≤ 30 ms, aim 15 ms");
    }
}
