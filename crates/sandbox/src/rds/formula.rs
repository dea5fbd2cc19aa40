//! Formulas in parameter values, such as `GREATEST({DBInstanceClassMemory/32768},65536)`.

/// What the variables of a formula stand for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variables {
    /// `DBInstanceClassMemory`, bytes.
    pub memory: i64,
    /// `DBInstanceVCPU`.
    pub vcpu: i64,
    /// `AllocatedStorage`, bytes.
    pub storage: i64,
    /// `EndPointPort`.
    pub port: i64,
}

impl Variables {
    fn get(&self, name: &str) -> Option<i128> {
        Some(i128::from(match name {
            "DBInstanceClassMemory" => self.memory,
            "DBInstanceVCPU" => self.vcpu,
            "AllocatedStorage" => self.storage,
            "EndPointPort" => self.port,
            _ => return None,
        }))
    }
}

/// Whether a value is meant as a formula.
pub(crate) fn is_formula(text: &str) -> bool {
    let upper = text.trim().to_ascii_uppercase();
    text.contains('{')
        || ["GREATEST(", "LEAST(", "SUM("]
            .iter()
            .any(|word| upper.starts_with(word))
}

/// The number a formula gives; `None` if it is malformed.
pub(crate) fn evaluate(text: &str, variables: &Variables) -> Option<i64> {
    let mut reader = Reader {
        rest: text,
        variables,
    };
    let value = reader.term()?;
    reader.skip_spaces();
    if !reader.rest.is_empty() {
        return None;
    }
    i64::try_from(value).ok()
}

struct Reader<'a> {
    rest: &'a str,
    variables: &'a Variables,
}

impl<'a> Reader<'a> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn eat(&mut self, token: char) -> Option<()> {
        self.skip_spaces();
        self.rest = self.rest.strip_prefix(token)?;
        Some(())
    }

    fn word(&mut self) -> &'a str {
        self.skip_spaces();
        let end = self
            .rest
            .find(|letter: char| !letter.is_ascii_alphanumeric())
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// A number, a function of terms, or an expression in braces.
    fn term(&mut self) -> Option<i128> {
        self.skip_spaces();
        self.rest = self.rest.strip_prefix('$').unwrap_or(self.rest);
        if self.rest.starts_with('{') {
            self.eat('{')?;
            let value = self.product()?;
            self.eat('}')?;
            return Some(value);
        }
        if self
            .rest
            .starts_with(|letter: char| letter == '-' || letter.is_ascii_digit())
        {
            return self.number();
        }
        let function = self.word().to_ascii_uppercase();
        self.eat('(')?;
        let mut values = vec![self.term()?];
        while self.eat(',').is_some() {
            values.push(self.term()?);
        }
        self.eat(')')?;
        match function.as_str() {
            "GREATEST" => values.into_iter().max(),
            "LEAST" => values.into_iter().min(),
            "SUM" => Some(values.into_iter().sum()),
            _ => None,
        }
    }

    fn number(&mut self) -> Option<i128> {
        self.skip_spaces();
        let negative = self.rest.starts_with('-');
        self.rest = self.rest.strip_prefix('-').unwrap_or(self.rest);
        let value: i128 = self.word().parse().ok()?;
        Some(if negative { -value } else { value })
    }

    /// Factors with `*` and `/`, which truncates.
    fn product(&mut self) -> Option<i128> {
        let mut value = self.factor()?;
        loop {
            if self.eat('*').is_some() {
                value = value.checked_mul(self.factor()?)?;
            } else if self.eat('/').is_some() {
                value = value.checked_div(self.factor()?)?;
            } else {
                return Some(value);
            }
        }
    }

    fn factor(&mut self) -> Option<i128> {
        self.skip_spaces();
        if self
            .rest
            .starts_with(|letter: char| letter == '-' || letter.is_ascii_digit())
        {
            return self.number();
        }
        let word = self.word();
        if word == "log" {
            self.eat('(')?;
            let value = self.product()?;
            self.eat(')')?;
            // Base 2, of what is at least one.
            return Some(i128::from(value.max(1).ilog2()));
        }
        self.variables.get(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_count_as_aws_does() {
        let variables = Variables {
            memory: 16_000_000_000,
            vcpu: 4,
            storage: 100 << 30,
            port: 5432,
        };
        for (text, expected) in [
            ("{DBInstanceClassMemory/32768}", Some(488_281)),
            ("{DBInstanceClassMemory*3/32768}", Some(1_464_843)),
            ("LEAST({DBInstanceClassMemory/9531392},5000)", Some(1_678)),
            ("greatest({DBInstanceVCPU*2}, 8)", Some(8)),
            ("${DBInstanceVCPU/2}", Some(2)),
            ("SUM({DBInstanceClassMemory/12038},-50003)", Some(1_279_121)),
            (
                "GREATEST({log(DBInstanceClassMemory/21474836480)*600},200)",
                Some(200),
            ),
            ("{DBInstanceClassMemory/0}", None),
            ("{dbinstanceclassmemory/2}", None),
            ("{DBInstanceClassMemory", None),
            ("{DBInstanceClassMemory*0.25}", None),
        ] {
            assert_eq!(evaluate(text, &variables), expected, "{text}");
        }
    }
}
