//! The first line of an export.

use super::error::RowError;
use crate::rfc3339;
use crate::time::Timestamp;
use crate::wire::Json;

/// The version of the format that this program writes, and the newest that it reads.
pub const VERSION: i64 = 1;
const FORMAT: &str = "sekisho-users";

/// What the first line of an export says of the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// Whether the users come with their password hashes.
    pub hashes: bool,
}

impl Header {
    /// The line, without its end.
    pub fn write(self, exported_at: Timestamp) -> String {
        let Self { hashes } = self;
        let at = rfc3339::write(exported_at);
        format!(r#"{{"format":"{FORMAT}","version":{VERSION},"hashes":{hashes},"exported_at":"{at}"}}"#)
    }

    /// Reads the members of a line as a header; `None` if it is none, that is, names no format.
    ///
    /// # Errors
    /// Another format, or a version that this program does not know. Members that it does not know are passed over.
    pub(super) fn read(members: &[(String, Json)]) -> Result<Option<Self>, RowError> {
        let member = |name: &str| members.iter().find(|(own, _)| own == name).map(|(_, value)| value);
        let Some(format) = member("format") else { return Ok(None) };
        // A user of another system may have a member of that name: a header has no name or address in it.
        if member("username").is_some() || member("email").is_some() {
            return Ok(None);
        }
        if *format != Json::Text(FORMAT.to_owned()) {
            return Err(RowError::of("format", format!("is not {FORMAT}")));
        }
        match member("version") {
            Some(Json::Number(number)) if number.as_i64().is_some_and(|n| (1..=VERSION).contains(&n)) => {}
            Some(Json::Number(number)) => {
                return Err(RowError::of(
                    "version",
                    format!(
                        "{number} of the format is not known, this program reads {VERSION}: use a newer one"
                    ),
                ));
            }
            _ => return Err(RowError::of("version", "must be a number")),
        }
        Ok(Some(Self { hashes: member("hashes") == Some(&Json::Bool(true)) }))
    }
}
