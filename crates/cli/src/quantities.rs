//! Values of flags that are not plain text.

/// An effect that can be allowed.
pub(crate) fn effect(word: &str) -> Result<pgward_model::Effect, String> {
    match pgward_model::Effect::from_word(word) {
        Some(pgward_model::Effect::DataLoss) => {
            Err("data-loss is never allowed from a plan (pgward explain P601)".to_owned())
        }
        Some(effect) => Ok(effect),
        None => Err("one of online, degraded, reboot, downtime, replace".to_owned()),
    }
}

/// `90`, `90s`, `50ms`, `10min`, `90m`, `5h`, `3d`.
pub(crate) fn duration(text: &str) -> Result<std::time::Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: u64 = number
        .parse()
        .map_err(|_| "a number and a unit, such as 90m".to_owned())?;
    let milliseconds: u64 = match unit.trim() {
        "ms" => 1,
        "" | "s" => 1000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("a unit of ms, s, min, h or d".to_owned()),
    };
    number
        .checked_mul(milliseconds)
        .filter(|milliseconds| *milliseconds <= 366 * 86_400_000)
        .map(std::time::Duration::from_millis)
        .ok_or_else(|| "at most a year".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_take_the_usual_units() {
        assert_eq!(duration("90m"), Ok(std::time::Duration::from_secs(5400)));
        assert_eq!(duration("50ms"), Ok(std::time::Duration::from_millis(50)));
        assert!(duration("soon").is_err());
    }

    #[test]
    fn what_loses_data_is_no_effect_to_allow() {
        assert_eq!(effect("reboot"), Ok(pgward_model::Effect::Reboot));
        assert!(effect("data-loss").is_err_and(|text| text.contains("P601")));
        assert!(effect("everything").is_err());
    }
}
