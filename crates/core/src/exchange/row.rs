//! One record as a user, judged.

use serde_json::{Map, Value};

use super::error::RowError;
use super::member::Member;
use super::value;
use crate::accounts::{IncomingUser, email_key, username_key};
use crate::credentials::{HashString, SchemeCost, recognise};
use crate::id::UserId;
use crate::time::Timestamp;
use crate::wire::Json;

/// A user as a record of a file states one. What the record does not say is `None`.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct UserRow {
    /// The identity, where the record comes from a Sekisho.
    pub id: Option<UserId>,
    /// The identifier in the system that the user comes from.
    pub external_id: Option<String>,
    /// The name; the address where the record has no name.
    pub username: String,
    /// Whether only the exact spelling of the name finds the user.
    pub exact_name_only: bool,
    /// The address as it was there.
    pub email: Option<String>,
    /// Whether nobody logs in by the address.
    pub no_email_log_in: bool,
    /// What to call the person.
    pub full_name: Option<String>,
    /// The password's hash and what it was recognised as.
    pub password: Option<(HashString, SchemeCost)>,
    /// Which tokens count.
    pub token_version: Option<i64>,
    /// Whether the user may not enter.
    pub disabled: Option<bool>,
    /// Since when.
    pub disabled_at: Option<Timestamp>,
    /// When the user was made.
    pub created_at: Option<Timestamp>,
    /// When the user last changed.
    pub updated_at: Option<Timestamp>,
    /// What has no place of its own.
    pub extra: Map<String, Value>,
    /// The numbers of the user's items.
    pub items: Vec<i64>,
}

impl UserRow {
    /// Judges the members of a record. Null says nothing, but for the two keys.
    ///
    /// # Errors
    /// The first rule that a member breaks; no value is repeated in it.
    pub fn of(members: Vec<(String, Json)>) -> Result<Self, RowError> {
        let mut row = Self::default();
        // Only members of ours, so that a record of many others costs no more than to read it.
        let mut seen: Vec<(Member, String)> = Vec::new();
        for (name, value) in members {
            let member = Member::of(&name);
            if value == Json::Null && !matches!(member, Member::UsernameKey | Member::EmailKey) {
                continue;
            }
            if let Some((_, other)) = seen.iter().find(|(same, _)| *same == member) {
                return Err(RowError::of(&name, format!("says the same as {other}: leave one of them out")));
            }
            row.take(member, &name, value)?;
            if member != Member::Unknown {
                seen.push((member, name));
            }
        }
        row.finish()
    }

    fn take(&mut self, member: Member, name: &str, value: Json) -> Result<(), RowError> {
        match member {
            Member::Id => {
                let id = value::identifier(name, value)?;
                match id.parse() {
                    Ok(id) => self.id = Some(id),
                    // Another system's own number, unless that is named besides.
                    Err(_) if self.external_id.is_none() => self.external_id = Some(id),
                    Err(_) => {}
                }
            }
            Member::ExternalId => self.external_id = Some(value::identifier(name, value)?),
            Member::Username => {
                self.username = value::text(name, value)?;
                if username_key(&self.username).parse::<UserId>().is_ok() {
                    return Err(RowError::of(
                        name,
                        "looks like an id, by which commands would find another user",
                    ));
                }
            }
            Member::UsernameKey if value == Json::Null => self.exact_name_only = true,
            Member::EmailKey if value == Json::Null => self.no_email_log_in = true,
            Member::UsernameKey | Member::EmailKey => {
                return Err(RowError::of(
                    name,
                    "can only be null: keys are made of the name and the address",
                ));
            }
            Member::Email => self.email = Some(value::text(name, value)?),
            Member::FullName => self.full_name = Some(value::text(name, value)?),
            Member::PasswordHash => self.password = Some(password(name, value)?),
            Member::TokenVersion => self.token_version = Some(value::count(name, &value)?),
            Member::Disabled => self.disable(name, value::truth(name, &value)?)?,
            Member::Active => self.disable(name, !value::truth(name, &value)?)?,
            Member::DisabledAt => {
                self.disabled_at = Some(value::time(name, &value)?);
                self.disable(name, true)?;
            }
            Member::CreatedAt => self.created_at = Some(value::time(name, &value)?),
            Member::UpdatedAt => self.updated_at = Some(value::time(name, &value)?),
            Member::Extra => self.extra.append(&mut value::object(name, value)?),
            Member::Items => self.items = value::numbers(name, value)?,
            Member::Unknown if name.contains('\0') => return Err(RowError::whole("a name holds U+0000")),
            Member::Unknown => {
                self.extra.insert(name.to_owned(), value::plain(name, value)?);
            }
            Member::Secret => {
                return Err(RowError::of(
                    name,
                    "is named like a secret and is not known: a hash is password_hash; if it is none, put it into extra",
                ));
            }
        }
        Ok(())
    }

    fn disable(&mut self, name: &str, disabled: bool) -> Result<(), RowError> {
        if self.disabled.is_some_and(|said| said != disabled) {
            return Err(RowError::of(name, "contradicts what the record says elsewhere"));
        }
        self.disabled = Some(disabled);
        Ok(())
    }

    fn finish(mut self) -> Result<Self, RowError> {
        self.email = self.email.filter(|email| !email.is_empty());
        self.full_name = self.full_name.filter(|name| !name.is_empty());
        self.external_id = self.external_id.filter(|id| !id.is_empty());
        if !value::fits_a_record(&self.extra, self.items.len()) {
            return Err(RowError::whole("extra and items hold too much, or extra is nested too deeply"));
        }
        if self.username.is_empty() {
            self.username =
                self.email.clone().ok_or_else(|| RowError::whole("neither a username nor an email"))?;
        }
        Ok(self)
    }

    /// The user that the record states; what it leaves out is as for one who registers at `now`.
    ///
    /// `id` is for a record that has none.
    pub fn to_incoming(&self, id: UserId, now: Timestamp) -> IncomingUser {
        let created_at = self.created_at.unwrap_or(now);
        IncomingUser {
            id: self.id.unwrap_or(id),
            external_id: self.external_id.clone(),
            username: self.username.clone(),
            username_key: (!self.exact_name_only).then(|| username_key(&self.username)),
            email: self.email.clone(),
            email_key: self.email.as_deref().filter(|_| !self.no_email_log_in).and_then(email_key),
            full_name: self.full_name.clone(),
            extra: (!self.extra.is_empty()).then(|| self.extra.clone()),
            token_version: self.token_version.unwrap_or(0),
            disabled_at: self.disabled.unwrap_or(false).then(|| self.disabled_at.unwrap_or(now)),
            created_at,
            updated_at: self.updated_at.unwrap_or(created_at),
            password: self.password.clone(),
        }
    }

    /// The members in which a user who is here already differs from what the record says.
    ///
    /// What the record does not say and what the server writes by itself (times, a hash made anew at log-in) is not
    /// compared: `password_hash` differs only where one of the two has none.
    pub fn differs_from(&self, here: &IncomingUser) -> Vec<&'static str> {
        let said = |text: &Option<String>, there: &Option<String>| text.is_some() && text != there;
        let checks = [
            ("external_id", said(&self.external_id, &here.external_id)),
            ("username", self.username != here.username),
            ("email", said(&self.email, &here.email)),
            ("full_name", said(&self.full_name, &here.full_name)),
            ("password_hash", self.password.is_some() && here.password.is_none()),
            ("disabled", self.disabled.is_some_and(|disabled| disabled != here.disabled_at.is_some())),
            ("extra", !self.extra.is_empty() && here.extra.as_ref() != Some(&self.extra)),
        ];
        checks.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// The address that the name is, if it is one and not the user's own: log-in would take it for somebody else's.
    pub fn foreign_address_as_name(&self) -> Option<String> {
        let name = email_key(&self.username)?;
        let own = self.email.as_deref().and_then(email_key);
        (own.as_deref() != Some(&*name)).then_some(name)
    }
}

/// A hash in a scheme that log-in verifies, never a password.
fn password(name: &str, value: Json) -> Result<(HashString, SchemeCost), RowError> {
    let Json::Text(text) = value else { return Err(RowError::of(name, "must be a text")) };
    let hash = HashString::new(text);
    match recognise(&hash) {
        Ok(kind) => Ok((hash, kind)),
        Err(refusal) => Err(RowError::because(refusal, name, refusal.title())),
    }
}

#[cfg(test)]
#[path = "row_tests.rs"]
mod tests;
