//! The exit codes of all commands; no other file names a number.

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; for `plan` also when there are changes.
    Done,
    /// AWS, network or internal error; perhaps changed in part.
    Failed,
    /// Differences that the command was asked to tell.
    Different,
    /// Refused; nothing was changed.
    Refused,
    /// Somebody else is at work; nothing was changed, the command can be repeated.
    Busy,
    /// Wrong usage of the command line; nothing was changed.
    Usage,
    /// Interrupted; perhaps changed in part.
    Interrupted,
}

impl Exit {
    /// Every way, in the order of the codes.
    pub(crate) const ALL: [Self; 7] = [
        Self::Done,
        Self::Failed,
        Self::Different,
        Self::Refused,
        Self::Busy,
        Self::Usage,
        Self::Interrupted,
    ];

    /// What it means, as help says it.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done; for plan also when there are changes",
            Self::Failed => {
                "failed: AWS, network or internal error; apply and destroy say what was changed"
            }
            Self::Different => "differences: drift, plan --exit-code, fmt --check",
            Self::Refused => {
                "refused: invalid spec, blocked change, missing --allow or confirmation; nothing \
                 was changed"
            }
            Self::Busy => "busy: another run holds the lock, or AWS is throttling; repeat",
            Self::Usage => "wrong usage of the command line",
            Self::Interrupted => "interrupted",
        }
    }

    /// The number.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Different => 2,
            Self::Refused => 3,
            Self::Busy => 4,
            Self::Usage => 64,
            Self::Interrupted => 130,
        }
    }
}
