//! What somebody sends to register, before and after it has been judged.

use super::email::Email;
use super::username::Username;
use crate::credentials::NewPassword;
use crate::secret::SecretString;

/// A registration as the parsers of the wire yield it: the right types, nothing judged yet.
#[derive(Clone, Debug)]
pub struct RawRegistration {
    /// The name as typed.
    pub username: String,
    /// The address as typed.
    pub email: String,
    /// What to call the person.
    pub full_name: Option<String>,
    /// The password as sent.
    pub password: SecretString,
}

/// A registration in which every field keeps its rules.
#[derive(Clone, Debug)]
pub struct Registration {
    /// The name.
    pub username: Username,
    /// The address.
    pub email: Email,
    /// What to call the person.
    pub full_name: Option<String>,
    /// The password, ready to be hashed.
    pub password: NewPassword,
}
