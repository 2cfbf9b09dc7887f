//! Why a record of a file is no user.

use std::fmt;

use crate::refusal::Refusal;

/// Why one record was refused: where in it, the reason code, and a sentence. No value of the record is in it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RowError {
    /// The member or column, as the file spells it; `None` if the record as a whole is meant.
    pub member: Option<String>,
    /// The reason, as `sekisho explain` has it.
    pub refusal: Refusal,
    /// What is wrong, in a few words.
    pub why: String,
}

impl RowError {
    /// A member that breaks a rule.
    pub fn of(member: &str, why: impl Into<String>) -> Self {
        Self::because(Refusal::FieldsInvalid, member, why)
    }

    /// A record that can't be read at all.
    pub fn whole(why: impl Into<String>) -> Self {
        Self { member: None, refusal: Refusal::FieldsInvalid, why: why.into() }
    }

    /// A member that is refused for this reason.
    pub fn because(refusal: Refusal, member: &str, why: impl Into<String>) -> Self {
        Self { member: Some(member.to_owned()), refusal, why: why.into() }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.member {
            Some(member) => write!(f, "{member}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl std::error::Error for RowError {}
