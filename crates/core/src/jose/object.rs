//! One JSON object of a token, read once and strictly.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::refusal::Refusal;

/// The members of an object, as they stand.
pub(super) struct Object<'a>(Vec<(Cow<'a, str>, Member<'a>)>);

/// A member's value, as far as any claim needs it.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Member<'a> {
    Text(Cow<'a, str>),
    Whole(i64),
    /// A number that is no `i64`; finite, because JSON has no other.
    Number(f64),
    /// true, false, null, an array or an object.
    Other,
}

/// How deep arrays and objects may lie in one another (ATTACKS J28).
const DEPTH: usize = 16;

impl<'a> Object<'a> {
    /// Reads one JSON object and nothing behind it.
    ///
    /// # Errors
    /// `ClaimDuplicated` if two members have one name (ATTACKS J12), `TokenMalformed` for anything but an object
    /// that is at most 16 levels deep.
    pub(super) fn read(json: &'a [u8]) -> Result<Self, Refusal> {
        let mut duplicate = false;
        let mut reader = serde_json::Deserializer::from_slice(json);
        let members = reader
            .deserialize_map(Members { duplicate: &mut duplicate })
            .and_then(|members| reader.end().map(|()| members))
            .map_err(|_| Refusal::TokenMalformed)?;
        if duplicate { Err(Refusal::ClaimDuplicated) } else { Ok(Self(members)) }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }
}

struct Members<'d> {
    duplicate: &'d mut bool,
}

impl<'de> Visitor<'de> for Members<'_> {
    type Value = Vec<(Cow<'de, str>, Member<'de>)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // As many members as our own tokens have.
        let mut members: Self::Value = Vec::with_capacity(8);
        while let Some(name) = map.next_key_seed(Name)? {
            *self.duplicate |= members.iter().any(|(member, _)| *member == name);
            members.push((name, map.next_value_seed(Value { depth: DEPTH })?));
        }
        Ok(members)
    }
}

struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(name.to_owned()))
    }
}

#[derive(Clone, Copy)]
struct Value {
    depth: usize,
}

impl Value {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1).ok_or_else(|| E::custom("too deep"))?;
        Ok(Self { depth })
    }
}

impl<'de> DeserializeSeed<'de> for Value {
    type Value = Member<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value {
    type Value = Member<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Member::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Member::Whole(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Member::Number(number as f64), Member::Whole))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Member::Number(number))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Member::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let inner = self.deeper()?;
        while seq.next_element_seed(inner)?.is_some() {}
        Ok(Member::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let inner = self.deeper()?;
        while map.next_key_seed(Name)?.is_some() {
            map.next_value_seed(inner)?;
        }
        Ok(Member::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(json: &str) -> Option<Refusal> {
        Object::read(json.as_bytes()).err()
    }

    #[test]
    fn members_keep_their_types() {
        let object =
            Object::read(br#"{"a":"b","c":-1,"d":1.5,"e":null,"f":[{"g":[]}],"h\u0069":"\u00e9"}"#).unwrap();
        assert_eq!(object.get("a"), Some(&Member::Text("b".into())));
        assert_eq!(object.get("c"), Some(&Member::Whole(-1)));
        assert_eq!(object.get("d"), Some(&Member::Number(1.5)));
        assert_eq!(object.get("e"), Some(&Member::Other));
        assert_eq!(object.get("f"), Some(&Member::Other));
        assert_eq!(object.get("hi"), Some(&Member::Text("é".into())));
        assert_eq!(object.get("g"), None);
    }

    #[test]
    fn j12_no_member_twice_however_spelled() {
        assert_eq!(refusal(r#"{"sub":"a","sub":"b"}"#), Some(Refusal::ClaimDuplicated));
        assert_eq!(refusal(r#"{"sub":"a","s\u0075b":"b"}"#), Some(Refusal::ClaimDuplicated));
        assert_eq!(refusal(r#"{"x":1,"x":1}"#), Some(Refusal::ClaimDuplicated));
    }

    #[test]
    fn j28_only_a_shallow_object_and_nothing_behind_it() {
        let nested = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(refusal(&nested(16)), None);
        assert_eq!(refusal(&nested(17)), Some(Refusal::TokenMalformed));
        assert_eq!(refusal(&nested(100_000)), Some(Refusal::TokenMalformed));
        for other in
            ["", "[]", "\"a\"", "{", "{}{}", "{}x", "\u{feff}{}", "{\"a\":NaN}", "{\"a\":1e400}", "{a:1}"]
        {
            assert_eq!(refusal(other), Some(Refusal::TokenMalformed), "{other:?}");
        }
        assert!(Object::read(b"{\"a\":\"\xff\"}").is_err());
        assert!(Object::read(br#"{"a":"\ud800"}"#).is_err());
    }
}
