//! Reading a token without believing it.

use serde_json::Value;

use super::base64;
use super::verify::TOKEN_MAX;
use crate::refusal::Refusal;

/// Header and payload of a token as they stand, for `token inspect` and the trace. Nothing is verified.
///
/// # Errors
/// `TokenTooLarge` above 8 KiB, `TokenMalformed` if it is not three parts of which the first two are JSON objects.
pub fn read_unverified(token: &str) -> Result<(Value, Value), Refusal> {
    if token.len() > TOKEN_MAX {
        return Err(Refusal::TokenTooLarge);
    }
    let mut parts = token.split('.');
    let (Some(header), Some(payload), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(Refusal::TokenMalformed);
    };
    Ok((object(header)?, object(payload)?))
}

fn object(part: &str) -> Result<Value, Refusal> {
    base64::decode(part)
        .and_then(|json| serde_json::from_slice(&json).ok())
        .filter(Value::is_object)
        .ok_or(Refusal::TokenMalformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seeds_token_can_be_read() {
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ0aW0iLCJleHAiOjE3MTAzOTEwNDh9.x";
        let (header, payload) = read_unverified(token).unwrap();
        assert_eq!(header.to_string(), r#"{"alg":"HS256","typ":"JWT"}"#);
        assert_eq!(payload.to_string(), r#"{"exp":1710391048,"sub":"tim"}"#);
        for other in ["", "a.b", "e30.e30", "e30.W10.x", "e30.e30.x.y", "Bearer e30.e30.x"] {
            assert_eq!(read_unverified(other), Err(Refusal::TokenMalformed), "{other}");
        }
        assert_eq!(read_unverified(&"a".repeat(8193)), Err(Refusal::TokenTooLarge));
    }
}
