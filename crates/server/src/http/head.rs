//! What the front door wants to know of a request's header block, in one pass over it.

use http::{HeaderMap, HeaderValue, header};

/// The header lines that matter before the router.
#[derive(Default)]
pub(super) struct Head<'a> {
    pub(super) host: Option<&'a HeaderValue>,
    pub(super) second_host: bool,
    /// Two lines tell the body's length.
    pub(super) second_length: bool,
    pub(super) transfer_encoding: Option<&'a HeaderValue>,
    pub(super) content_length: Option<&'a HeaderValue>,
    /// The body is compressed, or encoded otherwise.
    pub(super) encoded: bool,
    pub(super) origin: Option<&'a HeaderValue>,
    pub(super) request_id: Option<&'a HeaderValue>,
    /// Some proxy says that it stands in between.
    pub(super) forwarded: bool,
}

impl<'a> Head<'a> {
    pub(super) fn read(headers: &'a HeaderMap) -> Head<'a> {
        let mut head = Head::default();
        for (name, value) in headers {
            match *name {
                header::HOST => head.second_host |= head.host.replace(value).is_some(),
                header::TRANSFER_ENCODING => {
                    head.second_length |= head.transfer_encoding.replace(value).is_some()
                }
                header::CONTENT_LENGTH => head.second_length |= head.content_length.replace(value).is_some(),
                header::CONTENT_ENCODING => {
                    head.encoded |= !value.as_bytes().eq_ignore_ascii_case(b"identity");
                }
                header::ORIGIN => head.origin = Some(value),
                header::FORWARDED | header::VIA => head.forwarded = true,
                _ => {
                    if let Some(name) = name.as_str().strip_prefix("x-") {
                        match name {
                            "request-id" => head.request_id = Some(value),
                            "real-ip" => head.forwarded = true,
                            name => head.forwarded |= name.starts_with("forwarded-"),
                        }
                    }
                }
            }
        }
        head.second_length |= head.transfer_encoding.is_some() && head.content_length.is_some();
        head
    }
}
