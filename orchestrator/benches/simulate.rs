//! How many orders a second are simulated on one core, through the real routers.
//!
//! `cargo bench -p orchestrator --bench simulate`

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]

use std::time::Instant;

use mimalloc::MiMalloc;
use orchestrator::activities::ActivitySettings;
use orchestrator::bundled::Settings;
use orchestrator::simulate::{Flow, RandomWorld, Subject};
use orchestrator::workload::Mix;
use shared::environment::Environment;

/// As in the binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const WORLDS: u64 = 200;
/// What the command takes when it is not told.
const ORDERS: u64 = 50;

fn main() {
    let subject = |variables: &[(&str, &str)]| {
        let environment: Environment = variables.iter().copied().collect();
        let backends = Settings::from_environment(&environment, 0).expect("the variables are right");
        Subject { flow: Flow::shipped(), limits: ActivitySettings::default(), backends }
    };
    measure("default chaos", &subject(&[]));
    measure("happy path", &subject(&[("CHAOS_FAILURE_RATE", "0")]));
    measure("storm", &subject(&[("CHAOS_PRESET", "storm")]));
}

fn measure(name: &str, subject: &Subject) {
    let world = RandomWorld {
        orders: ORDERS,
        concurrency: 1000,
        mix: Mix::default(),
        late_cancels: 0.0,
        crashes: false,
        log: false,
    };
    world.run(subject, 0);
    #[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
    let started = Instant::now();
    for seed in 1..=WORLDS {
        world.run(subject, seed);
    }
    let orders = (WORLDS * ORDERS) as f64;
    println!("{name}: {:.0} orders/s", orders / started.elapsed().as_secs_f64());
}
