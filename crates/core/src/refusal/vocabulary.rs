//! Every reason for which this server refuses, with its code and its explanation.

use std::fmt;

/// Makes the enum and its tables of one list, so that no reason can lack a code or an explanation.
macro_rules! vocabulary {
    ($($name:ident $code:literal $title:literal $explain:literal)*) => {
        /// Why something was refused.
        ///
        /// What the operator reads is here ([`Refusal::code`], [`Refusal::explain`]); what the client reads is
        /// [`Refusal::answer`], and often says less.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[non_exhaustive]
        pub enum Refusal {
            $(#[doc = $title] $name,)*
        }

        impl Refusal {
            /// The stable reason code, as the log and `sekisho explain` have it.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The reason in one line.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            /// What it means and how the operator mends it.
            pub const fn explain(self) -> &'static str {
                match self { $(Self::$name => $explain,)* }
            }

            /// Every reason, in the order of this file.
            pub const fn all() -> &'static [Self] {
                &[$(Self::$name,)*]
            }
        }
    };
}

vocabulary! {
    TokenMissing "token_missing" "No access token was sent."
    "The request has no `Authorization: Bearer …` header. The client must log in at POST /token and send the token it receives. If it does send one, look for a proxy that drops the header."
    TokenMalformed "token_malformed" "The token is not a JWT."
    "It does not consist of three parts in unpadded base64url that hold JSON objects (RFC 7515, RFC 7519). It was cut short, wrapped in quotes, or is a token of another kind. `sekisho token inspect` shows what can be read."
    TokenTooLarge "token_too_large" "The token is longer than 8 KiB."
    "No token of this server comes near that length, so it was not read at all."
    HeaderNotAllowed "header_not_allowed" "The token's header has a member that is not accepted."
    "Headers that bring or point to a key (jku, jwk, x5u, x5c), that change how the token is read (zip, b64, enc), a typ other than JWT, or a kid that is no plain name. The server never takes a key from a token. Tokens made here hold only alg and typ."
    AlgorithmNotAllowed "algorithm_not_allowed" "The token is signed with another algorithm."
    "Only the algorithm in `tokens.algorithm` (ALGORITHM) is accepted, spelled exactly so; `none` never is. Either the token comes from elsewhere, or the setting was changed after it was issued: then logging in again mends it."
    SignatureInvalid "signature_invalid" "No key of this server made the signature."
    "The token was changed, or signed with a key that is neither SECRET_KEY nor in SECRET_KEY_VERIFY. When a key has been replaced, put the old one into SECRET_KEY_VERIFY until the last token signed with it has expired. On several nodes, check that all have the same key."
    SigningKeyRetired "signing_key_retired" "The key that signed the token has been retired."
    "It is in SECRET_KEY_VERIFY, but SECRET_KEY_VERIFY_UNTIL has passed. The user logs in again; or set a later end if the change of keys needs more time."
    TokenExpired "token_expired" "The token has expired."
    "Its exp lies in the past. The client should log in again. If it happens at once, compare the clocks; the lifetime is `tokens.access_token_expire_minutes` (ACCESS_TOKEN_EXPIRE_MINUTES)."
    TokenNotYetValid "token_not_yet_valid" "The token is not valid yet."
    "Its nbf lies in the future. Tokens made here have none; compare the clock of the one that made it with this machine's."
    TokenFromTheFuture "token_from_the_future" "The token was issued in the future."
    "Its iat lies more than 60 seconds ahead. The clocks of two nodes differ, or this machine's clock was set back: check its time synchronisation."
    ClaimMissing "claim_missing" "The token lacks a claim that it needs."
    "Every token needs sub, whom it is for, and exp, when it ends. A token without an end is refused even if the signature is right."
    ClaimInvalid "claim_invalid" "A claim has the wrong type or an impossible value."
    "exp, nbf and iat are numbers (a text such as \"9999999999\" is not), sub is a text that is not empty, jti and iss are texts, uid is an id, ver is a whole number. Mend the program that makes the token."
    ClaimDuplicated "claim_duplicated" "The token says something twice."
    "Its header or payload has two members of one name. Readers disagree which of them counts, so neither does."
    CriticalHeaderUnknown "critical_header_unknown" "The token demands an extension that this server does not know."
    "Its header has crit (RFC 7515, 4.1.11). No extension is supported, so it can't be accepted."
    AudienceUnexpected "audience_unexpected" "The token is meant for somebody else."
    "It has an aud claim. This server's own tokens have none: it was issued for another service, or is of another kind (an ID token, say)."
    IssuerMismatch "issuer_mismatch" "The token was issued under another address."
    "Its iss is not this server's public URL. If `server.public_url` has just changed, users log in again; if not, it is another server's token, signed with the same key: give each server a key of its own."
    TokenRevoked "token_revoked" "The token was issued before the password was changed."
    "Its ver is not the user's present token version; a change of password raises that, and refuses every token from before. The user logs in again."
    SubjectMismatch "subject_mismatch" "The token names a user, and the id of another."
    "sub and uid do not belong to one user: the name has passed to somebody else since, or the token was put together by hand. The user logs in again."
    SubjectNotAdopted "subject_not_adopted" "The token is of an adopted application, and its user is not."
    "It has no uid, so the application made it whose users were taken over with `sekisho adopt`; whoever has its name here came later and is somebody else. The user logs in again, at POST /token of this server."
    UserUnknown "user_unknown" "There is no such user."
    "Nobody is found by that name, address or id: mistyped, deleted, or another database (`sekisho config show` says which is open). The client reads the same as for a wrong password."
    UserDisabled "user_disabled" "The user is disabled."
    "`sekisho user enable NAME` lets the user in again. The client reads the same as for a wrong password or a bad token."
    PasswordWrong "password_wrong" "The password does not fit."
    "The bytes as sent do not fit the stored hash, nor does their NFC form. Case and spaces at the ends count. `sekisho user set-password NAME` sets a new one."
    PasswordAbsent "password_absent" "The user has no password."
    "The account has none to log in with. `sekisho user set-password NAME` gives it one."
    HashUnreadable "hash_unreadable" "The stored password hash is malformed."
    "The scheme is known, but the text does not follow its format: cut short by an import, or damaged. Nobody can log in with it. Set a new password with `sekisho user set-password NAME`, or import the hash again."
    HashSchemeUnknown "hash_scheme_unknown" "The stored password hash is of an unknown scheme."
    "This version verifies Argon2, bcrypt, bcrypt-sha256, scrypt, PBKDF2, sha-crypt ($5$, $6$), {SSHA} and its family, and phpass; docs/hash-schemes.md lists the texts. Set a new password with `sekisho user set-password NAME`."
    HashTooCostly "hash_too_costly" "Verifying the stored hash would cost more than is allowed."
    "Its cost is above the ceiling of its scheme (docs/hash-schemes.md; argon2id: m 256 MiB, t 16, p 8; bcrypt: cost 16), so that no stored text can stop the server. Set a new password with `sekisho user set-password NAME`."
    LogInsThrottled "log_ins_throttled" "Too many failed log-ins."
    "The account or the address has failed too often; after the time in Retry-After it may try again, and the right password then works. The limits are in `throttle`. If many users share one address behind a proxy, name the proxy in `http.trusted_proxies`."
    HashingBusy "hashing_busy" "The password hashing queue is full."
    "More log-ins and registrations arrive than the processor can hash; what is queued goes on, the rest is told to come back. Token checks are not affected. If it lasts, raise `hashing.queue`, add cores, or look for a guessing attack in the log."
    RegistrationClosed "registration_closed" "Nobody can register on their own."
    "`registration.mode` is closed. `sekisho user add` adds a user; `registration.mode = \"open\"` opens the door."
    UsernameTaken "username_taken" "The username is in use."
    "Names are compared case-folded and normalised. The name of a deleted user stays reserved until no token for it can be valid."
    IdentityTaken "identity_taken" "The id, external id or item number is somebody else's."
    "A user that is imported brings an id, an identifier of another system or an item's number that belongs to another user here, or the id of one who was deleted. An id is never given twice. Look at that user with `sekisho user show ID`, and leave the member out of the row if the two are different people."
    EmailTaken "email_taken" "The e-mail address is in use."
    "Addresses are compared case-folded and normalised. The address of a deleted user is free at once; only the name stays reserved."
    FieldsInvalid "fields_invalid" "A field is missing or not acceptable."
    "The answer lists each field under `detail`, with what is wrong. The client must send something else."
    UnsupportedGrantType "unsupported_grant_type" "The token endpoint does not serve that grant."
    "grant_type is none that this server offers (RFC 6749, 5.2). The seeds' log-in sends `password`, or nothing."
    InvalidRequest "invalid_request" "The request can't be read."
    "A parameter was sent twice, or bytes are not UTF-8, or the body is not what its Content-Type says (RFC 6749, 5.2). Mend the client."
    BodyUnreadable "body_unreadable" "The body is no text."
    "A JSON document must be UTF-8; this one has bytes that are not. Mend the client."
    BoundaryMissing "multipart_boundary_missing" "A multipart body without its boundary."
    "The Content-Type says multipart/form-data and names no boundary. A client that sets that header by hand must leave it to its form encoder instead."
    MultipartInvalid "multipart_invalid" "A multipart body that is none."
    "The body does not begin with the boundary that its Content-Type names, or a part's headers are malformed. Mend the client."
    PartNameMissing "multipart_name_missing" "A multipart body with a nameless part."
    "Each part needs `Content-Disposition: form-data; name=…` (RFC 7578, 4.2). Mend the client."
    NotFound "not_found" "There is nothing at this address."
    "No route fits the path. Behind a proxy that adds or strips a prefix, see `server.root_path`."
    MethodNotAllowed "method_not_allowed" "The address does not take this method."
    "The Allow header lists the methods that it takes."
    BodyTooLarge "body_too_large" "The request body is too large."
    "The limit is `http.body_limit_bytes`. No form or document of the API comes near it."
    ContentEncodingUnsupported "content_encoding_unsupported" "Compressed request bodies are not taken."
    "The request has a Content-Encoding. Send the body as it is."
    UriTooLong "uri_too_long" "The request's address is too long."
    "No address of the API is that long; long values belong into the body."
    RequestTimeout "request_timeout" "The request took too long."
    "Its body did not arrive within `http.body_timeout_seconds`: a slow or broken client."
    AnswerTimeout "answer_timeout" "The answer took too long."
    "It was not there within `http.request_timeout_seconds`: a server or a database at its limits, look at the other lines of that moment. The outcome of the request is unknown, and it may be sent again."
    ProxyInDevelopment "proxy_in_development" "A proxy stands before a server in the development profile."
    "The request carries forwarding headers, so others reach this server through a proxy while its rules are relaxed. Set `profile = \"production\"` in sekisho.toml (or SEKISHO_PROFILE=production), and name the proxy in `http.trusted_proxies`."
    HostInDevelopment "host_in_development" "The Host is not this machine, in the development profile."
    "In development only localhost, 127.0.0.1 and ::1 are answered, so that no foreign page reaches the server through a name that it points here (DNS rebinding). To serve others set `profile = \"production\"` in sekisho.toml (or SEKISHO_PROFILE=production)."
    HostDuplicated "host_duplicated" "The request has more than one Host, or one that is malformed."
    "A request names one host (RFC 9112, 3.2). Two of them are read differently by different programs, so it is refused."
    StorageUnavailable "storage_unavailable" "The database can't be read or written just now."
    "The disk is full or failing, another process holds the lock, or the database is away; the log has the cause. The outcome of the request is unknown, and it may be sent again. The server goes on by itself once the cause is gone."
    WritesFrozen "writes_frozen" "Writes are on hold."
    "An operator has run `sekisho db freeze`, as for a move to another database (docs/moving-to-postgres.md): nothing is written, token checks and log-ins go on. `sekisho db unfreeze` ends it; `sekisho doctor` says since when. Nothing of the request was done, and it may be sent again."
    Overloaded "overloaded" "Too many large requests are being answered."
    "Request bodies beyond 16 KiB share 32 MiB, from their reading to their answer. Nobody needs such bodies: look who sends them."
    TooManyConnections "too_many_connections" "There are too many connections."
    "`http.max_connections` is reached. Raise it together with the limit of open files, or look who holds them."
    Internal "internal" "The server made a mistake."
    "A fault of Sekisho, not of the client. The log has more under the same request id; please report it."
}

impl Refusal {
    /// The refusal with this code, if there is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::all().iter().copied().find(|refusal| refusal.code() == code)
    }
}

/// Prints the code.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_lead_back() {
        for refusal in Refusal::all() {
            assert_eq!(Refusal::from_code(refusal.code()), Some(*refusal));
            assert!(refusal.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        }
        assert_eq!(Refusal::from_code("no_such_code"), None);
        assert_eq!(Refusal::TokenExpired.to_string(), "token_expired");
    }
}
