//! The shell recipes of `docs/CI.md`, run as they are written, but for the ports.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::binary::BINARY;

const PAGE: &str = include_str!("../../../../docs/CI.md");

/// The page's blocks of a language.
fn recipes(language: &str) -> Vec<&'static str> {
    let fence = format!("```{language}\n");
    PAGE.match_indices(&fence).map(|(at, _)| PAGE[at + fence.len()..].split("```").next().unwrap()).collect()
}

fn free_port() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string()
}

fn cook(recipe: &str, folder: &Path) {
    let (backends, orchestrator) = (free_port(), free_port());
    let script = recipe.replace("3001", &backends).replace("3002", &orchestrator);
    let program = Path::new(BINARY).parent().unwrap();
    let cooked = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &script])
        .current_dir(folder)
        .stdin(Stdio::null())
        .env_clear()
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", program.display()))
        .env("RUST_LOG", "error")
        .env("PORT", &backends)
        .env("ORCHESTRATOR_PORT", &orchestrator)
        .env("BACKENDS_URL", format!("http://localhost:{backends}"))
        .output()
        .unwrap();
    let told = [cooked.stdout, cooked.stderr].map(|text| String::from_utf8(text).unwrap()).join("\n");
    assert!(cooked.status.success(), "{recipe}\n{told}");
    let verdicts = recipe.matches("chaos run ").count() + recipe.matches("chaos audit ").count();
    assert_eq!(told.matches("Clean: no findings.").count(), verdicts, "{recipe}\n{told}");
    if recipe.contains("--report") {
        for file in ["report.html", "junit.xml"] {
            assert!(folder.join(file).metadata().unwrap().len() > 1000, "{file}");
        }
    }
}

#[test]
fn every_shell_recipe_of_the_ci_page_works_as_written() {
    // One needs an orchestrator that can be killed.
    let (recipes, rest): (Vec<_>, Vec<_>) =
        recipes("sh").into_iter().partition(|recipe| !recipe.contains("kill -9"));
    assert_eq!((recipes.len(), rest.len()), (3, 1));
    for recipe in recipes {
        cook(recipe, tempfile::tempdir().unwrap().path());
    }
}

/// Under the default chaos, a client that retries under a new key gets only warnings.
#[test]
fn a_flow_of_ones_own_is_judged_strictly_in_a_storm() {
    let all = [recipes("sh"), recipes("yaml")].concat();
    let own: Vec<_> =
        all.into_iter().filter(|recipe| recipe.contains("fake-stripe-chaos backends")).collect();
    assert_eq!(own.len(), 4);
    for recipe in own {
        assert!(recipe.contains("storm") && recipe.contains("--strict"), "{recipe}");
    }
}
