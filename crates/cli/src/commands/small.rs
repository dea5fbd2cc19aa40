//! `schema`, `completions`, `man`, `version`.

use std::path::Path;

use pgward_kinds::CATALOG;

use crate::args::{self, SchemaOf};
use crate::exit::Exit;
use crate::failure::Failure;

use super::{Answer, Context};

/// The JSON Schema of the TOML language, or of an output.
pub(crate) fn schema(context: &Context, what: SchemaOf) -> Answer {
    let name = match what {
        SchemaOf::Spec => {
            context.result(&pgward_review::json(&pgward_spec::schema(&CATALOG)))?;
            return Ok(Exit::Done);
        }
        SchemaOf::Plan => "plan",
        SchemaOf::Drift => "drift",
        SchemaOf::Check => "check",
        SchemaOf::Events => "events",
        SchemaOf::Import => "import",
        SchemaOf::Preflight => "preflight",
        SchemaOf::Failure => "failure",
    };
    let schema = pgward_review::schemas::schema(name).expect("every output has a schema");
    context.result(schema)?;
    Ok(Exit::Done)
}

/// Completions for a shell.
pub(crate) fn completions(context: &Context, shell: clap_complete::Shell) -> Answer {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut args::command(), "pgward", &mut text);
    context.result(&String::from_utf8_lossy(&text))?;
    Ok(Exit::Done)
}

/// The manual: pages made by the program itself, so that they never differ from what it does.
pub(crate) fn man(context: &Context, folder: Option<&Path>) -> Answer {
    let failed = |error: std::io::Error| Failure::failed(format!("cannot write a page: {error}"));
    let Some(folder) = folder else {
        let mut text = Vec::new();
        clap_mangen::Man::new(args::command())
            .render(&mut text)
            .map_err(failed)?;
        context.result(&String::from_utf8_lossy(&text))?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    clap_mangen::generate_to(args::command(), folder).map_err(failed)?;
    context.result(&format!("wrote the pages into {}", folder.display()))?;
    Ok(Exit::Done)
}

/// Version, build and data versions.
pub(crate) fn version(context: &Context) -> Answer {
    let facts = CATALOG.facts;
    if context.json() {
        context.result(&pgward_review::json(&serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "catalog": facts.version(),
            "prices": facts.prices_as_of(),
        })))?;
    } else {
        context.result(&format!(
            "pgward {}\ncatalog  {}\nprices   {}",
            env!("CARGO_PKG_VERSION"),
            facts.version(),
            facts.prices_as_of()
        ))?;
    }
    Ok(Exit::Done)
}
