//! Every rule of Sekisho, and nothing else: no I/O, no async, no clock and no randomness of its own.
//!
//! Time and dice are arguments ([`time::Timestamp`], [`dice::Dice`]), so a test moves the clock and loads the
//! dice. What comes from outside is parsed once into a type that can't hold anything malformed
//! ([`accounts::Email`], [`accounts::Username`]), and every refusal is one of [`refusal::Refusal`].
//!
//! In reading order: the small things that everything is made of, accounts, credentials, tokens, and the facts
//! worth keeping.

pub mod ctx;
pub mod dice;
pub mod id;
pub mod rfc3339;
pub mod secret;
pub mod time;

pub mod refusal;

pub mod invalid;
pub mod settings;
pub mod wire;

pub mod accounts;
pub mod credentials;
pub mod jose;
pub mod keys;

pub mod adopt;
pub mod audit;
pub mod beside;
pub mod exchange;
pub mod items;
pub mod limit;
pub mod meter;

pub use accounts::{LoginName, PublicUser, RawRegistration, User};
pub use audit::Event;
pub use credentials::{HashParams, NewPassword, PasswordPolicy, SchemeCost};
pub use ctx::{Actor, Ctx};
pub use dice::Dice;
pub use id::{RequestId, UserId};
pub use invalid::Invalid;
pub use items::Item;
pub use refusal::{Door, Refusal};
pub use secret::{SecretBytes, SecretString};
pub use time::{Clock, Timestamp};
