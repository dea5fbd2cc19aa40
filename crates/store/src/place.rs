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
    /// The store of a team could not be asked, or refused.
    #[error("cannot {action} `{key}`: {why}")]
    Object {
        /// `read`, `write`.
        action: &'static str,
        /// The object.
        key: String,
        /// Why, in words.
        why: String,
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

impl StoreError {
    /// The error with its cause.
    pub(crate) fn with_cause(&self) -> String {
        match self {
            Self::File { source, .. } => format!("{self}: {source}"),
            Self::Object { .. } | Self::Format { .. } => self.to_string(),
        }
    }
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

    /// The file of the run that takes over a lease, where there are no locks.
    pub(crate) fn takeover(&self) -> PathBuf {
        self.folder.join("lease.takeover")
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
    pub fn used(&self, mark: &str) -> PathBuf {
        self.folder.join(mark)
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
    let folder = folder_of(path);
    create_folder(folder)?;
    let file = temporary(folder, text, true).map_err(|source| unwritten(path, source))?;
    file.persist(path)
        .map_err(|error| unwritten(path, error.error))?;
    sync(folder);
    Ok(())
}

/// Writes over a file of the user, whole or not at all; it keeps its permissions, and a link stays
/// one.
///
/// # Errors
///
/// When there is no such file or the file system refuses; the old content is then untouched.
pub fn write_over(path: &Path, text: &str) -> Result<(), StoreError> {
    let real = path
        .canonicalize()
        .map_err(|source| unwritten(path, source))?;
    let failed = |source| unwritten(path, source);
    let permissions = fs::metadata(&real).map_err(failed)?.permissions();
    let folder = folder_of(&real);
    let file = temporary(folder, text, true).map_err(failed)?;
    fs::set_permissions(file.path(), permissions).map_err(failed)?;
    file.persist(&real).map_err(|error| failed(error.error))?;
    sync(folder);
    Ok(())
}

/// Replaces a file whole, without waiting for the disk: for what is written again soon.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), StoreError> {
    let file = temporary(folder_of(path), text, false).map_err(|source| unwritten(path, source))?;
    file.persist(path)
        .map_err(|error| unwritten(path, error.error))?;
    Ok(())
}

/// Writes a file whole, unless there is one; says whether it did.
pub(crate) fn create_whole(path: &Path, text: &str) -> Result<bool, StoreError> {
    let folder = folder_of(path);
    let file = temporary(folder, text, true).map_err(|source| unwritten(path, source))?;
    match file.persist_noclobber(path) {
        Ok(_) => {
            sync(folder);
            Ok(true)
        }
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(unwritten(path, error.error)),
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("."))
}

fn unwritten(path: &Path, source: io::Error) -> StoreError {
    StoreError::File {
        action: "write",
        path: path.display().to_string(),
        source,
    }
}

fn temporary(folder: &Path, text: &str, synced: bool) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    if synced {
        file.as_file().sync_all()?;
    }
    Ok(file)
}

/// A rename is durable once the folder is synced; not every file system can.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        drop(folder.sync_all());
    }
}
