//! `output`: endpoints, ports, ARNs and secret names of a live environment.

use std::collections::BTreeMap;

use pgward_engine::{Live, Observation};
use pgward_model::{Desired, Value};

use crate::args::{OutputArgs, SpecArg};
use crate::exit::Exit;
use crate::failure::Failure;

use super::plan::{self, Wish};
use super::{Answer, Context, read};

/// Runs the command.
pub(crate) fn run(context: &Context, arguments: &OutputArgs) -> Answer {
    let spec = SpecArg {
        spec: arguments.spec.clone(),
        environment: None,
        file: None,
    };
    let environment = read::environment(context, &spec)?;
    let made = context.block_on(plan::make(
        context,
        std::slice::from_ref(&environment),
        &Wish::default(),
    ))??;
    let made = made.first().expect("one environment gives one plan");
    let unread: Vec<String> = made
        .live
        .resources
        .iter()
        .filter(|(_, one)| matches!(one, Observation::Unreadable(_)))
        .map(|(address, _)| address.to_string())
        .collect();
    if !unread.is_empty() {
        return Err(Failure::failed(format!(
            "could not read {}",
            unread.join(", ")
        )));
    }
    let outputs = outputs(&made.live, &environment.desired);
    match &arguments.name {
        Some(name) => {
            let value = outputs.get(name).ok_or_else(|| {
                let known: Vec<&str> = outputs.keys().map(String::as_str).collect();
                let there = if known.is_empty() {
                    "nothing of the environment exists yet".to_owned()
                } else {
                    format!("there are: {}", known.join(", "))
                };
                Failure::refused(format!("there is no output `{name}`")).next(there)
            })?;
            context.result(value)?;
        }
        None if context.json() => context.result(&pgward_review::json(&outputs))?,
        None => {
            let width = outputs.keys().map(String::len).max().unwrap_or(0);
            let lines: Vec<String> = outputs
                .iter()
                .map(|(name, value)| format!("{name:width$}  {value}"))
                .collect();
            context.result(&lines.join("\n"))?;
        }
    }
    Ok(Exit::Done)
}

/// Everything others may want to know, by `address.output`; a secret gives its name.
fn outputs(live: &Live, desired: &Desired) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (address, observation) in &live.resources {
        let Some(present) = observation.as_present() else {
            continue;
        };
        if desired
            .resources
            .get(address)
            .is_some_and(|resource| resource.kind == "secret")
        {
            all.insert(address.to_string(), present.name.clone());
        }
        for (name, value) in &present.outputs {
            let text = match value {
                Value::Text(text) => text.clone(),
                Value::Int(number) => number.to_string(),
                Value::Bool(_)
                | Value::Float(_)
                | Value::List(_)
                | Value::Map(_)
                | Value::Output(_) => {
                    continue;
                }
            };
            all.insert(format!("{address}.{name}"), text);
        }
    }
    all
}
