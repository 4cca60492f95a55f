//! The binary as processes that can be killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_fake-stripe-chaos");

/// A process of ours, killed with the test.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) url: String,
}

impl Process {
    /// Starts `command` on a port of the system's choice, and reads its URL from what it prints.
    pub(crate) fn start(command: &str, variables: &[(&str, &str)], port: &str) -> Self {
        let mut child = Command::new(BINARY)
            .args([command, if command == "backends" { "--port" } else { "--orchestrator-port" }, port])
            .env_clear()
            .envs(variables.iter().copied())
            .env("TIME_SCALE", "0.001")
            .env("RUST_LOG", "error")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let name = format!("  {command}");
        let line = lines.find(|line| line.starts_with(&name) && line.contains("docs")).unwrap();
        let url = line.split_whitespace().nth(1).unwrap().trim_end_matches(',').to_owned();
        // Reads on, lest the process block on its output.
        std::thread::Builder::new().spawn(move || lines.for_each(drop)).unwrap();
        Self { child, url }
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
