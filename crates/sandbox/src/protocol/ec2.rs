//! EC2's protocol, answers only: XML without a result element, lists of `item`.

use serde_json::Value;

use super::xml;
use crate::call::{Call, Refusal};

const NAMESPACE: &str = "http://ec2.amazonaws.com/doc/2016-11-15/";

/// Writes a result.
pub(super) fn answer(call: &Call, result: &Value) -> String {
    let action = &call.action;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response xmlns=\"{NAMESPACE}\">"
    );
    xml::text_element(&mut out, "requestId", &call.request_id);
    xml::members(&mut out, result, |_| "item");
    out.push_str("</");
    out.push_str(action);
    out.push_str("Response>");
    out
}

/// Writes a refusal.
pub(super) fn refuse(refusal: &Refusal, request_id: &str) -> String {
    let mut out =
        String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error>");
    xml::text_element(&mut out, "Code", &refusal.code);
    xml::text_element(&mut out, "Message", &refusal.message);
    out.push_str("</Error></Errors>");
    xml::text_element(&mut out, "RequestID", request_id);
    out.push_str("</Response>");
    out
}
