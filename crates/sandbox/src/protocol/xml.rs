//! A small XML writer: nested elements of a JSON value.

use serde_json::Value;

/// How entries of a list are written.
pub(super) type Element = fn(&str) -> &'static str;

/// Writes the members of an object as elements.
pub(super) fn members(out: &mut String, object: &Value, element: Element) {
    if let Value::Object(parts) = object {
        for (name, value) in parts {
            member(out, name, value, element);
        }
    }
}

/// Writes one member; null is left out.
fn member(out: &mut String, name: &str, value: &Value, element: Element) {
    match value {
        Value::Null => {}
        Value::Array(items) => {
            open(out, name);
            for item in items {
                member(out, element(name), item, element);
            }
            close(out, name);
        }
        Value::Object(parts) if parts.len() == 1 && parts.contains_key("$timestamp") => {
            text_element(out, name, &moment(&parts["$timestamp"]));
        }
        Value::Object(_) => {
            open(out, name);
            members(out, value, element);
            close(out, name);
        }
        Value::String(text) => text_element(out, name, text),
        Value::Bool(_) | Value::Number(_) => text_element(out, name, &value.to_string()),
    }
}

/// Writes an element with text.
pub(super) fn text_element(out: &mut String, name: &str, text: &str) {
    open(out, name);
    escape(out, text);
    close(out, name);
}

fn open(out: &mut String, name: &str) {
    out.push('<');
    out.push_str(name);
    out.push('>');
}

fn close(out: &mut String, name: &str) {
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

fn escape(out: &mut String, text: &str) {
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no way to write other control characters.
            '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' => out.push('\u{fffd}'),
            // A bare carriage return would be read as a line feed.
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
}

/// Seconds since 1970 as RFC 3339 text.
fn moment(seconds: &Value) -> String {
    let seconds = seconds.as_f64().unwrap_or_default();
    jiff::SignedDuration::try_from_secs_f64(seconds)
        .ok()
        .and_then(|since| jiff::Timestamp::from_duration(since).ok())
        .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
        .to_string()
}
