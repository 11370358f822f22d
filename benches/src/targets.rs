//! Targets: figures that a benchmark must reach.

use std::fmt::{self, Display, Formatter};
use std::process::ExitCode;

/// A figure with its bound.
pub struct Target {
    /// What is measured.
    pub name: &'static str,
    /// The figure.
    pub measured: f64,
    /// The least or the most that it may be.
    pub bound: f64,
    is_minimum: bool,
    unit: &'static str,
}

impl Target {
    /// A figure that must be at least `bound`.
    pub fn at_least(name: &'static str, measured: f64, bound: f64, unit: &'static str) -> Self {
        Self {
            name,
            measured,
            bound,
            is_minimum: true,
            unit,
        }
    }

    /// A figure that must be at most `bound`.
    pub fn at_most(name: &'static str, measured: f64, bound: f64, unit: &'static str) -> Self {
        Self {
            is_minimum: false,
            ..Self::at_least(name, measured, bound, unit)
        }
    }

    /// Whether the figure is within its bound.
    pub fn is_met(&self) -> bool {
        if self.is_minimum {
            self.measured >= self.bound
        } else {
            self.measured <= self.bound
        }
    }
}

/// The exit status of a benchmark: 1 if a target is missed.
pub fn exit_code(targets: &[Target]) -> ExitCode {
    ExitCode::from(u8::from(!targets.iter().all(Target::is_met)))
}

/// A Markdown table of targets.
pub struct TargetTable<'a>(pub &'a [Target]);

impl Display for TargetTable<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n| target | measured | bound | |\n|---|---|---|---|")?;
        for target in self.0 {
            let Target {
                name,
                measured,
                bound,
                is_minimum,
                unit,
            } = target;
            let digits = if *bound > 200.0 { 0 } else { 2 };
            let sign = if *is_minimum { "at least" } else { "at most" };
            let verdict = if target.is_met() { "met" } else { "**missed**" };
            writeln!(
                f,
                "| {name} | {measured:.digits$}{unit} | {sign} {bound}{unit} | {verdict} |"
            )?;
        }
        Ok(())
    }
}
