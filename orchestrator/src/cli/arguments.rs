//! From a command line's arguments, and the variables that stand for options, to a command.

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use clap::builder::{BoolishValueParser, TypedValueParser};
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command, CommandFactory, FromArgMatches};
use shared::environment::{Environment, format_duration, parse_duration};

use crate::gateways;

/// The command that `words` give, with variables for options that are not among them. An empty variable
/// counts as unset.
///
/// # Errors
/// What is wrong with it. For a value from a variable, the error names the variable.
pub(super) fn parse<C: CommandFactory + FromArgMatches>(
    words: &[OsString],
    environment: &Environment,
) -> Result<C, clap::Error> {
    let mut command = without_unset_variables(C::command(), environment);
    let matches = command.try_get_matches_from_mut(words);
    let parsed = matches.and_then(|matches| C::from_arg_matches(&matches));
    parsed.map_err(|error| Given { options: options(&command, words), words, environment }.named_in(error))
}

/// The URL of a service, as given. The error then names its option.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let checked = gateways::base_url(text).map(|_| text.to_owned());
    checked.map_err(|reason| format!("not a URL such as http://localhost:3001: {reason}"))
}

/// A whole number within `range`.
pub(super) fn whole_number<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| {
            format!("`{text}` is not a whole number from {} to {}", range.start(), range.end())
        })
    }
}

/// A duration that is not shorter than `minimum`.
pub(super) fn duration_from(minimum: Duration) -> impl Fn(&str) -> Result<Duration, String> + Clone {
    move |text| match parse_duration(text)? {
        duration if duration < minimum => Err(format!("must be at least {}", format_duration(minimum))),
        duration => Ok(duration),
    }
}

/// A port to listen on; 0 is any free one.
pub(super) fn port(text: &str) -> Result<u16, String> {
    whole_number(0..=u16::MAX)(text)
}

/// For clap, a flag whose variable says no was given nevertheless, and conflicts with others.
fn without_unset_variables(command: Command, environment: &Environment) -> Command {
    let is_unset = |arg: &Arg| {
        variable_of(arg).is_some_and(|name| {
            let is_flag = matches!(arg.get_action(), ArgAction::SetTrue);
            environment.is_empty(name) || (is_flag && environment.get(name).is_some_and(says_no))
        })
    };
    command
        .mut_args(|arg| if is_unset(&arg) { arg.env(None) } else { arg })
        .mut_subcommands(|command| without_unset_variables(command, environment))
}

/// Whether clap reads the value of a flag's variable as no.
fn says_no(value: &str) -> bool {
    let read = BoolishValueParser::new().parse_ref(&Command::default(), None, value.as_ref());
    matches!(read, Ok(false))
}

fn variable_of(arg: &Arg) -> Option<&str> {
    arg.get_env().and_then(|name| name.to_str())
}

/// The options of the command that `words` name, and of its parent commands.
fn options<'a>(command: &'a Command, words: &[OsString]) -> Vec<&'a Arg> {
    let (mut command, mut options) = (command, Vec::new());
    for word in words {
        if let Some(named) = command.find_subcommand(word) {
            command = named;
            options.extend(command.get_arguments());
        }
    }
    options
}

/// The arguments of a command.
struct Given<'a> {
    options: Vec<&'a Arg>,
    words: &'a [OsString],
    environment: &'a Environment,
}

impl Given<'_> {
    fn named_in(&self, mut error: clap::Error) -> clap::Error {
        for kind in [ContextKind::InvalidArg, ContextKind::PriorArg] {
            let named = match error.get(kind) {
                Some(ContextValue::String(option)) => ContextValue::String(self.named(option)),
                Some(ContextValue::Strings(options)) => {
                    ContextValue::Strings(options.iter().map(|option| self.named(option)).collect())
                }
                _ => continue,
            };
            error.insert(kind, named);
        }
        error
    }

    /// `--port <PORT>`, or `PORT (--port <PORT>)` if its value came from the variable.
    fn named(&self, option: &str) -> String {
        let name = option.split(' ').next().unwrap_or_default();
        match self.variable_for(name) {
            Some(variable) => format!("{variable} ({option})"),
            None => option.to_owned(),
        }
    }

    fn variable_for(&self, option: &str) -> Option<&str> {
        let given = |word: &OsString| {
            word.to_str()?.strip_prefix(option).map(|rest| rest.is_empty() || rest.starts_with('='))
        };
        if self.words.iter().any(|word| given(word) == Some(true)) {
            return None;
        }
        let arg = self.options.iter().find(|arg| arg.get_long() == option.strip_prefix("--"))?;
        variable_of(arg).filter(|variable| self.environment.get(variable).is_some())
    }
}

#[cfg(test)]
pub(super) mod tests {
    /// A line that contains only a command's arguments.
    #[derive(Debug, clap::Parser)]
    pub(in crate::cli) struct Line<A: clap::Args> {
        #[command(flatten)]
        pub(in crate::cli) args: A,
    }
}
