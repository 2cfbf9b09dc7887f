//! Keys that everybody knows, and keys that can be guessed.

/// A signing key of fewer bytes is weak (RFC 7518, 3.2: as long as the hash's output, 32 bytes for HS256).
const WEAK_BELOW: usize = 32;

/// Whether a key is so short that it can be guessed.
pub const fn is_weak(key: &[u8]) -> bool {
    key.len() < WEAK_BELOW
}

/// Whether a key was printed in a tutorial, a manual, an RFC or a template, so that anyone may sign with it.
///
/// Spaces and line breaks at the ends are left out of account, letters are compared without their case.
pub fn is_published_secret(key: &[u8]) -> bool {
    let key = key.trim_ascii();
    PUBLISHED.iter().any(|published| published.as_bytes().eq_ignore_ascii_case(key))
        || PREFIXES.iter().any(|prefix| {
            key.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        })
}

/// What templates put before a key that they generate but tell everyone to replace.
const PREFIXES: &[&str] = &[
    "django-insecure-",
    "<your",
    "your-secret",
    "your_secret",
    "replace-me",
    "changeme",
    "change-me",
    "change_me",
    "changethis",
];

const PUBLISHED: &[&str] = &[
    // FastAPI's documentation, and the seeds.
    "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
    // Tutorials on FastAPI, Flask and Spring that are copied as they are.
    "83daa0256a2289b0fb23693bf1f6034d44396675749244721a2b20e896e11662",
    "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
    "_5#y2L\"F4Q8z\\n\\xec]/",
    "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
    "413F4428472B4B6250655368566D5970337336763979244226452948404D6351",
    "5367566B59703373367639792F423F4528482B4D6251655468576D5A71347437",
    // jwt.io's examples.
    "your-256-bit-secret",
    "your-384-bit-secret",
    "your-512-bit-secret",
    "a-string-secret-at-least-256-bits-long",
    "a-valid-string-secret-that-is-at-least-384-bits-long",
    "a-valid-string-secret-that-is-at-least-512-bits-long-which-is-very-long",
    // RFC 7515, A.1, as text; RFC 7517, A.3.
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    "FdFYFzERwC2uCBB46pZQi4GG85LujR8obt-KWRBICVQ",
    "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
    // Words that stand in examples.
    "secret",
    "secretkey",
    "secret-key",
    "secret_key",
    "secret key",
    "secret123",
    "the-secret-key",
    "super-secret",
    "super secret",
    "super_secret",
    "supersecret",
    "supersecretkey",
    "super-secret-key",
    "super_secret_key",
    "super secret key",
    "supersecretjwt",
    "very-secret",
    "verysecret",
    "very_secret",
    "top-secret",
    "topsecret",
    "mysecret",
    "my-secret",
    "my_secret",
    "mysecretkey",
    "my-secret-key",
    "my_secret_key",
    "my precious",
    "my_precious",
    "mysupersecretkey",
    "my-super-secret-key",
    "my_super_secret_key",
    "this-is-a-secret",
    "thisisasecret",
    "thisisasecretkey",
    "this is a secret key",
    "thisismysecretkey",
    "this_is_a_secret_key",
    "some-secret",
    "somesecret",
    "some_secret_key",
    "random-secret",
    "randomsecret",
    "a-secret",
    "asecret",
    "jwt-secret",
    "jwt_secret",
    "jwtsecret",
    "jwt_secret_key",
    "jwt-secret-key",
    "jwtsecretkey",
    "yoursecret",
    "yoursecretkey",
    "your-jwt-secret",
    "your_jwt_secret",
    "your-super-secret-jwt-token-with-at-least-32-characters-long",
    "your_super_secret_key",
    "your-super-secret-key",
    "insert-your-secret-key-here",
    "insecure",
    "insecure-secret-key",
    "dev",
    "dev-secret",
    "dev_secret",
    "dev-secret-key",
    "development",
    "test",
    "testing",
    "test-secret",
    "test_secret",
    "testsecret",
    "test-key",
    "default",
    "defaultsecret",
    "example",
    "example-secret",
    "key",
    "apikey",
    "token",
    "hard to guess string",
    "you-will-never-guess",
    "keyboard cat",
    "shhhhh",
    "shhhh",
    "ssshhh",
    "password",
    "pass",
    "admin",
    "root",
    "foobar",
    "foo",
    "bar",
    "xxx",
    "qwerty",
    "123456",
    "12345678",
    "1234567890",
    "12345678901234567890123456789012",
    "01234567890123456789012345678901",
    "0123456789abcdef0123456789abcdef",
    "00000000000000000000000000000000",
    "abcdefghijklmnopqrstuvwxyz123456",
    "abcdefghijklmnopqrstuvwxyz012345",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn l13_keys_of_tutorials_are_known() {
        for key in [
            "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
            "09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7\n",
            "secret",
            "SECRET",
            "your-256-bit-secret",
            "your-secret-key",
            "changeme",
            "changethis",
            "CHANGE_ME_IN_PRODUCTION_PLEASE_OR_ELSE",
            "django-insecure-4k#8s!f",
        ] {
            assert!(is_published_secret(key.as_bytes()), "{key}");
        }
        for key in ["", "correct horse battery staple and more", "3f9a1c", "sec"] {
            assert!(!is_published_secret(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn a_key_shorter_than_the_hash_is_weak() {
        assert!(is_weak(&[7; 31]));
        assert!(!is_weak(&[7; 32]));
    }
}
