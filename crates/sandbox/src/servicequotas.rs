//! Service Quotas: the one quota that no service lists by itself.

use serde_json::json;

use crate::call::{Answer, Call, Refusal};

/// Rules of one direction in a security group, by AWS's code.
const RULES: (&str, &str, i64) = ("vpc", "L-0EA8095F", 60);

/// Answers a call.
pub(crate) fn handle(call: &Call) -> Answer {
    let (service, code, most) = RULES;
    match call.action.as_str() {
        "GetServiceQuota" | "GetAWSDefaultServiceQuota" => {
            if (call.need("ServiceCode")?, call.need("QuotaCode")?) != (service, code) {
                let text = "The request failed because the specified service quota was not found.";
                return Err(Refusal::new(400, "NoSuchResourceException", text));
            }
            Ok(json!({ "Quota": {
                "ServiceCode": service,
                "QuotaCode": code,
                "QuotaName": "Inbound or outbound rules per security group",
                "Value": most,
                "Unit": "None",
                "Adjustable": true,
            } }))
        }
        _ => Err(Refusal::unknown_action(call)),
    }
}
