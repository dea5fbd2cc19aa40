//! Histories that showed a defect once, so that it does not come back.
