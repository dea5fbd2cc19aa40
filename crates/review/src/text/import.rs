//! `import` as text: what was found, what to look at, and what to type.

use pgward_model::Severity;

use super::layout::{Ink, Page, Style};
use crate::document::Finding;
use crate::import::ImportDocument;
use crate::wording;

/// The text of an import, without the file itself.
#[must_use]
pub fn import(document: &ImportDocument, style: Style) -> String {
    let mut page = Page::new(style);
    found(&mut page, document);
    let written = match &document.file {
        Some(file) => format!(
            "wrote {file}, {}.",
            wording::count(document.lines(), "line")
        ),
        None => format!("{} on stdout.", wording::count(document.lines(), "line")),
    };
    page.blank();
    let remarks = document.findings.len() + document.notes.len() + document.differences.len();
    let line = page.start().text(written);
    if remarks > 0 {
        page.push(line.text(" Things to look at:"));
        things(&mut page, document);
    } else {
        page.push(line);
    }
    next(&mut page, document);
    page.finish()
}

fn found(page: &mut Page, document: &ImportDocument) {
    let widest = |of: fn(&crate::import::FoundPart) -> usize| {
        document.found.iter().map(of).max().unwrap_or_default()
    };
    let noun = widest(|one| one.noun.chars().count()) + 11;
    let name = noun + widest(|one| one.name.chars().count()) + 2;
    for one in &document.found {
        let line = page.start().text("  found  ").text(&one.noun).to(noun, 2);
        let line = line.ink(Ink::Bold, &one.name).to(name, 2);
        page.push(line.text("-> ").text(&one.sections));
    }
    if !document.used.is_empty() {
        let line = page.start().text("  left   ");
        let text = format!("{}: used, not managed", document.used.join(", "));
        page.wrap(line, Ink::Plain, &text);
    }
}

fn things(page: &mut Page, document: &ImportDocument) {
    for finding in &document.findings {
        one(page, finding);
    }
    for (word, sentences) in [
        ("differs", &document.differences),
        ("note", &document.notes),
    ] {
        for sentence in sentences {
            let line = page.start().text("  ").ink(Ink::Notice, word).text(": ");
            page.wrap(line, Ink::Plain, sentence);
        }
    }
}

/// `error[P401]: [access.rule-3] is open to the internet      specs/prod.toml:24`.
fn one(page: &mut Page, finding: &Finding) {
    let (word, ink) = match finding.level {
        Severity::Error => ("error", Ink::Danger),
        Severity::Warning => ("warning", Ink::Notice),
        Severity::Note => ("note", Ink::Plain),
    };
    let word = if finding.code.is_empty() {
        word.to_owned()
    } else {
        format!("{word}[{}]", finding.code)
    };
    let place = super::head::place(finding.source.as_ref());
    let line = page.start().text("  ").ink(ink, word).text(": ");
    page.wrap_with_end(line, &finding.message, &place);
}

fn next(page: &mut Page, document: &ImportDocument) {
    let program = if document.sandbox {
        "pgward sandbox"
    } else {
        "pgward"
    };
    let name = &document.spec;
    page.blank();
    let line = page.start().text("Nothing in AWS was touched. Next:");
    page.push(line);
    let invalid = document.findings.iter().any(|one| {
        one.level == Severity::Error && one.accepted.is_none() && !one.code.starts_with("P4")
    });
    if document.file.is_none() {
        let line = page.start().text("  save it as specs/");
        page.push(line.text(name).text(".toml, or repeat with --write FILE"));
    } else if invalid {
        let line = page.start().text("  mend the file, and  pgward check ");
        page.push(line.text(name));
    }
    let rows = [
        (
            format!("{program} plan {name}"),
            "should show nothing but what is not managed here (?)",
        ),
        (
            format!("{program} import {name} --adopt"),
            "gives all of it the tags of ownership, and changes nothing else",
        ),
    ];
    let column = rows.iter().map(|(command, _)| command.len()).max();
    for (command, words) in &rows {
        let line = page.start().text("  ").text(command);
        page.push(line.to(column.unwrap_or(0) + 6, 2).text(*words));
    }
    if document.terraform.is_empty() {
        return;
    }
    page.blank();
    let count = wording::count(document.terraform.len(), "resource");
    let line = page.start();
    let text = format!(
        "Terraform manages {count} of it. After the adoption, let Terraform forget them, and take \
         them out of its files:"
    );
    page.wrap(line, Ink::Plain, &text);
    for address in &document.terraform {
        let line = page.start().text("  terraform state rm ");
        page.push(line.text(shell(address)));
    }
}

/// An address as a shell takes it.
fn shell(address: &str) -> String {
    let plain = address
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
    if plain {
        address.to_owned()
    } else {
        format!("'{}'", address.replace('\'', "'\\''"))
    }
}
