//! Who there is: names and addresses, parsed once and never validated twice.

mod email;
mod incoming;
mod public_fields;
mod registration;
mod text;
mod user;
mod username;

pub use email::{Email, EmailError, email_key};
pub use incoming::IncomingUser;
pub use public_fields::{NotAPublicField, PublicUserWith, check_public_field};
pub use registration::{RawRegistration, Registration};
pub use user::{LoginName, PublicUser, User};
pub use username::{Username, UsernameError, username_key};
