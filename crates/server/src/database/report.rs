//! What a check of the database found, so far and in the end.

use sekisho_store::{Counts, Error, SchemaVersion};

/// Findings of one rule that are listed; further ones are counted where that costs nothing.
pub(super) const LISTED: u32 = 100;

/// Which invariant does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// The file or a page of it is damaged.
    Integrity,
    /// A table or an index is missing or other than it should be.
    Schema,
    /// A row refers to one that is not there.
    ForeignKey,
    /// Two users share what only one may have.
    Unique,
    /// Something belongs to a user who is not there.
    Orphan,
    /// A key is not what its name or address gives.
    Key,
    /// A row holds what it should not.
    Row,
    /// A trigger or a view acts on our tables, or keeps an application's in step, and is not as this program makes it.
    Trigger,
    /// A password hash is not what its row says.
    Hash,
    /// A password hash can't be verified, as its row says: it came so from an application, and its user alone is concerned.
    UnreadableHash,
    /// Something could not be looked at, for want of rights or of an extension.
    Unseen,
    /// The table of schemes does not count what there is.
    HashCount,
    /// The counter of items would give a number that is taken.
    Counter,
}

impl Rule {
    /// The rule's name in the output.
    pub const fn name(self) -> &'static str {
        match self {
            Rule::Integrity => "integrity",
            Rule::Schema => "schema",
            Rule::ForeignKey => "foreign_key",
            Rule::Unique => "unique",
            Rule::Orphan => "orphan",
            Rule::Key => "key",
            Rule::Row => "row",
            Rule::Trigger => "trigger",
            Rule::Hash => "hash",
            Rule::UnreadableHash => "unreadable_hash",
            Rule::Unseen => "unseen",
            Rule::HashCount => "hash_count",
            Rule::Counter => "counter",
        }
    }

    /// Whether it is only to be known: the database is as the program has written it.
    pub const fn is_note(self) -> bool {
        matches!(self, Rule::UnreadableHash | Rule::Unseen)
    }
}

/// One thing that is wrong; neither names nor hashes are in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which invariant.
    pub rule: Rule,
    /// The row, by a user's id or a number.
    pub row: Option<String>,
    /// What is wrong.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The schema's version; none where the file could not be opened.
    pub schema: Option<SchemaVersion>,
    /// How much there was to check; none where it could not be counted.
    pub counts: Option<Counts>,
    /// What is wrong, a hundred of each rule at the most.
    pub findings: Vec<Finding>,
    /// Further ones, counted and not listed.
    pub unlisted: u64,
}

impl Report {
    pub(super) fn new() -> Report {
        Report { schema: None, counts: None, findings: Vec::new(), unlisted: 0 }
    }

    /// Whether nothing is wrong; there may be notes.
    pub fn is_sound(&self) -> bool {
        self.findings.iter().all(|finding| finding.rule.is_note())
    }

    /// What the database is: `sound`, `damaged` where the file is, else `unsound`.
    pub fn verdict(&self) -> &'static str {
        if self.is_sound() {
            "sound"
        } else if self.findings.iter().any(|finding| finding.rule == Rule::Integrity) {
            "damaged"
        } else {
            "unsound"
        }
    }

    pub(super) fn note(&mut self, rule: Rule, row: Option<String>, what: String) {
        let listed = self.findings.iter().filter(|finding| finding.rule == rule).count();
        if listed < LISTED as usize {
            self.findings.push(Finding { rule, row, what });
        } else {
            self.unlisted += 1;
        }
    }

    /// Damage is a finding and the rest goes on; any other error ends the check.
    pub(super) fn met<T>(&mut self, place: &str, outcome: Result<T, Error>) -> Result<Option<T>, Error> {
        match outcome {
            Err(Error::Corrupt { reason }) => {
                self.note(Rule::Integrity, None, format!("{place} can't be read: {reason}"));
                Ok(None)
            }
            outcome => outcome.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_one_rule_a_hundred_are_listed_and_the_rest_counted() {
        let mut report = Report::new();
        for number in 0..150 {
            report.note(Rule::Key, Some(number.to_string()), String::new());
        }
        report.note(Rule::Hash, None, String::new());
        assert_eq!((report.findings.len(), report.unlisted), (101, 50));
    }

    #[test]
    fn damaged_is_only_what_is_damaged() {
        let mut report = Report::new();
        for (rule, verdict) in [
            (Rule::UnreadableHash, "sound"),
            (Rule::Hash, "unsound"),
            (Rule::Integrity, "damaged"),
            (Rule::Key, "damaged"),
        ] {
            report.note(rule, None, String::new());
            assert_eq!(report.verdict(), verdict);
        }
    }
}
