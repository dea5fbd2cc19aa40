//! `explain`: a code, a key or a section; or the smallest IAM policy for a spec.

use jiff::Timestamp;
use pgward_kinds::CATALOG;
use pgward_kinds::permissions::{self, LIMIT, MANAGED, Purpose};
use pgward_model::Desired;
use pgward_review::{explain, text};
use pgward_spec::Options;

use crate::args::ExplainArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::files::{self, Disk};

use super::{Answer, Context, read};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &ExplainArgs) -> Answer {
    let what = match arguments.what.as_slice() {
        [] => "sections".to_owned(),
        [first, rest @ ..] if first == "permissions" => return policy(context, rest),
        words => words.join(" "),
    };
    let page = explain::page(&CATALOG, &what).or_else(|| {
        let (head, rest) = what.split_once('.').unwrap_or((what.as_str(), ""));
        let section = pgward_spec::section_elsewhere(&CATALOG, head)?;
        let name = format!("{section}.{rest}");
        explain::page(&CATALOG, name.trim_end_matches('.'))
    });
    if let Some(page) = page {
        context.result(&page)?;
        return Ok(Exit::Done);
    }
    let names = explain::names(&CATALOG);
    let near = pgward_spec::near(&what, names.iter().map(String::as_str));
    let next = match near {
        Some(near) => format!("did you mean: pgward explain {near}"),
        None => "pgward explain sections            lists the sections of the language\n\
                 pgward explain P3                  lists the codes that begin so\n\
                 pgward explain permissions prod    prints the smallest IAM policy for a spec"
            .to_owned(),
    };
    let message = format!("there is nothing to explain by the name of `{what}`");
    Err(Failure::refused(message).next(next))
}

/// Prints the policy and nothing else; reads files alone.
fn policy(context: &Context, words: &[String]) -> Answer {
    let purpose = words.first().and_then(|word| Purpose::from_word(word));
    let words = if purpose.is_some() {
        &words[1..]
    } else {
        words
    };
    let ([] | [_]) = words else {
        return Err(
            Failure::usage(format!("`{}` is one argument too many", words[1]))
                .next("pgward explain permissions [plan|apply|destroy] SPEC"),
        );
    };
    let file = files::spec_file(
        words.first().map(String::as_str),
        context.global.dir.as_deref(),
    )?;
    let (desired, ssm) = resolve(&file)?;
    let purpose = purpose.unwrap_or(Purpose::Apply);
    let policy = permissions::policy(&desired, &ssm, purpose);
    if policy.is_widened() {
        crate::ui::complain(&format!(
            "note: IAM takes {LIMIT} characters, so parts of this policy are wider than the spec needs"
        ));
    }
    if policy.size() > MANAGED {
        crate::ui::complain(&format!(
            "note: {} characters are too many for one managed policy ({MANAGED}); make it an inline \
             policy of the role ({LIMIT}): aws iam put-role-policy",
            policy.size()
        ));
    }
    context.result(&pgward_review::json(&policy))?;
    Ok(Exit::Done)
}

/// What a file asks for, with the paths of its SSM parameters; without any call. Errors of the
/// files refuse it, as a policy of half a spec would be too small.
pub(crate) fn resolve(file: &str) -> Result<(Desired, Vec<String>), Failure> {
    let options = Options {
        offline: true,
        ..Options::on(read::today(Timestamp::now()))
    };
    let loaded = pgward_spec::load(file, &Disk, &options);
    let sources = text::Sources::new(loaded.sources.0.clone());
    let (desired, found) = pgward_spec::resolve(&loaded.spec, &CATALOG, &options);
    let mut diagnostics = loaded.diagnostics;
    diagnostics.extend(found);
    let stops = read::stops(&diagnostics);
    let Some(desired) = desired.filter(|_| !stops) else {
        return Err(Failure::findings(diagnostics.sorted(), sources));
    };
    let account = &desired.environment.account;
    if !account.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(
            Failure::refused(format!("the account is not known here: {account}"))
                .next("set the variable that `account` takes its value from"),
        );
    }
    Ok((desired, loaded.spec.ssm_paths()))
}
