use std::fs;
use std::io;
use std::path::Path;

use shared::environment::Environment;

use super::{Failure, subject};
use crate::simulate::{Flow, Schedule, Subject};

/// A schedule, and the subject that is to meet it.
pub(super) struct Replay {
    pub(super) subject: Subject,
    pub(super) schedule: Schedule,
}

/// The lines of a file, each as this command prints it. A line that begins with `#` is a comment.
pub(super) fn read(path: &Path, flow: &Flow, environment: &Environment) -> Result<Vec<Replay>, Failure> {
    let name = path.display().to_string();
    let text = if name == "-" { io::read_to_string(io::stdin()) } else { fs::read_to_string(path) };
    let text = text.map_err(|error| Failure::File { path: name.clone(), error })?;
    let lines = text.lines().enumerate().map(|(number, line)| (number + 1, line.trim()));
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    let replays = lines.map(|(number, line)| {
        parse(line, flow, environment)
            .map_err(|error| Failure::Line(format!("{name}: line {number}: {error}")))
    });
    let replays: Vec<_> = replays.collect::<Result<_, _>>()?;
    if replays.is_empty() {
        return Err(Failure::Line(format!("{name}: there is no line in it to replay")));
    }
    Ok(replays)
}

/// The variables of a line hold over those of the environment, as they do where a shell runs it.
fn parse(line: &str, flow: &Flow, environment: &Environment) -> Result<Replay, String> {
    let inherited = environment.names_with("").filter_map(|name| Some((name, environment.get(name)?)));
    let inherited = inherited.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let environment: Environment = inherited.chain(Schedule::variables_before(line)?).collect();
    let subject = subject(flow.clone(), &environment).map_err(|error| error.to_string())?;
    Ok(Replay { subject, schedule: line.parse()? })
}
