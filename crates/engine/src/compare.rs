//! When two values count as equal: by meaning, never by spelling.

use pgward_model::{Attribute, Catalog, Form, Matches, Object, Value};

/// Whether the live value is what the declared one asks for; `desired` and `present` are the
/// objects around them.
pub(crate) fn equal(
    catalog: &Catalog,
    attribute: &Attribute,
    key: Option<&str>,
    declared: &Value,
    live: &Value,
    desired: &Object,
    present: &Object,
) -> bool {
    if declared == live {
        return true;
    }
    if attribute.form == Form::Parameter {
        return same_parameter(catalog, key.unwrap_or_default(), declared, live);
    }
    match attribute.matches {
        Matches::Exactly => same_number(declared, live),
        Matches::AsSet => sorted(declared) == sorted(live),
        Matches::Within => {
            let (declared, live) = (sorted(declared), sorted(live));
            !live.is_empty() && live.iter().all(|item| declared.contains(item))
        }
        Matches::IgnoringCase => match (declared.as_text(), live.as_text()) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        },
        Matches::VersionPrefix => match (declared.as_text(), live.as_text()) {
            (Some(declared), Some(live)) => {
                version_fits(declared, live, upgrades_itself(desired, present))
            }
            _ => false,
        },
        Matches::StorageFloor => match (declared.as_int(), live.as_int()) {
            (Some(declared), Some(live)) => live > declared && live <= ceiling(desired, declared),
            _ => false,
        },
    }
}

fn same_parameter(catalog: &Catalog, name: &str, declared: &Value, live: &Value) -> bool {
    match (declared.as_text(), live.as_text()) {
        (Some(a), Some(b)) => catalog.facts.same_parameter(name, a, b),
        _ => false,
    }
}

#[expect(
    clippy::float_cmp,
    reason = "both come from the same text or the same AWS number"
)]
fn same_number(a: &Value, b: &Value) -> bool {
    match (a.as_number(), b.as_number()) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

fn sorted(value: &Value) -> Vec<String> {
    let mut items: Vec<String> = value
        .as_list()
        .unwrap_or_default()
        .iter()
        .map(|item| {
            item.as_text()
                .map_or_else(|| format!("{item:?}"), str::to_owned)
        })
        .collect();
    items.sort();
    items.dedup();
    items
}

/// Whether AWS moves the version up by itself, so that a later minor version is as good: as it is
/// declared, else as AWS is set.
fn upgrades_itself(desired: &Object, present: &Object) -> bool {
    let flag = |of: &Object| {
        let mut found = of
            .iter()
            .filter(|(path, _)| path.ends_with("minor_upgrades"));
        found.find_map(|(_, value)| value.as_bool())
    };
    flag(desired).or_else(|| flag(present)) == Some(true)
}

/// `16` is satisfied by every `16.x`; `16.8` by `16.8` and, where AWS upgrades, by what follows.
fn version_fits(declared: &str, live: &str, upgrades_itself: bool) -> bool {
    if live
        .strip_prefix(declared)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    {
        return true;
    }
    let number = |text: &str| -> Option<(u32, u32)> {
        let (major, minor) = text.split_once('.')?;
        let minor: String = minor.chars().take_while(char::is_ascii_digit).collect();
        Some((major.parse().ok()?, minor.parse().ok()?))
    };
    match (number(declared), number(live)) {
        (Some((major, minor)), Some((live_major, live_minor))) => {
            upgrades_itself && major == live_major && live_minor > minor
        }
        _ => false,
    }
}

/// The size up to which storage autoscaling may go; the declared size without one.
fn ceiling(desired: &Object, declared: i64) -> i64 {
    desired
        .iter()
        .find(|(path, _)| path.ends_with("grow_to"))
        .and_then(|(_, value)| value.as_int())
        .unwrap_or(declared)
}

/// Whether a change goes against the only way its value can move.
pub(crate) fn goes_backward(
    attribute: &Attribute,
    before: Option<&Value>,
    after: Option<&Value>,
) -> bool {
    use pgward_model::Way;
    let (Some(way), Some(before), Some(after)) = (attribute.one_way, before, after) else {
        return false;
    };
    match way {
        Way::Grow => match (before.as_number(), after.as_number()) {
            (Some(before), Some(after)) => after < before,
            _ => false,
        },
        Way::Upgrade => match (before.as_text(), after.as_text()) {
            (Some(before), Some(after)) => version_key(after) < version_key(before),
            _ => false,
        },
    }
}

/// Numbers of a version, for ordering: a short version stands for its newest.
fn version_key(version: &str) -> Vec<u32> {
    let mut key: Vec<u32> = version
        .split(['.', '-'])
        .map_while(|part| part.parse().ok())
        .collect();
    if key.len() == 1 {
        key.push(u32::MAX);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_prefix_accepts_any_minor() {
        assert!(version_fits("16", "16.10", false));
        assert!(!version_fits("1", "16.10", false));
        assert!(!version_fits("16.8", "16.10", false));
        assert!(version_fits("16.8", "16.10", true));
        assert!(!version_fits("16.11", "16.10", true));
        assert!(version_fits("11.22", "11.22-rds.20250508", false));
    }

    #[test]
    fn what_the_file_does_not_say_of_minor_versions_aws_says() {
        let with = |flag: Option<bool>| {
            let mut object = Object::new();
            object.set_some("care.minor_upgrades", flag.map(Value::Bool));
            object
        };
        for (declared, live, expected) in [
            (None, Some(true), true),
            (None, Some(false), false),
            (None, None, false),
            (Some(false), Some(true), false),
            (Some(true), Some(false), true),
        ] {
            let moves = upgrades_itself(&with(declared), &with(live));
            assert_eq!(moves, expected, "{declared:?} {live:?}");
        }
    }

    #[test]
    fn storage_that_shrinks_goes_backward() {
        let size = Attribute::new("shelf.size", Form::Gib, "").one_way(pgward_model::Way::Grow);
        let (less, more) = (Value::Int(100), Value::Int(200));
        assert!(goes_backward(&size, Some(&more), Some(&less)));
        assert!(!goes_backward(&size, Some(&less), Some(&more)));
    }
}
