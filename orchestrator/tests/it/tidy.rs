//! The plan of the house, as absences: which module may not know which. It reads the sources, because the
//! compiler knows modules of one crate as equals.

use std::fs;
use std::path::{Path, PathBuf};

const DOMAINS: [&str; 4] = ["payment", "inventory", "shipping", "notification"];
/// A file this long is more than one thing.
const MAX_FILE_LINES: usize = 500;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every Rust file below `folder` of the workspace, with its text.
fn sources(folder: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![workspace().join(folder)];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let name = path.strip_prefix(workspace()).unwrap().display().to_string();
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
    assert!(!found.is_empty(), "{folder} is gone: mend this test");
    found
}

/// What production code of a file says: neither its comments nor its unit tests.
fn code(text: &str) -> impl Iterator<Item = &str> {
    let mut in_test = false;
    text.lines().filter(move |line| {
        in_test |= line.starts_with("#[cfg(test)]");
        let is_code = !in_test && !line.trim_start().starts_with("//");
        // So an item ends, as rustfmt writes it.
        in_test &= line.starts_with(' ') || !line.ends_with([';', '}']);
        is_code
    })
}

#[test]
fn tests_are_left_out_and_what_follows_them_is_not() {
    let text = "#[cfg(test)]\nmod story;\nuse a;\n// b\n#[cfg(test)]\nmod tests {\n    use c;\n}\nuse d;";
    assert_eq!(code(text).collect::<Vec<_>>(), ["use a;", "use d;"]);
}

/// Asserts that no file below `folder` says any of `words`.
fn never_says(folder: &str, words: &[&str]) {
    for (name, text) in sources(folder) {
        for line in code(&text) {
            for word in words {
                assert!(!line.contains(word), "{name} may not know `{word}`:\n{line}");
            }
        }
    }
}

#[test]
fn arrows_of_a_domain_point_inwards() {
    for domain in DOMAINS {
        let layer = |name: &str| format!("{domain}/src/{name}");
        let outside = [
            "axum",
            "serde",
            "utoipa",
            "tokio",
            "tracing",
            "Mutex",
            "crate::infrastructure",
            "crate::presentation",
        ];
        never_says(
            &layer("domain"),
            &[&outside[..], &["crate::application", "shared::way", "shared::http", "shared::chaos"]].concat(),
        );
        never_says(
            &layer("application"),
            &["axum", "utoipa", "tracing", "crate::infrastructure", "crate::presentation", "shared::http"],
        );
        // Chaos tells the same refusals as the domain does, so it may know how they are worded.
        never_says(&layer("infrastructure"), &["axum", "utoipa", "presentation::routes", "presentation::re"]);
        let neighbours: Vec<_> =
            DOMAINS.into_iter().filter(|other| *other != domain).map(|other| format!("{other}::")).collect();
        for (name, text) in sources(&layer("")) {
            for line in code(&text).filter(|line| line.contains("use ")) {
                let stranger = neighbours.iter().find(|other| line.contains(&format!("use {other}")));
                assert!(stranger.is_none(), "{name} may not know a neighbour:\n{line}");
            }
        }
    }
}

#[test]
fn shared_knows_nobody() {
    for (name, text) in sources("shared/src") {
        for line in code(&text).filter(|line| line.trim_start().starts_with("use ")) {
            let guest = DOMAINS
                .iter()
                .chain(&["orchestrator"])
                .find(|other| line.contains(&format!("use {other}::")));
            assert!(guest.is_none(), "{name} may not know who stands on it:\n{line}");
        }
    }
}

#[test]
fn engines_know_no_business_and_workflows_no_engine() {
    never_says(
        "orchestrator/src/engine",
        &["crate::domain", "crate::workflows", "crate::activities", "crate::gateways", "crate::api"],
    );
    never_says(
        "orchestrator/src/workflow",
        &["crate::engine", "crate::domain", "crate::workflows", "crate::gateways", "axum", "tokio", "http::"],
    );
    never_says(
        "orchestrator/src/workflows",
        &["crate::engine", "crate::api", "axum", "tokio::", "reqwest", "Clock"],
    );
    never_says(
        "orchestrator/src/domain",
        &["crate::engine", "crate::workflow::", "axum", "tokio::", "reqwest"],
    );
    never_says("orchestrator/src/api", &["crate::engine", "rusqlite"]);
}

#[test]
fn only_the_bundle_knows_the_backends() {
    for (name, text) in sources("orchestrator/src") {
        let bundle = ["src/bundled", "src/simulate", "src/run"].iter().any(|part| name.contains(part));
        for line in code(&text).filter(|_| !bundle) {
            let backend =
                DOMAINS.iter().find(|domain| line.trim_start().starts_with(&format!("use {domain}::")));
            assert!(backend.is_none(), "{name} reaches a backend other than over HTTP:\n{line}");
        }
    }
}

#[test]
fn no_file_is_longer_than_one_thing() {
    for folder in DOMAINS.into_iter().chain(["shared", "orchestrator"]) {
        for (name, text) in sources(&format!("{folder}/src")) {
            let lines = text.lines().count();
            assert!(lines <= MAX_FILE_LINES, "{name} has {lines} lines");
        }
    }
}
