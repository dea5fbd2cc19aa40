//! The names under the store, and how files come there: owner-only, whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Why something could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("cannot {action} `{path}`")]
    File {
        /// `read`, `write`, `create`.
        action: &'static str,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what this version writes.
    #[error("`{path}` is not a {expected} file")]
    Format {
        /// The file.
        path: String,
        /// The format that was expected.
        expected: &'static str,
    },
}

/// The folder of one environment in the store: `ROOT/PROJECT/ENVIRONMENT`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    root: PathBuf,
    folder: PathBuf,
}

impl Place {
    /// The place of an environment; nothing is created.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>, project: &str, environment: &str) -> Self {
        let root = root.into();
        let folder = root.join(project).join(environment);
        Self { root, folder }
    }

    /// The file that says who holds the environment.
    #[must_use]
    pub fn lease(&self) -> PathBuf {
        self.folder.join("lease.json")
    }

    /// The file whose lock is the lease.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.folder.join("lease.lock")
    }

    /// The record of the last apply.
    #[must_use]
    pub fn record(&self) -> PathBuf {
        self.folder.join("record.json")
    }

    /// The journal of one run.
    #[must_use]
    pub fn journal(&self, run: &str) -> PathBuf {
        self.folder.join(format!("{run}.jsonl"))
    }

    /// The mark that a saved plan was used.
    #[must_use]
    pub fn used(&self, plan: &str, digest: &str) -> PathBuf {
        self.folder.join(format!("used-{plan}-{digest}"))
    }

    /// The simulated world, shared by the environments of the project folder.
    #[must_use]
    pub fn sandbox(root: &Path) -> PathBuf {
        root.join("sandbox.json")
    }

    /// Creates the folder, readable by its owner alone.
    ///
    /// # Errors
    ///
    /// When the file system refuses.
    pub fn create(&self) -> Result<(), StoreError> {
        create_folder(&self.root)?;
        create_folder(&self.folder)
    }
}

/// Creates a folder and its parents, readable by the owner alone; existing ones stay as they are.
pub(crate) fn create_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path).map_err(|source| StoreError::File {
        action: "create",
        path: path.display().to_string(),
        source,
    })
}

/// Options for a file that its owner alone may read and write.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options
}

/// Writes a file whole or not at all: a temporary file beside it, synced, then renamed.
///
/// # Errors
///
/// When the file system refuses; the old content is then untouched.
pub fn write_whole(path: &Path, text: &str) -> Result<(), StoreError> {
    let failed = |source| StoreError::File {
        action: "write",
        path: path.display().to_string(),
        source,
    };
    let folder = path.parent().unwrap_or(Path::new("."));
    create_folder(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.as_file().sync_all().map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    // The rename itself is durable once the folder is synced; not every file system can.
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
    Ok(())
}
