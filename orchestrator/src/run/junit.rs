use std::io::{self, Write};

use super::Results;
use crate::audit::junit::{HEAD, escaped, suite};

/// Writes the run as `JUnit` has it: the audit's suite, one with a test case a condition, and an error
/// when the run was interrupted.
///
/// # Errors
/// When it cannot be written.
pub fn junit(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{HEAD}\n<testsuites>")?;
    suite(&results.audit, out)?;
    if !results.conditions.is_empty() {
        conditions(results, out)?;
    }
    if results.interrupted {
        interruption(results, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn conditions(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let broken = results.conditions.iter().filter(|verdict| verdict.is_broken).count();
    let tests = results.conditions.len();
    writeln!(
        out,
        r#"  <testsuite name="conditions" tests="{tests}" failures="{broken}" errors="0" skipped="0">"#
    )?;
    for verdict in &results.conditions {
        let (condition, measured) = (escaped(&verdict.condition), escaped(&verdict.measured));
        write!(out, r#"    <testcase classname="run.conditions" name="{condition}""#)?;
        if verdict.is_broken {
            writeln!(out, r#"><failure type="condition" message="measured {measured}"/></testcase>"#)?;
        } else {
            writeln!(out, "/>")?;
        }
    }
    writeln!(out, "  </testsuite>")
}

fn interruption(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let why = escaped(&results.notes.join(" "));
    writeln!(out, r#"  <testsuite name="run" tests="1" failures="0" errors="1" skipped="0">"#)?;
    writeln!(
        out,
        r#"    <testcase classname="run" name="interrupted"><error type="interrupted" message="{why}"/></testcase>"#
    )?;
    writeln!(out, "  </testsuite>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::sample;

    #[test]
    fn conditions_are_test_cases_beside_those_of_the_audit() {
        let mut bytes = Vec::new();
        junit(&sample::broken(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<_> =
            text.lines().filter(|line| line.contains("suite") || line.contains("conditions")).collect();
        insta::assert_snapshot!(lines.join("\n"), @r#"
        <testsuites>
          <testsuite name="audit" tests="21" failures="1" errors="0" skipped="0">
          </testsuite>
          <testsuite name="conditions" tests="2" failures="1" errors="0" skipped="0">
            <testcase classname="run.conditions" name="error-rate&gt;5%"/>
            <testcase classname="run.conditions" name="p99&gt;1s"><failure type="condition" message="measured 1.25 s"/></testcase>
          </testsuite>
        </testsuites>
        "#);
    }
}
