//! `preflight`: what AWS says before any work; reads only.

use std::collections::{BTreeMap, BTreeSet};

use pgward_aws::{Quota, quotas, refused, rules_per_group};
use pgward_engine::{Caller, Fault, FaultKind, Remote as _, Verb};
use pgward_kinds::permissions::{self, Purpose};
use pgward_model::Diagnostic;
use pgward_review::{CheckState, EnvironmentPart, PreflightDocument, wording};

use crate::args::PreflightArgs;
use crate::exit::Exit;

use super::plan::{self, Made, Wish};
use super::read::{self, Environment};
use super::{Answer, Context, explain};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &PreflightArgs) -> Answer {
    let environment = read::environment(context, &arguments.spec)?;
    let of = &environment.desired.environment;
    let ground = context.ground(&environment.store)?;
    let sandbox = ground.is_sandbox();
    let endpoint = context.global.endpoint_url.clone().filter(|_| !sandbox);
    let asked = EnvironmentPart::new(of, sandbox, endpoint);
    let mut document = PreflightDocument::new(asked, env!("CARGO_PKG_VERSION"));
    let aws = ground.aws(&context.global, &of.account, &of.region);
    match context.block_on(aws.caller())? {
        Ok(caller) => {
            let passed = CheckState::Passed;
            document.add("credentials", passed, &caller.arn);
            if plan::wrong_account(context, &caller, &environment.desired).is_some() {
                let text = format!(
                    "these credentials belong to account {}, the environment lives in {}\n\
                     nothing more was read; pass --profile or --role-arn of that account",
                    caller.account, of.account
                );
                document.add("account, region", CheckState::Failed, text);
            } else {
                let text = format!("{}, {}", of.account, of.region);
                document.add("account, region", passed, text);
                rest(context, &environment, &caller, &mut document)?;
            }
        }
        Err(fault) => {
            document.add("credentials", CheckState::NotChecked, fault.to_string());
            let text = "not known, so nothing more was read";
            document.add("account, region", CheckState::NotChecked, text);
        }
    }
    if context.json() {
        context.result(&pgward_review::json(&document))?;
    } else {
        context.result(&pgward_review::preflight(&document, context.ui.out))?;
    }
    let (exit, words) = if document.has(CheckState::NotChecked) {
        (Exit::Failed, "not everything could be checked")
    } else if document.has(CheckState::Failed) {
        (Exit::Refused, "an apply would be refused")
    } else {
        return Ok(Exit::Done);
    };
    if !context.json() {
        crate::ui::complain(&format!("exit {}: {words}", exit.code()));
    }
    Ok(exit)
}

fn rest(
    context: &Context,
    environment: &Environment,
    caller: &Caller,
    document: &mut PreflightDocument,
) -> Result<(), crate::failure::Failure> {
    let file = &environment.desired.files[0].path;
    let (_, ssm) = explain::resolve(file)?;
    let policy = permissions::policy(&environment.desired, &ssm, Purpose::Apply);
    let group = std::slice::from_ref(environment);
    let made = context.block_on(plan::make(context, group, &Wish::default()))??;
    let made = made.first().expect("one environment gives one plan");
    let (may, used, rules) = context.block_on(async {
        tokio::join!(
            refused(&made.aws, caller, policy.statements()),
            quotas(&made.aws),
            rules_per_group(&made.aws)
        )
    })?;
    let actions: BTreeSet<&str> = policy
        .statements()
        .iter()
        .flat_map(|one| one.action.iter().copied())
        .collect();
    may_apply(
        &environment.desired.environment.name,
        &actions,
        may,
        document,
    );
    zones(environment, made, document);
    engine(environment, made, document);
    room(environment, made, used, rules, document);
    names(made, document);
    plan::verbose(context, std::slice::from_ref(made));
    Ok(())
}

fn may_apply(
    name: &str,
    actions: &BTreeSet<&str>,
    may: Result<BTreeMap<String, BTreeSet<String>>, Fault>,
    document: &mut PreflightDocument,
) {
    let title = "permissions";
    let missing = match may {
        Ok(missing) => missing,
        Err(fault) => {
            let why = if fault.kind == FaultKind::Denied {
                "IAM may not be asked: access denied to iam:SimulatePrincipalPolicy".to_owned()
            } else {
                fault.to_string()
            };
            let text = format!("not checked: {why}");
            document.add(title, CheckState::NotChecked, text);
            return;
        }
    };
    let all = actions.len();
    if missing.is_empty() {
        let text =
            format!("all {all} that an apply needs, as far as policies of the caller decide");
        document.add(title, CheckState::Passed, text);
        return;
    }
    let listed: Vec<String> = missing
        .iter()
        .map(|(action, resources)| {
            let names: Vec<&str> = resources
                .iter()
                .filter(|arn| *arn != "*")
                .map(|arn| arn.splitn(6, ':').last().unwrap_or(arn))
                .collect();
            if names.is_empty() {
                action.clone()
            } else {
                format!("{action} ({})", names.join(", "))
            }
        })
        .collect();
    let verb = if missing.len() == 1 { "is" } else { "are" };
    let text = format!(
        "{} of {all} needed {verb} missing: {}\n\
         pgward explain permissions {name} prints the smallest policy that works",
        missing.len(),
        listed.join(", ")
    );
    document.add(title, CheckState::Failed, text);
}

/// The findings of some codes that would refuse an apply.
fn findings<'a>(made: &'a Made, codes: &'a [&str]) -> impl Iterator<Item = &'a Diagnostic> {
    made.plan
        .findings
        .iter()
        .filter(|one| one.is_error() && one.accepted.is_none())
        .filter(move |one| codes.contains(&one.code.as_str()))
}

/// Adds findings as one failed check; answers whether there were any.
fn failed(made: &Made, name: &str, codes: &[&str], document: &mut PreflightDocument) -> bool {
    let found: Vec<String> = findings(made, codes)
        .map(|one| format!("{} [{}]", one.message, one.code))
        .collect();
    if found.is_empty() {
        return false;
    }
    document.add(name, CheckState::Failed, found.join("\n"));
    true
}

fn zones(environment: &Environment, made: &Made, document: &mut PreflightDocument) {
    if failed(made, "zones", &["P501"], document) {
        return;
    }
    let subnets: Vec<_> = made.live.subnets.values().collect();
    if subnets.is_empty() {
        let state = CheckState::NotChecked;
        document.add("zones", state, "the subnets could not be read");
        return;
    }
    let mut zones: Vec<&str> = subnets.iter().map(|subnet| subnet.zone.as_str()).collect();
    zones.sort_unstable();
    zones.dedup();
    let private = if subnets.iter().all(|subnet| subnet.public == Some(false)) {
        ", all private"
    } else if subnets.iter().any(|subnet| subnet.public == Some(true)) {
        ", a route leads to the internet"
    } else {
        ""
    };
    let count = wording::count(subnets.len(), "subnet");
    let text = format!("{count} in {}{private}", zones.join(" and "));
    let needed = usize::from(
        environment
            .desired
            .resources
            .values()
            .any(|one| one.kind == "instance"),
    ) * 2;
    let state = if zones.len() < needed {
        CheckState::Failed
    } else {
        CheckState::Passed
    };
    document.add("zones", state, text);
}

/// Versions, classes, parameters and what the spec refers to: everything that a plan looks up.
fn engine(environment: &Environment, made: &Made, document: &mut PreflightDocument) {
    if !failed(made, "engine", &["P503", "P504", "P507"], document) {
        let instance = environment
            .desired
            .resources
            .values()
            .find(|one| one.kind == "instance");
        let class = instance.and_then(|one| one.attributes.text("instance.class"));
        let written = instance.and_then(|one| one.attributes.text("postgres.version"));
        let live = instance.and_then(|one| made.live.present(&one.address));
        let running = live.and_then(|live| live.now.text("postgres.version"));
        // What an apply would install, or what runs already.
        let chosen = made.chosen.get("postgres.version").map(String::as_str);
        let chosen = chosen.or(running);
        let text = match (written, chosen) {
            (Some(written), Some(chosen)) if written != chosen => {
                format!("PostgreSQL {written} -> {chosen}, {}", class.unwrap_or(""))
            }
            (Some(written), _) => format!("PostgreSQL {written}, {}", class.unwrap_or("")),
            (None, _) => "no instance in the spec".to_owned(),
        };
        let state = if made.plan.not_checked.is_empty() {
            CheckState::Passed
        } else {
            CheckState::Told
        };
        document.add("engine", state, text);
    }
    failed(made, "references", &["P505"], document);
    for sentence in &made.plan.not_checked {
        let text = format!("not checked: {sentence}");
        document.add("references", CheckState::NotChecked, text);
    }
}

/// The rules of the environment's security group, against what one may have. AWS counts those for
/// IPv4 and IPv6 apart, and both with those for groups.
fn rules(environment: &Environment, most: Result<i64, Fault>) -> (CheckState, String) {
    let groups = environment.desired.resources.values();
    let rules = groups.filter_map(|one| one.attributes.map("access.*"));
    let keys: Vec<&String> = rules.flat_map(|rules| rules.keys()).collect();
    let without = |mark: char| {
        let others = |key: &&&String| {
            !key.rsplit(' ')
                .next()
                .is_some_and(|from| from.contains(mark))
        };
        keys.iter().filter(others).count()
    };
    // A block of IPv4 has dots, one of IPv6 colons, and a group neither.
    let wanted = without('.').max(without(':'));
    match most {
        Ok(most) => {
            let fits = i64::try_from(wanted).is_ok_and(|wanted| wanted <= most);
            let state = if fits {
                CheckState::Passed
            } else {
                CheckState::Failed
            };
            (state, format!("security group rules {wanted} of {most}"))
        }
        Err(fault) => {
            let text = format!("security group rules not checked: {fault}");
            (CheckState::NotChecked, text)
        }
    }
}

/// What the plan makes, against what the account may still have.
fn room(
    environment: &Environment,
    made: &Made,
    quotas: Result<Vec<Quota>, Fault>,
    most_rules: Result<i64, Fault>,
    document: &mut PreflightDocument,
) {
    let quotas = match quotas {
        Ok(quotas) if quotas.is_empty() => {
            let text = "not checked: AWS lists no quotas";
            document.add("quotas", CheckState::NotChecked, text);
            return;
        }
        Ok(quotas) => quotas,
        Err(fault) => {
            let text = format!("not checked: {fault}");
            document.add("quotas", CheckState::NotChecked, text);
            return;
        }
    };
    let made_of = |kinds: &[&str]| {
        let changes = made.plan.changes.iter();
        let new = changes.filter(|change| change.verb == Verb::Create);
        let new = new.filter(|change| kinds.contains(&change.kind.as_str()));
        let addresses: BTreeSet<&str> = new.map(|change| change.address.as_str()).collect();
        i64::try_from(addresses.len()).unwrap_or(i64::MAX)
    };
    let rows = [
        (
            "DBInstances",
            "DB instances",
            made_of(&["instance", "replica"]),
        ),
        (
            "DBParameterGroups",
            "parameter groups",
            made_of(&["parameter_group"]),
        ),
        (
            "DBSubnetGroups",
            "subnet groups",
            made_of(&["subnet_group"]),
        ),
    ];
    let mut state = CheckState::Passed;
    let mut shown = Vec::new();
    for (name, words, more) in rows {
        let Some(quota) = quotas.iter().find(|quota| quota.name == name) else {
            state = CheckState::NotChecked;
            shown.push(format!("{words} not checked"));
            continue;
        };
        let after = quota.used + more;
        if after > quota.most {
            state = CheckState::Failed;
        }
        shown.push(if more == 0 {
            format!("{words} {} of {}", quota.used, quota.most)
        } else {
            format!(
                "{words} {} of {}, after apply {after}",
                quota.used, quota.most
            )
        });
    }
    let (of_rules, text) = rules(environment, most_rules);
    if state != CheckState::Failed && of_rules != CheckState::Passed {
        state = of_rules;
    }
    shown.push(text);
    document.add("quotas", state, shown.join("; "));
}

fn names(made: &Made, document: &mut PreflightDocument) {
    failed(made, "state", &["P510"], document);
    if failed(made, "names", &["P506"], document) {
        return;
    }
    if !made.plan.unread.is_empty() {
        let unread: Vec<&str> = made
            .plan
            .unread
            .iter()
            .map(|one| one.address.as_str())
            .collect();
        let text = format!("could not read {}", unread.join(", "));
        document.add("names", CheckState::NotChecked, text);
        return;
    }
    let there = made.live.resources.values();
    let there = there.filter(|one| one.as_present().is_some()).count();
    let all = made.live.resources.len();
    let text = match there {
        0 => "nothing of that name exists yet".to_owned(),
        some => format!(
            "{some} of {} exist and are ours",
            wording::count(all, "resource")
        ),
    };
    document.add("names", CheckState::Told, text);
}
