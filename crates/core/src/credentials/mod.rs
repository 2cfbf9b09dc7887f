//! Passwords: which may be set, how they are kept, how they are proven.
//!
//! New hashes are Argon2id or bcrypt. Those of other software are verified too, each within a ceiling, so that no
//! stored text costs more than about 5 seconds of one core or 256 MiB, whatever it asks for (ATTACKS P13):
//!
//! | scheme | ceiling | memory |
//! | --- | --- | --- |
//! | Argon2id, Argon2i, Argon2d | m 256 MiB, t 16, p 8 | m |
//! | bcrypt, bcrypt-sha256 | cost 16 | 4 KiB |
//! | scrypt | 128 N r 256 MiB, r 32, p 32, N r p 2^24 | 128 N r |
//! | PBKDF2 | 10,000,000 iterations, counted for each digest of output | none |
//! | sha-crypt | 1,000,000 rounds; passwords of 512 bytes | none |
//! | phpass | 2^19 rounds; passwords of 4096 bytes | none |
//! | `{SSHA}` and its family | one digest | none |
//!
//! A text above its ceiling is refused before any work and before any memory is taken. Memory comes from the hashing
//! thread's own block ([`Memory`]) up to 33 MiB, or what the settings give new hashes; beyond it from a [`Reserve`] that
//! all threads share, 64 MiB, or what a single hash needs if that is more. So a lane never holds more than its threads'
//! blocks and 64 MiB, as long as no stored hash needs more than 97 MiB by itself.

mod argon2;
mod bcrypt;
mod bcrypt_sha256;
mod dummy;
mod encoding;
mod ldap;
mod memory;
mod password;
mod pbkdf2;
mod phpass;
mod policy;
mod romix;
mod scheme;
mod scrypt;
mod sha_crypt;
mod table;

pub use dummy::draw_dummy;
pub use memory::{Memory, Reserve};
pub use password::{Verdict, burn, get_password_hash, recognise, scheme_cost, verify_password};
pub use policy::{NewPassword, PasswordError, PasswordPolicy};
pub use scheme::{HashParams, HashString, Scheme, SchemeCost};
