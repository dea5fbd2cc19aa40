//! The canonical form of quantities and windows.

use pgward_model::{Catalog, Form, Section, units};
use toml_edit::{Item, Table, Value};

use crate::language;

/// Gives quantities a space before their unit and windows their long form, wherever the key is
/// known to hold one and the value is right.
pub(super) fn rewrite(document: &mut Table, catalog: &Catalog) {
    for section in catalog.sections {
        if section.free_keys {
            continue;
        }
        if section.name.is_empty() {
            keys(document, section, catalog);
            continue;
        }
        let Some(table) = document.get_mut(section.name).and_then(Item::as_table_mut) else {
            continue;
        };
        if section.many {
            for (_, item) in table.iter_mut() {
                if let Some(named) = item.as_table_mut() {
                    keys(named, section, catalog);
                }
            }
        } else {
            keys(table, section, catalog);
        }
    }
}

fn keys(table: &mut Table, section: &'static Section, catalog: &Catalog) {
    for key in language::keys(catalog, section) {
        let Some(value) = table.get_mut(key.name).and_then(Item::as_value_mut) else {
            continue;
        };
        let text = value.as_str().and_then(|text| canonical(key.form, text));
        if let Some(text) = text {
            let decor = value.decor().clone();
            *value = Value::from(text);
            *value.decor_mut() = decor;
        }
    }
}

/// Another text that means the same; nothing if the text is canonical, or wrong.
fn canonical(form: Form, text: &str) -> Option<String> {
    let better = match form {
        Form::Gib => units::gib(text).ok().and_then(|_| spaced(text)),
        Form::Mibps => units::mibps(text).ok().and_then(|_| spaced(text)),
        Form::Days | Form::DaysOrOff => units::days(text).ok().and_then(|_| spaced(text)),
        Form::Seconds | Form::SecondsOrOff => units::seconds(text).ok().and_then(|_| spaced(text)),
        Form::Quantity => spaced(text),
        Form::DailyWindow => {
            let window = units::daily_window(text).ok()?;
            let printed = units::print_daily_window(&window);
            (units::daily_window(&printed).as_ref() == Ok(&window)).then_some(printed)
        }
        Form::WeeklyWindow => {
            let window = units::weekly_window(text).ok()?;
            let printed = units::print_weekly_window(&window);
            // A window of almost a week has no long form.
            (units::weekly_window(&printed).as_ref() == Ok(&window)).then_some(printed)
        }
        Form::Text
        | Form::Bool
        | Form::Int
        | Form::Number
        | Form::Percent
        | Form::Set
        | Form::List
        | Form::Map
        | Form::Date
        | Form::Parameter => None,
    }?;
    (better != text).then_some(better)
}

/// `100GiB` as `100 GiB`; a percent sign stays where it is.
fn spaced(text: &str) -> Option<String> {
    let measured = units::measure(text)?;
    let plain = measured
        .unit
        .chars()
        .all(|c| c.is_ascii_alphabetic() || c == '/');
    (plain && !measured.unit.is_empty()).then(|| format!("{} {}", measured.digits, measured.unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(form: Form, text: &str, expected: Option<&str>) {
        assert_eq!(canonical(form, text).as_deref(), expected, "{text}");
    }

    #[test]
    fn a_unit_stands_apart_and_a_window_is_long() {
        check(Form::Gib, "100GiB", Some("100 GiB"));
        check(Form::Gib, "100 GiB", None);
        check(Form::Gib, "100GB", None);
        check(Form::SecondsOrOff, "off", None);
        check(Form::Seconds, "30min", Some("30 min"));
        check(Form::Quantity, "100ms", Some("100 ms"));
        check(Form::Quantity, "80%", None);
        check(
            Form::WeeklyWindow,
            "sun:03:00-sun:04:00",
            Some("Sun 03:00-04:00 UTC"),
        );
        check(Form::WeeklyWindow, "sun:03:00-sun:02:00", None);
        check(Form::DailyWindow, "2:00-3:00 UTC", Some("02:00-03:00 UTC"));
        check(Form::DailyWindow, "02:00-03:00", None);
    }
}
