//! From a name on the command line to what should exist: files, inputs, findings.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use pgward_aws::ssm_parameters;
use pgward_kinds::CATALOG;
use pgward_model::{Desired, Diagnostic, Diagnostics};
use pgward_review::text::Sources;
use pgward_spec::{Loaded, Options, Reader};
use pgward_store::Store;

use crate::args::SpecArg;
use crate::assemble::Ground;
use crate::failure::Failure;
use crate::files::{self, Disk};

use super::Context;

/// An environment, read and resolved, with the findings that let it through.
pub(crate) struct Environment {
    /// What should exist.
    pub(crate) desired: Desired,
    /// The texts that were read.
    pub(crate) sources: Sources,
    /// P4xx findings and notes.
    pub(crate) findings: Vec<Diagnostic>,
    /// The folder of its store; that of the simulated world too, whatever the store is.
    pub(crate) store: PathBuf,
    /// The store, once it is opened.
    pub(crate) opened: OnceLock<Arc<dyn Store>>,
}

/// Reads one environment and refuses it with every error of its files.
pub(crate) fn environment(context: &Context, spec: &SpecArg) -> Result<Environment, Failure> {
    let file = files::spec_file(spec.given(), context.global.dir.as_deref())?;
    read(context, &file)
}

/// Reads every environment of the spec directory.
pub(crate) fn environments(context: &Context) -> Result<Vec<Environment>, Failure> {
    files::all_files(context.global.dir.as_deref())?
        .iter()
        .map(|file| read(context, file))
        .collect()
}

/// The day of a moment, as files write it: that of the real clock for the findings of a file, that
/// of AWS or of the simulated world for what is compared.
pub(crate) fn today(now: Timestamp) -> String {
    now.strftime("%Y-%m-%d").to_string()
}

/// Reads one file.
pub(crate) fn read(context: &Context, file: &str) -> Result<Environment, Failure> {
    through(context, file, &Disk)
}

/// Reads one file through a reader.
pub(crate) fn through(
    context: &Context,
    file: &str,
    reader: &dyn Reader,
) -> Result<Environment, Failure> {
    read_for(context, file, reader, context.sandbox)
}

/// Reads one file for a simulated world, whatever the command runs on: nothing is asked of AWS.
pub(crate) fn read_for_sandbox(context: &Context, file: &str) -> Result<Environment, Failure> {
    read_for(context, file, &Disk, true)
}

fn read_for(
    context: &Context,
    file: &str,
    reader: &dyn Reader,
    sandbox: bool,
) -> Result<Environment, Failure> {
    let mut options = Options::on(today(Timestamp::now()));
    let loaded = pgward_spec::load(file, reader, &options);
    let sources = Sources::new(loaded.sources.0.clone());
    if !loaded.spec.ssm_paths().is_empty() && !loaded.diagnostics.has_errors() {
        if sandbox {
            return Err(without_ssm());
        }
        fetch(context, &loaded, &mut options)?;
    }
    let (desired, found) = pgward_spec::resolve(&loaded.spec, &CATALOG, &options);
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(found);
    let diagnostics = diagnostics.sorted();
    let Some(desired) = desired.filter(|_| !stops(&diagnostics)) else {
        return Err(Failure::findings(diagnostics, sources));
    };
    let store = folder(file, &desired);
    Ok(Environment {
        desired,
        sources,
        findings: diagnostics.into_iter().collect(),
        store,
        opened: OnceLock::new(),
    })
}

/// P1xx to P3xx errors stop a command before it reads AWS.
pub(crate) fn stops(diagnostics: &Diagnostics) -> bool {
    diagnostics
        .iter()
        .any(|one| one.is_error() && !one.code.starts_with("P4"))
}

/// The folder of what is kept on this machine: the store, or the usual place beside one in S3.
pub(crate) fn folder(file: &str, desired: &Desired) -> PathBuf {
    let store = if desired.store.starts_with("s3://") {
        "state"
    } else {
        &desired.store
    };
    files::store_folder(file, store)
}

fn without_ssm() -> Failure {
    Failure::refused(
        "the sandbox has no Systems Manager, so { ssm = … } has no value there".to_owned(),
    )
    .next("use { env = … } or a literal to try this spec in the sandbox")
}

/// Looks up `{ ssm = "/path" }` values; needs credentials.
fn fetch(context: &Context, loaded: &Loaded, options: &mut Options) -> Result<(), Failure> {
    // Region and account stand in the files themselves, so a first look finds them.
    let (Some(desired), _) = pgward_spec::resolve(&loaded.spec, &CATALOG, options) else {
        return Ok(());
    };
    let of = &desired.environment;
    let session = Ground::Aws.session(&context.global, &of.account, &of.region);
    let paths = loaded.spec.ssm_paths().into_iter().collect();
    let values = context.block_on(ssm_parameters(&session, &paths))?;
    options.ssm = values.map_err(|fault| {
        Failure::failed(format!("SSM parameters could not be read: {fault}"))
            .next("check the credentials, or write the values into the file")
    })?;
    Ok(())
}
