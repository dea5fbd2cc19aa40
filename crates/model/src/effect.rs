//! What a change does to the running database: the words of the plan, weakest first.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a change does, weakest first; the words are those of `[policy] allow` and `--allow`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// No interruption.
    Online,
    /// Available, slower for a while.
    Degraded,
    /// Stored now, in effect after a restart that somebody must cause.
    Reboot,
    /// Connections drop.
    Downtime,
    /// A new resource takes the place of the old.
    Replace,
    /// Data would be gone; never allowed from a plan.
    DataLoss,
}

impl Effect {
    /// All effects, weakest first.
    pub const ALL: [Self; 6] = [
        Self::Online,
        Self::Degraded,
        Self::Reboot,
        Self::Downtime,
        Self::Replace,
        Self::DataLoss,
    ];

    /// The word as `[policy] allow` and `--allow` take it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Degraded => "degraded",
            Self::Reboot => "reboot",
            Self::Downtime => "downtime",
            Self::Replace => "replace",
            Self::DataLoss => "data-loss",
        }
    }

    /// The effect of a word, if it is one.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effect| effect.word() == word)
    }

    /// Whether connections drop or the resource is gone for a while.
    #[must_use]
    pub fn interrupts(self) -> bool {
        self >= Self::Reboot
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// What else is to be known about a change, beside its effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// It can't be undone.
    OneWay,
    /// More can reach or read it afterwards.
    Exposure,
    /// AWS refuses the next change for a time.
    Cooldown,
    /// The resource holds data.
    Stateful,
}

impl Flag {
    /// The word as people read it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::OneWay => "one-way",
            Self::Exposure => "exposure",
            Self::Cooldown => "cooldown",
            Self::Stateful => "stateful",
        }
    }
}
