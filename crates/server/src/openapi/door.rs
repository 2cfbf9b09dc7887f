//! The refusals that every operation shares, because they are made before the router or where it fails.

use utoipa::Modify;
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Type,
};

/// Status, what it means, and whether `Retry-After` goes with it.
const SHARED: [(&str, &str, bool); 8] = [
    ("400", "Malformed request", false),
    ("403", "Another host's name or a proxy's headers, in the profile development", false),
    ("408", "The body did not come in time", false),
    ("413", "Body too large", false),
    ("414", "Target too long", false),
    ("415", "Content encodings are not read", false),
    ("500", "Internal Server Error", false),
    ("503", "Too much to do, no answer in time, or no database", true),
];

/// Adds them to each operation that does not describe the status itself.
pub(super) struct DoorRefusals;

impl Modify for DoorRefusals {
    fn modify(&self, document: &mut OpenApi) {
        for path in document.paths.paths.values_mut() {
            for operation in [&mut path.get, &mut path.post].into_iter().flatten() {
                for (status, meaning, retry_after) in SHARED {
                    let responses = &mut operation.responses.responses;
                    responses
                        .entry(status.to_owned())
                        .or_insert_with(|| RefOr::T(refusal(meaning, retry_after)));
                }
            }
        }
    }
}

fn refusal(meaning: &str, retry_after: bool) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Detail"))).build();
    let response = ResponseBuilder::new().description(meaning).content("application/json", body);
    if !retry_after {
        return response.build();
    }
    let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
    let header = HeaderBuilder::new().schema(Some(seconds)).description(Some("Seconds")).build();
    response.header("Retry-After", header).build()
}
