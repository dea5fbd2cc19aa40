//! The repository is tidy: `cargo xtask tidy` as a test.

#[test]
fn the_repository_is_tidy() {
    let complaints = xtask::tidy::tidy(&xtask::root());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
