//! What somebody sends to register, before and after it has been judged.

use super::email::{Email, EmailError};
use super::text::{FULL_NAME_MAX, FullNameError, check_full_name};
use super::username::{Username, UsernameError};
use crate::credentials::{NewPassword, PasswordError, PasswordPolicy};
use crate::invalid::Invalid;
use crate::loc;
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

impl RawRegistration {
    /// Judges every field.
    ///
    /// # Errors
    /// One entry for each field that breaks a rule, in the order username, e-mail address, full name, password. No
    /// entry holds the password.
    pub fn check(self, policy: &PasswordPolicy) -> Result<Registration, Vec<Invalid>> {
        let username = Username::parse(&self.username);
        let email = Email::parse(&self.email);
        let full_name = self.full_name.as_deref().map_or(Ok(()), check_full_name);
        let password = policy.check(self.password, &self.username, Some(&self.email));
        match (username, email, full_name, password) {
            (Ok(username), Ok(email), Ok(()), Ok(password)) => {
                Ok(Registration { username, email, full_name: self.full_name, password })
            }
            (username, email, full_name, password) => {
                let entries = [
                    username.err().map(|error| of_username(error, &self.username)),
                    email.err().map(|error| of_email(error, &self.email)),
                    full_name.err().map(|error| of_full_name(error, self.full_name.as_deref())),
                    password.err().map(PasswordError::to_invalid),
                ];
                Err(entries.into_iter().flatten().collect())
            }
        }
    }
}

fn of_username(error: UsernameError, text: &str) -> Invalid {
    let loc = loc!["body", "user", "username"];
    match error {
        UsernameError::Empty => Invalid::string_too_short(loc, text.into(), 1),
        UsernameError::TooLong => Invalid::string_too_long(loc, text.into(), Username::MAX),
        other => Invalid::value_error(loc, text.into(), other),
    }
}

fn of_email(error: EmailError, text: &str) -> Invalid {
    Invalid::value_error(loc!["body", "user", "email"], text.into(), error)
}

fn of_full_name(error: FullNameError, text: Option<&str>) -> Invalid {
    let loc = loc!["body", "user", "full_name"];
    match error {
        FullNameError::TooLong => Invalid::string_too_long(loc, text.into(), FULL_NAME_MAX),
        other => Invalid::value_error(loc, text.into(), other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: PasswordPolicy = PasswordPolicy { min_length: 6, max_length: 1024, refuse_common: true };

    fn raw(username: &str, email: &str, password: &str) -> RawRegistration {
        let full_name = Some("Tim Ruscica".to_owned());
        RawRegistration {
            username: username.into(),
            email: email.into(),
            full_name,
            password: password.into(),
        }
    }

    fn refused(raw: RawRegistration) -> Vec<String> {
        let list = raw.check(&POLICY).unwrap_err();
        list.iter().map(|invalid| serde_json::to_string(invalid).unwrap()).collect()
    }

    #[test]
    fn the_seeds_user_can_register() {
        let tim = raw("tim", "tim@gmail.com", "tim1234").check(&POLICY).unwrap();
        assert_eq!((tim.username.as_str(), tim.email.key()), ("tim", "tim@gmail.com"));
        assert_eq!((tim.full_name.as_deref(), tim.password.expose()), (Some("Tim Ruscica"), "tim1234"));
    }

    #[test]
    fn every_field_that_breaks_a_rule_is_listed() {
        let mut bad = raw("", "tim", "tim");
        bad.full_name = Some("a\0b".into());
        assert_eq!(
            refused(bad),
            [
                r#"{"type":"string_too_short","loc":["body","user","username"],"msg":"String should have at least 1 character","input":"","ctx":{"min_length":1}}"#,
                r#"{"type":"value_error","loc":["body","user","email"],"msg":"Value error, an e-mail address has exactly one @","input":"tim","ctx":{"error":{}}}"#,
                r#"{"type":"value_error","loc":["body","user","full_name"],"msg":"Value error, a full name holds no control characters","input":"a\u0000b","ctx":{"error":{}}}"#,
                r#"{"type":"string_too_short","loc":["body","password"],"msg":"String should have at least 6 characters","input":"[redacted]","ctx":{"min_length":6}}"#,
            ]
        );
    }

    #[test]
    fn a03_a_name_like_an_address_or_an_id_is_refused() {
        for name in ["tim@gmail.com", "0199f0a2-6c1e-7777-b777-777777777777"] {
            let list = refused(raw(name, "ada@example.com", "secret-123"));
            assert!(list.len() == 1 && list[0].contains("value_error"), "{list:?}");
        }
    }

    #[test]
    fn l01_no_answer_holds_the_password() {
        for password in ["TIM@gmail.com", "PassWord", &"canary ".repeat(147)] {
            let list = refused(raw("tim", "tim@gmail.com", password));
            assert!(
                list.len() == 1 && !list[0].contains(password) && !list[0].contains("canary"),
                "{list:?}"
            );
        }
    }
}
