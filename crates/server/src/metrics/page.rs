//! The page of figures, in either of the formats that Prometheus reads.
//!
//! Text format 0.0.4, and OpenMetrics 1.0: they differ in the name of a counter's family and in the last line.

use std::fmt::Write as _;

use sekisho_core::meter::Buckets;

/// How the page is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Prometheus' text format 0.0.4.
    Text,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl Format {
    /// The page's content type.
    pub fn content_type(self) -> &'static str {
        match self {
            Format::Text => "text/plain; version=0.0.4; charset=utf-8",
            Format::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// In what a histogram was counted, and how it is shown.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Unit {
    /// Counted in nanoseconds, shown in seconds.
    Time,
    /// As it is.
    Number,
}

/// A page being written, family by family.
pub(super) struct Page {
    format: Format,
    text: String,
}

/// Labels of one sample, by name.
pub(super) type Labels<'a> = &'a [(&'a str, &'a str)];

impl Page {
    pub(super) fn new(format: Format) -> Page {
        Page { format, text: String::with_capacity(32 * 1024) }
    }

    /// A family of counters, whose name gets its `_total` here.
    pub(super) fn counter(&mut self, name: &str, help: &str, samples: impl FnOnce(&mut Samples<'_>)) {
        let total = format!("{name}_total");
        let family = if self.format == Format::OpenMetrics { name } else { &total };
        self.family(family, "counter", help);
        samples(&mut Samples { text: &mut self.text, name: &total });
    }

    /// A family of values that go up and down.
    pub(super) fn gauge(&mut self, name: &str, help: &str, samples: impl FnOnce(&mut Samples<'_>)) {
        self.family(name, "gauge", help);
        samples(&mut Samples { text: &mut self.text, name });
    }

    /// A family of histograms.
    pub(super) fn histogram(&mut self, name: &str, help: &str, samples: impl FnOnce(&mut Histograms<'_>)) {
        self.family(name, "histogram", help);
        samples(&mut Histograms { text: &mut self.text, name });
    }

    /// The whole text.
    pub(super) fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }

    fn family(&mut self, name: &str, kind: &str, help: &str) {
        debug_assert!(!help.contains(['\n', '\\', '"']), "{name}: {help}");
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }
}

/// Where a counter's or a gauge's samples go.
pub(super) struct Samples<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Samples<'_> {
    /// One sample, a whole number.
    pub(super) fn of(&mut self, labels: Labels<'_>, value: impl TryInto<u64>) {
        let value = value.try_into().unwrap_or(u64::MAX);
        sample(self.text, self.name, "", labels, None, &value.to_string());
    }

    /// One sample in seconds.
    pub(super) fn seconds(&mut self, labels: Labels<'_>, value: f64) {
        sample(self.text, self.name, "", labels, None, &value.to_string());
    }
}

/// Where histograms go.
pub(super) struct Histograms<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Histograms<'_> {
    pub(super) fn of(&mut self, labels: Labels<'_>, unit: Unit, buckets: &Buckets) {
        let mut below = 0;
        let bounds = buckets.bounds.iter().map(|bound| bound_text(unit, *bound)).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(&buckets.counts) {
            below += count;
            sample(self.text, self.name, "_bucket", labels, Some(&bound), &below.to_string());
        }
        let sum = match unit {
            Unit::Time => seconds(buckets.sum).to_string(),
            Unit::Number => buckets.sum.to_string(),
        };
        sample(self.text, self.name, "_sum", labels, None, &sum);
        sample(self.text, self.name, "_count", labels, None, &below.to_string());
    }
}

/// Nanoseconds in seconds.
pub(super) fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// A bound as both formats write it: a number with a point, so that a bucket has one name.
fn bound_text(unit: Unit, bound: u64) -> String {
    match unit {
        Unit::Time => format!("{:?}", seconds(bound)),
        Unit::Number => format!("{bound}.0"),
    }
}

fn sample(text: &mut String, name: &str, suffix: &str, labels: Labels<'_>, bound: Option<&str>, value: &str) {
    text.push_str(name);
    text.push_str(suffix);
    let bound = bound.map(|bound| ("le", bound));
    for (number, (label, value)) in labels.iter().copied().chain(bound).enumerate() {
        let _ = write!(text, "{}{label}=\"{}\"", if number == 0 { '{' } else { ',' }, escaped(value));
    }
    if !labels.is_empty() || bound.is_some() {
        text.push('}');
    }
    let _ = writeln!(text, " {value}");
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use sekisho_core::meter::Histogram;

    fn page(format: Format) -> String {
        let times = Histogram::new(&[5_000, 1_000_000_000]);
        [4_000, 5_000, 2_000_000_000].iter().for_each(|time| times.add(*time));
        let mut page = Page::new(format);
        page.counter("a", "As.", |samples| samples.of(&[("x", "1"), ("y", "\"\\\n")], 7_usize));
        page.gauge("b", "Bs.", |samples| samples.seconds(&[], 0.5));
        page.histogram("c", "Cs.", |samples| samples.of(&[("x", "1")], Unit::Time, &times.read()));
        page.finish()
    }

    #[test]
    fn both_formats() {
        let text = page(Format::Text);
        assert_eq!(
            text,
            "# HELP a_total As.\n# TYPE a_total counter\na_total{x=\"1\",y=\"\\\"\\\\\\n\"} 7\n\
             # HELP b Bs.\n# TYPE b gauge\nb 0.5\n\
             # HELP c Cs.\n# TYPE c histogram\nc_bucket{x=\"1\",le=\"5e-6\"} 2\nc_bucket{x=\"1\",le=\"1.0\"} 2\n\
             c_bucket{x=\"1\",le=\"+Inf\"} 3\nc_sum{x=\"1\"} 2.000009\nc_count{x=\"1\"} 3\n"
        );
        let open = page(Format::OpenMetrics);
        assert_eq!(
            open,
            text.replace("# HELP a_total", "# HELP a").replace("# TYPE a_total", "# TYPE a") + "# EOF\n"
        );
    }
}
