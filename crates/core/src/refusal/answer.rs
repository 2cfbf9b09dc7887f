//! What the client reads of a refusal: often less than the log says.

use super::vocabulary::Refusal;

/// Where the client stands: the same cause is told differently at different doors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Door {
    /// `POST /token`: who asks has not shown who they are, and learns of no account whether it exists.
    LogIn,
    /// A route that wants an access token: one answer for every token that does not count.
    Token,
    /// Everything else.
    Other,
}

/// The parts of an error response. The body is `{"detail": …}` with `error` beside it where there is one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The member `error`: OAuth's code where RFC 6749 has one, otherwise the reason code; none on the seeds'
    /// answers to a bad token, and on 404, 405, 422 and 500.
    pub error: Option<&'static str>,
    /// The member `detail`.
    pub detail: &'static str,
    /// Whether `WWW-Authenticate: Bearer` goes with it.
    pub bearer_challenge: bool,
    /// Seconds for `Retry-After`, where waiting helps; a caller that knows better replaces them.
    pub retry_after: Option<u32>,
}

const INCORRECT: Answer = challenge(Some("invalid_grant"), "Incorrect username or password");
/// RFC 6749, 5.2.
const INVALID_REQUEST: Option<&str> = Some("invalid_request");
const NOT_VALIDATED: Answer = challenge(None, "Could not validate credentials");

impl Refusal {
    /// The answer at that door.
    pub const fn answer(self, door: Door) -> Answer {
        use Refusal::*;
        match self {
            TokenMissing => challenge(None, "Not authenticated"),
            TokenMalformed
            | TokenTooLarge
            | HeaderNotAllowed
            | AlgorithmNotAllowed
            | SignatureInvalid
            | SigningKeyRetired
            | TokenExpired
            | TokenNotYetValid
            | TokenFromTheFuture
            | ClaimMissing
            | ClaimInvalid
            | ClaimDuplicated
            | CriticalHeaderUnknown
            | AudienceUnexpected
            | IssuerMismatch
            | TokenRevoked
            | SubjectMismatch
            | SubjectNotAdopted => NOT_VALIDATED,
            UserUnknown | UserDisabled | PasswordWrong | PasswordAbsent | HashUnreadable
            | HashSchemeUnknown | HashTooCostly => match door {
                Door::Token => NOT_VALIDATED,
                Door::LogIn | Door::Other => INCORRECT,
            },
            LogInsThrottled => {
                later(429, "too_many_requests", "Too many failed log-ins, try again later", 60)
            }
            HashingBusy => later(503, "temporarily_unavailable", "Busy, try again", 1),
            RegistrationClosed => plain(403, Some(self.code()), "Registration is closed"),
            UsernameTaken => plain(409, Some(self.code()), "Username already registered"),
            IdentityTaken => plain(409, Some(self.code()), "Identity already in use"),
            EmailTaken => plain(409, Some(self.code()), "E-mail already registered"),
            FieldsInvalid => plain(422, None, "Unprocessable Content"),
            UnsupportedGrantType => plain(400, Some(self.code()), "Unsupported grant type"),
            InvalidRequest => plain(400, Some(self.code()), "Invalid request"),
            BodyUnreadable => plain(400, INVALID_REQUEST, "There was an error parsing the body"),
            BoundaryMissing => plain(400, INVALID_REQUEST, "Missing boundary in multipart."),
            MultipartInvalid => plain(400, INVALID_REQUEST, "Invalid multipart data."),
            PartNameMissing => {
                plain(400, INVALID_REQUEST, "The Content-Disposition header field \"name\" must be provided.")
            }
            NotFound => plain(404, None, "Not Found"),
            MethodNotAllowed => plain(405, None, "Method Not Allowed"),
            BodyTooLarge => plain(413, Some(self.code()), "Request body too large"),
            ContentEncodingUnsupported => {
                plain(415, Some(self.code()), "Compressed bodies are not supported")
            }
            UriTooLong => plain(414, Some(self.code()), "URI too long"),
            RequestTimeout => plain(408, Some(self.code()), "Request timeout"),
            AnswerTimeout => later(503, self.code(), "Timed out, try again", 1),
            ProxyInDevelopment => plain(
                403,
                Some(self.code()),
                "This server runs in the development profile and was reached through a proxy. Set profile = \"production\" in sekisho.toml.",
            ),
            HostInDevelopment => plain(
                403,
                Some(self.code()),
                "This server runs in the development profile and answers on this machine only. Set profile = \"production\" in sekisho.toml.",
            ),
            HostDuplicated => plain(400, Some(self.code()), "Invalid Host"),
            StorageUnavailable => later(503, self.code(), "Storage unavailable, try again", 5),
            WritesFrozen => later(503, self.code(), "Writes are on hold, try again", 5),
            Overloaded => later(503, self.code(), "Busy, try again", 1),
            TooManyConnections => later(503, self.code(), "Too many connections, try again", 5),
            Internal => plain(500, None, "Internal Server Error"),
        }
    }
}

const fn challenge(error: Option<&'static str>, detail: &'static str) -> Answer {
    Answer { status: 401, error, detail, bearer_challenge: true, retry_after: None }
}

const fn plain(status: u16, error: Option<&'static str>, detail: &'static str) -> Answer {
    Answer { status, error, detail, bearer_challenge: false, retry_after: None }
}

const fn later(status: u16, error: &'static str, detail: &'static str, seconds: u32) -> Answer {
    Answer { status, error: Some(error), detail, bearer_challenge: false, retry_after: Some(seconds) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p06_p07_every_cause_about_the_account_is_one_answer_at_the_log_in() {
        use Refusal::*;
        for cause in [
            UserUnknown,
            UserDisabled,
            PasswordWrong,
            PasswordAbsent,
            HashUnreadable,
            HashSchemeUnknown,
            HashTooCostly,
        ] {
            let answer = cause.answer(Door::LogIn);
            assert_eq!(answer, PasswordWrong.answer(Door::LogIn));
            assert_eq!((answer.status, answer.error), (401, Some("invalid_grant")));
            assert_eq!(answer.detail, "Incorrect username or password");
            assert!(answer.bearer_challenge);
        }
    }

    #[test]
    fn every_token_that_does_not_count_is_one_answer() {
        use Refusal::*;
        for cause in [TokenExpired, SignatureInvalid, TokenRevoked, UserUnknown, UserDisabled] {
            let answer = cause.answer(Door::Token);
            assert_eq!((answer.status, answer.error), (401, None));
            assert_eq!(answer.detail, "Could not validate credentials");
            assert!(answer.bearer_challenge);
        }
        assert_eq!(TokenMissing.answer(Door::Token).detail, "Not authenticated");
    }

    #[test]
    fn waiting_is_advised_where_it_helps() {
        for refusal in Refusal::all() {
            let answer = refusal.answer(Door::Other);
            assert_eq!(answer.retry_after.is_some(), matches!(answer.status, 429 | 503), "{refusal}");
            assert_eq!(answer.bearer_challenge, answer.status == 401, "{refusal}");
        }
    }
}
