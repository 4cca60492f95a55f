//! Keeps the description of every rule in `docs/AUDIT.md` equal to the rule's own.

use std::fmt::Write;
use std::path::Path;

use super::{Kind, RULES, Rule};

/// The part of the document that is generated from the rules.
fn rules() -> String {
    let kinds = [
        (Kind::Invariant, "Invariants", "Money, stock or labels are wrong. A violation."),
        (
            Kind::Decision,
            "Decisions",
            "The orchestrator said one thing and the ledgers say another. A violation; judged only when the \
             decisions are known (`--decisions FILE`).",
        ),
        (
            Kind::Behaviour,
            "Behaviours",
            "Nothing may be wrong yet, but the client's behaviour will cause damage once a fault strikes at the wrong \
             moment. A warning, and a violation under `--strict`.",
        ),
    ];
    let mut text = String::new();
    for (kind, title, meaning) in kinds {
        write!(text, "### {title}\n\n{meaning}\n").unwrap();
        for rule in RULES.into_iter().filter(|rule| rule.kind == kind) {
            write!(text, "\n#### `{}`\n\n{}\n\n{}\n", rule.name, rule.holds, rule.cause).unwrap();
            if let Some(note) = note(rule) {
                write!(text, "\n{note}\n").unwrap();
            }
        }
        text.push('\n');
    }
    text
}

fn note(rule: &Rule) -> Option<String> {
    let needs: Vec<_> = rule.needs.iter().map(|domain| domain.name()).collect();
    let needs = (!needs.is_empty()).then(|| format!("Needs the ledger of {}.", needs.join(" and ")));
    let lifted = rule.lifted_by.map(|_| "Lifted by `--allow split-shipments`.".to_owned());
    let notes: Vec<_> = needs.into_iter().chain(lifted).collect();
    (!notes.is_empty()).then(|| notes.join(" "))
}

#[test]
fn the_document_tells_of_every_rule_what_the_rule_tells_of_itself() {
    const BEGIN: &str =
        "<!-- rules: made from the source; AUDIT_DOCS=write cargo test -p orchestrator audit::docs -->\n\n";
    const END: &str = "<!-- end of rules -->\n";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/AUDIT.md");
    let document = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(BEGIN).unwrap();
    let (written, after) = rest.split_once(END).unwrap();
    if shared::environment::Environment::of_process().get("AUDIT_DOCS") == Some("write") {
        std::fs::write(&path, format!("{before}{BEGIN}{}{END}{after}", rules())).unwrap();
        return;
    }
    assert_eq!(written, rules(), "docs/AUDIT.md is out of date: run the command in its comment");
}

#[test]
fn every_rule_has_a_name_of_its_own_and_says_what_usually_causes_a_finding() {
    let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
    for Rule { name, holds, cause, .. } in RULES {
        assert!(holds.ends_with('.') && cause.starts_with("Usually ") && cause.ends_with('.'), "{name}");
    }
}
