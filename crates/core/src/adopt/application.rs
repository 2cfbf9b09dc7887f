//! The four settings of the seeds' application, as its files state them.

use super::python::{self, Value};
use crate::secret::SecretString;
use crate::settings;

/// A setting that both the application and Sekisho know by this name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum AppSetting {
    /// `SECRET_KEY`: the key that signs.
    SecretKey,
    /// `ALGORITHM`.
    Algorithm,
    /// `ACCESS_TOKEN_EXPIRE_MINUTES`.
    AccessTokenExpireMinutes,
    /// `DATABASE_URL`.
    DatabaseUrl,
}

impl AppSetting {
    /// All of them.
    pub const ALL: [Self; 4] =
        [Self::SecretKey, Self::Algorithm, Self::AccessTokenExpireMinutes, Self::DatabaseUrl];

    /// Its name in Python and in the environment.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SecretKey => "SECRET_KEY",
            Self::Algorithm => "ALGORITHM",
            Self::AccessTokenExpireMinutes => "ACCESS_TOKEN_EXPIRE_MINUTES",
            Self::DatabaseUrl => "DATABASE_URL",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|setting| setting.name() == name)
    }
}

/// Where something stands.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file, as it is called from the application's folder.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
}

/// Prints `auth.py:8`.
impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a file says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Literal {
    /// A text, kept as a secret since any of the four may be or hold one; a number as its digits.
    Said(SecretString),
    /// Only running the application would tell.
    Computed,
}

/// A setting that was found. Printing it shows no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Which.
    pub setting: AppSetting,
    /// Where.
    pub place: Place,
    /// What it says.
    pub literal: Literal,
    /// The line up to its `=`, for whoever has to write another value behind it.
    pub head: String,
}

impl Found {
    /// What it says, where it says something.
    pub fn text(&self) -> Option<&str> {
        match &self.literal {
            Literal::Said(text) => Some(text.expose()),
            Literal::Computed => None,
        }
    }
}

/// What Python source states as literal assignments, read as text.
pub fn findings_in_python(source: &str, file: &str) -> Vec<Found> {
    let found = python::assignments(source).into_iter().filter_map(|assignment| {
        let setting = AppSetting::of(assignment.name)?;
        let literal = match assignment.value {
            Value::Text(text) => Literal::Said(SecretString::new(text)),
            Value::Integer(number) => Literal::Said(SecretString::new(number.to_string())),
            Value::Computed => Literal::Computed,
        };
        let place = Place { file: file.to_owned(), line: assignment.line };
        Some(Found { setting, place, literal, head: assignment.head })
    });
    found.collect()
}

/// Whether Python source can be read to its end: not if a bracket is never closed, behind which no statement is found.
pub fn is_whole_python(source: &str) -> bool {
    python::read(source).1
}

/// What a `.env` file sets, read as python-dotenv reads it.
pub fn findings_in_dotenv(text: &str, file: &str) -> Vec<Found> {
    let found = settings::dotenv_values(text).into_iter().filter_map(|(line, name, value)| {
        let setting = AppSetting::of(&name)?;
        let place = Place { file: file.to_owned(), line };
        let literal = Literal::Said(SecretString::new(value));
        Some(Found { setting, place, literal, head: format!("{name}=") })
    });
    found.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_files_say_all_four() {
        let auth = "from jose import jwt\n\nSECRET_KEY = \"canary\"\nALGORITHM = \"HS256\"\n\
                    ACCESS_TOKEN_EXPIRE_MINUTES = 30\n\ndef f(SECRET_KEY=1):\n    return SECRET_KEY\n";
        let found = findings_in_python(auth, "auth.py");
        let places: Vec<String> =
            found.iter().map(|f| format!("{} {} {}", f.place, f.setting.name(), f.head)).collect();
        assert_eq!(
            places,
            [
                "auth.py:3 SECRET_KEY SECRET_KEY =",
                "auth.py:4 ALGORITHM ALGORITHM =",
                "auth.py:5 ACCESS_TOKEN_EXPIRE_MINUTES ACCESS_TOKEN_EXPIRE_MINUTES =",
            ]
        );
        assert_eq!(found[2].literal, Literal::Said("30".into()));
        assert!(!format!("{found:?}").contains("canary"));
        assert!(is_whole_python(auth) && !is_whole_python("x = ((1)\nSECRET_KEY = 'a'\n"));
        let database = findings_in_python("DATABASE_URL = \"sqlite:///./test.db\"", "database.py");
        assert_eq!(database[0].setting, AppSetting::DatabaseUrl);
    }

    #[test]
    fn dotenv_is_read_as_the_application_reads_it() {
        let found = findings_in_dotenv(
            "# x\nexport SECRET_KEY='a b'\nOTHER=1\nDATABASE_URL=sqlite:///${OTHER}.db # y\n",
            ".env",
        );
        assert_eq!((found[0].place.line, &found[0].literal), (2, &Literal::Said("a b".into())));
        assert_eq!((found[1].place.line, &found[1].literal), (4, &Literal::Said("sqlite:///1.db".into())));
        assert_eq!(found.len(), 2);
    }
}
