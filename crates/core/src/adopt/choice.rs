//! Which of the places that set one thing counts.

use super::application::{AppSetting, Found, Literal};

/// What an application's files say of one setting, all of them together.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Choice<'a> {
    /// Nothing.
    Absent,
    /// Something that only running the application would tell.
    Computed(&'a Found),
    /// One value, at the first place that says it.
    One(&'a Found),
    /// Values that differ: which of them counts, only running would tell.
    Several(Vec<&'a Found>),
}

/// What counts of all that was found.
pub fn choose(found: &[Found], setting: AppSetting) -> Choice<'_> {
    let of_setting = || found.iter().filter(|found| found.setting == setting);
    let said: Vec<&Found> = of_setting().filter(|found| found.literal != Literal::Computed).collect();
    match (said.as_slice(), of_setting().next()) {
        ([], None) => Choice::Absent,
        ([], Some(computed)) => Choice::Computed(computed),
        ([first, others @ ..], _) if others.iter().all(|other| other.literal == first.literal) => {
            Choice::One(first)
        }
        _ => Choice::Several(said),
    }
}

#[cfg(test)]
mod tests {
    use super::super::application::{findings_in_dotenv, findings_in_python};
    use super::*;

    fn shown(python: &str, dotenv: &str) -> String {
        let mut found = findings_in_python(python, "auth.py");
        found.extend(findings_in_dotenv(dotenv, ".env"));
        match choose(&found, AppSetting::SecretKey) {
            Choice::Absent => "absent".to_owned(),
            Choice::Computed(found) => format!("computed {}", found.place),
            Choice::One(found) => format!("one {}", found.place),
            Choice::Several(found) => found.iter().map(|f| f.place.to_string()).collect::<Vec<_>>().join(" "),
        }
    }

    #[test]
    fn a_literal_counts_before_what_must_be_run_and_two_that_differ_do_not() {
        assert_eq!(shown("ALGORITHM = 'HS256'", ""), "absent");
        assert_eq!(shown("SECRET_KEY = os.environ['SECRET_KEY']", ""), "computed auth.py:1");
        assert_eq!(shown("SECRET_KEY = os.environ['SECRET_KEY']", "SECRET_KEY=a"), "one .env:1");
        assert_eq!(shown("SECRET_KEY = 'a'", "SECRET_KEY=a"), "one auth.py:1");
        assert_eq!(shown("\nSECRET_KEY = 'a'", "SECRET_KEY=b"), "auth.py:2 .env:1");
    }
}
