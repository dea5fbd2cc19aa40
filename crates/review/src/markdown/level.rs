//! How much of a text is left: the steps in which it shrinks until it fits.

/// What happens to the details of changes of a strength.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// All of them.
    Full,
    /// One line each.
    Line,
    /// None.
    Gone,
}

/// How the blocked changes are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// With why and what to do instead.
    Full,
    /// Path and code.
    Short,
    /// How many per code.
    Counted,
}

/// One step: what is left of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Level {
    /// Details of creations that are online or degraded.
    pub(crate) creates: Depth,
    /// Details of all other changes that are online or degraded.
    pub(crate) gentle: Depth,
    /// Details of changes that interrupt.
    pub(crate) strong: Depth,
    /// How many online changes of one kind have rows of their own; more of them are counted.
    pub(crate) online_rows: usize,
    /// Characters of a value in the table.
    pub(crate) value: usize,
    /// Rows of the table.
    pub(crate) rows: usize,
    /// Items of every other list: findings, notes, what waits.
    pub(crate) items: usize,
    /// The list of what is blocked.
    pub(crate) blocked: Blocked,
}

const WHOLE: Level = Level {
    creates: Depth::Full,
    gentle: Depth::Full,
    strong: Depth::Full,
    online_rows: usize::MAX,
    value: 80,
    rows: usize::MAX,
    items: usize::MAX,
    blocked: Blocked::Full,
};

const FOURTH: Level = Level {
    creates: Depth::Gone,
    gentle: Depth::Gone,
    strong: Depth::Line,
    online_rows: 0,
    value: 40,
    ..WHOLE
};

const FIFTH: Level = Level {
    strong: Depth::Gone,
    rows: 100,
    items: 30,
    ..FOURTH
};

/// The steps: the first five are those people know; after them the table and the lists shrink
/// further, the list of what is blocked last.
pub(crate) const LEVELS: [Level; 14] = [
    WHOLE,
    Level {
        creates: Depth::Line,
        ..WHOLE
    },
    Level {
        creates: Depth::Gone,
        gentle: Depth::Gone,
        ..WHOLE
    },
    // First those kinds of which there are many, such as hundreds of alarms.
    Level {
        creates: Depth::Line,
        gentle: Depth::Gone,
        online_rows: 20,
        ..WHOLE
    },
    Level {
        creates: Depth::Gone,
        gentle: Depth::Gone,
        online_rows: 20,
        ..WHOLE
    },
    Level {
        creates: Depth::Gone,
        gentle: Depth::Gone,
        online_rows: 0,
        ..WHOLE
    },
    FOURTH,
    FIFTH,
    Level {
        rows: 50,
        items: 10,
        ..FIFTH
    },
    Level {
        rows: 20,
        items: 5,
        ..FIFTH
    },
    Level {
        rows: 5,
        items: 2,
        ..FIFTH
    },
    Level {
        rows: 0,
        items: 0,
        ..FIFTH
    },
    Level {
        rows: 0,
        items: 0,
        blocked: Blocked::Short,
        ..FIFTH
    },
    Level {
        rows: 0,
        items: 0,
        blocked: Blocked::Counted,
        ..FIFTH
    },
];

/// The first rendering that fits; the last level always does.
pub(crate) fn fit(budget: usize, render: impl Fn(&Level) -> String) -> String {
    let mut text = String::new();
    for level in &LEVELS {
        text = render(level);
        if text.len() <= budget {
            break;
        }
    }
    text
}
