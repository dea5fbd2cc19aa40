//! RDS's formulas: their syntax, their value on an instance, and percentages of memory.
//!
//! Formulas are integers with `*` and `/` in braces, and the functions `GREATEST`, `LEAST` and
//! `SUM`. The text is stored as written and worked out when PostgreSQL starts.

/// What the variables of a formula stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine {
    /// `DBInstanceClassMemory`, in bytes.
    pub(crate) memory: i128,
    /// `DBInstanceVCPU`.
    pub(crate) vcpu: i128,
    /// `AllocatedStorage`, in bytes.
    pub(crate) storage: i128,
}

/// Whether a text is meant as a formula.
pub(crate) fn is_formula(text: &str) -> bool {
    let upper = text.trim_start().to_ascii_uppercase();
    ["{", "${", "GREATEST(", "LEAST(", "SUM("]
        .iter()
        .any(|start| upper.starts_with(start))
}

/// The formula without spaces, if its syntax is right.
///
/// # Errors
///
/// Says what RDS would not understand, as a fragment without a period.
pub(crate) fn check(text: &str) -> Result<String, String> {
    let compact = compact(text);
    evaluate(
        &compact,
        &Machine {
            memory: 1 << 34,
            vcpu: 4,
            storage: 1 << 40,
        },
    )?;
    Ok(compact)
}

/// A formula without spaces.
pub(crate) fn compact(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The value of a formula on a machine; a comparison gives 0 or 1.
///
/// # Errors
///
/// As [`check`].
pub(crate) fn evaluate(text: &str, machine: &Machine) -> Result<i128, String> {
    let compact = compact(text);
    let mut reader = Reader {
        rest: &compact,
        machine,
    };
    let value = reader.term()?;
    let value = reader.comparison(value)?;
    match reader.rest {
        "" => Ok(value),
        rest => Err(format!("nothing may follow the formula, and `{rest}` does")),
    }
}

/// Parts and whole of a formula such as `{DBInstanceClassMemory*3/32768}`: 3 and 32768.
pub(crate) fn share_of_memory(text: &str) -> Option<(i128, i128)> {
    let compact = compact(text);
    let inner = compact.strip_prefix('{')?.strip_suffix('}')?;
    let rest = inner.strip_prefix("DBInstanceClassMemory")?;
    let (parts, whole) = match rest.strip_prefix('*') {
        Some(rest) => rest.split_once('/').unwrap_or((rest, "1")),
        None => (
            "1",
            rest.strip_prefix('/')
                .or_else(|| rest.is_empty().then_some("1"))?,
        ),
    };
    let (parts, whole) = (parts.parse().ok()?, whole.parse().ok()?);
    (whole > 0).then_some((parts, whole))
}

/// The formula of a percentage of memory, in lowest terms, as AWS writes its own defaults:
/// 25% in pages of 8 kB is `{DBInstanceClassMemory/32768}`.
///
/// The percentage is `parts` / `whole`; `unit` is the size in bytes of what is counted.
pub(crate) fn percentage(parts: i128, whole: i128, unit: i128) -> String {
    let below = whole * 100 * unit;
    let divisor = greatest_common_divisor(parts, below);
    match (parts / divisor, below / divisor) {
        (1, below) => format!("{{DBInstanceClassMemory/{below}}}"),
        (parts, below) => format!("{{DBInstanceClassMemory*{parts}/{below}}}"),
    }
}

fn greatest_common_divisor(a: i128, b: i128) -> i128 {
    if b == 0 {
        a
    } else {
        greatest_common_divisor(b, a % b)
    }
}

/// Reads a formula from left to right and works it out on the way.
struct Reader<'a> {
    rest: &'a str,
    machine: &'a Machine,
}

impl Reader<'_> {
    /// A function, a product in braces, or a number.
    fn term(&mut self) -> Result<i128, String> {
        let upper = self.rest.to_ascii_uppercase();
        for name in ["GREATEST", "LEAST", "SUM"] {
            if upper.starts_with(name) {
                self.rest = &self.rest[name.len()..];
                return self.function(name);
            }
        }
        self.take("$");
        if self.take("{") {
            let value = self.product()?;
            return if self.take("}") {
                Ok(value)
            } else {
                Err(self.unexpected("`}`"))
            };
        }
        self.number()
    }

    fn function(&mut self, name: &str) -> Result<i128, String> {
        if !self.take("(") {
            return Err(format!("`(` must follow {name}"));
        }
        let mut values = vec![self.term()?];
        while self.take(",") {
            values.push(self.term()?);
        }
        if !self.take(")") {
            return Err(self.unexpected("`,` or `)`"));
        }
        let found = match name {
            "GREATEST" => values.iter().max().copied(),
            "LEAST" => values.iter().min().copied(),
            _ => Some(values.iter().sum()),
        };
        Ok(found.unwrap_or_default())
    }

    /// Factors between braces.
    fn product(&mut self) -> Result<i128, String> {
        let mut value = self.factor()?;
        loop {
            if self.take("*") {
                value = value.saturating_mul(self.factor()?);
            } else if self.take("/") {
                value = match self.factor()? {
                    0 => return Err("it divides by 0".to_owned()),
                    below => value / below,
                };
            } else {
                return Ok(value);
            }
        }
    }

    fn factor(&mut self) -> Result<i128, String> {
        if self.take("log(") {
            let value = self.product()?;
            if !self.take(")") {
                return Err(self.unexpected("`)`"));
            }
            return Ok(i128::from(value.max(1).ilog2()));
        }
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric())
            .unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        if word.chars().next().is_some_and(|c| c.is_ascii_alphabetic()) {
            let value = self.variable(word)?;
            self.rest = &self.rest[end..];
            return Ok(value);
        }
        self.number()
    }

    fn variable(&self, name: &str) -> Result<i128, String> {
        let variables = [
            ("DBInstanceClassMemory", self.machine.memory),
            ("DBInstanceVCPU", self.machine.vcpu),
            ("AllocatedStorage", self.machine.storage),
            ("EndPointPort", 5432),
        ];
        if let Some((_, value)) = variables.iter().find(|(known, _)| *known == name) {
            return Ok(*value);
        }
        let near = variables
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name));
        Err(match near {
            Some((known, _)) => format!("the variable is spelled `{known}`, not `{name}`"),
            None => format!(
                "`{name}` is none of DBInstanceClassMemory, DBInstanceVCPU, AllocatedStorage and \
                 EndPointPort"
            ),
        })
    }

    fn number(&mut self) -> Result<i128, String> {
        let signed = self.rest.strip_prefix('-').unwrap_or(self.rest);
        let digits = signed
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(signed.len());
        let end = self.rest.len() - signed.len() + digits;
        let value = self.rest[..end]
            .parse()
            .map_err(|_| self.unexpected("a whole number"))?;
        if self.rest[end..].starts_with('.') {
            return Err("its numbers are whole".to_owned());
        }
        self.rest = &self.rest[end..];
        Ok(value)
    }

    fn comparison(&mut self, left: i128) -> Result<i128, String> {
        for sign in ["<=", ">=", "!=", "<", ">", "="] {
            if self.take(sign) {
                let right = self.term()?;
                let holds = match sign {
                    "<=" => left <= right,
                    ">=" => left >= right,
                    "!=" => left != right,
                    "<" => left < right,
                    ">" => left > right,
                    _ => left == right,
                };
                return Ok(i128::from(holds));
            }
        }
        Ok(left)
    }

    fn take(&mut self, text: &str) -> bool {
        match self.rest.strip_prefix(text) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn unexpected(&self, wanted: &str) -> String {
        match self.rest.chars().next() {
            Some('%') => "a percentage is written without a formula: \"25% of memory\"".to_owned(),
            Some('+' | '-') => {
                "there is no `+` or `-`; write SUM(a,b) with a negative number".to_owned()
            }
            Some(c) => format!("`{c}` stands where {wanted} should be"),
            None => format!("it ends where {wanted} should be"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Machine = Machine {
        memory: 1 << 34,
        vcpu: 4,
        storage: 1 << 40,
    };

    #[test]
    fn formulas_are_worked_out_in_whole_numbers() {
        let rows = [
            ("{DBInstanceClassMemory/32768}", 524_288),
            ("{DBInstanceClassMemory*3/32768}", 1_572_864),
            ("LEAST({DBInstanceClassMemory/9531392},5000)", 1802),
            ("greatest( {DBInstanceVCPU*2} , 8 )", 8),
            (
                "GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)",
                200,
            ),
            ("SUM({DBInstanceClassMemory/12038},-50003)", 1_377_133),
            ("${DBInstanceVCPU/2}", 2),
            ("{DBInstanceVCPU} > 2", 1),
        ];
        for (text, value) in rows {
            assert_eq!(evaluate(text, &SMALL), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_rds_would_not_understand_is_named() {
        let rows = [
            (
                "{DBInstanceClassMemory*25%}",
                "a percentage is written without a formula",
            ),
            (
                "{DBInstanceclassMemory/4}",
                "the variable is spelled `DBInstanceClassMemory`",
            ),
            ("{Memory/4}", "`Memory` is none of"),
            ("{DBInstanceClassMemory*0.25}", "its numbers are whole"),
            ("{DBInstanceClassMemory-1}", "there is no `+` or `-`"),
            ("{DBInstanceClassMemory/0}", "it divides by 0"),
            (
                "LEAST({DBInstanceClassMemory/2},5000",
                "it ends where `,` or `)` should be",
            ),
            (
                "{DBInstanceClassMemory/2}kB",
                "nothing may follow the formula",
            ),
            ("{DBInstanceClassMemory/2", "it ends where `}` should be"),
        ];
        for (text, problem) in rows {
            let found = check(text).expect_err(text);
            assert!(found.starts_with(problem), "{text}: {found}");
        }
    }

    #[test]
    fn percentages_are_formulas_in_lowest_terms() {
        assert_eq!(percentage(25, 1, 8192), "{DBInstanceClassMemory/32768}");
        assert_eq!(percentage(50, 1, 8192), "{DBInstanceClassMemory/16384}");
        assert_eq!(percentage(75, 1, 8192), "{DBInstanceClassMemory*3/32768}");
        assert_eq!(percentage(5, 1, 1024), "{DBInstanceClassMemory/20480}");
        assert_eq!(percentage(125, 10, 8192), "{DBInstanceClassMemory/65536}");
        assert_eq!(
            share_of_memory("{DBInstanceClassMemory*3/32768}"),
            Some((3, 32_768))
        );
        assert_eq!(share_of_memory("LEAST({DBInstanceClassMemory/2},5)"), None);
    }
}
