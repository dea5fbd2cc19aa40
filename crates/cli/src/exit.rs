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
