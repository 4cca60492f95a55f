use super::table::WHOLE;
use super::{Access, Operation, Table};

/// Tables for the whole suite, chosen by `CHAOS_PRESET`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Each operation's own table.
    #[default]
    Default,
    /// 2 % failures.
    Calm,
    /// 50 % failures, including 5 % `lost_response` and 5 % `timeout_after` on every write.
    Storm,
    /// Everything is unavailable.
    Blackout,
}

impl Preset {
    const ALL: [(&'static str, Self); 4] = [
        ("default", Self::Default),
        ("calm", Self::Calm),
        ("storm", Self::Storm),
        ("blackout", Self::Blackout),
    ];

    /// The preset with that name.
    ///
    /// # Errors
    /// A sentence with the valid names.
    pub fn parse(text: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(name, _)| *name == text);
        found
            .map(|(_, preset)| *preset)
            .ok_or_else(|| format!("`{text}` is not a preset, expected default, calm, storm or blackout"))
    }

    /// The name that [`parse`](Self::parse) takes.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, preset)| *preset == self).map_or("default", |(name, _)| name)
    }

    pub(super) fn table(self, operation: &'static Operation) -> Result<Table, String> {
        let percent = WHOLE / 100;
        let own = Table::parse(operation, operation.table)?;
        match (self, operation.access) {
            (Self::Default, _) => Ok(own),
            (Self::Calm, Access::Write) => Ok(own.scaled_to(2 * percent)),
            (Self::Calm, Access::Read) => Table::parse(operation, "unavailable=2%"),
            (Self::Storm, Access::Write) => {
                let usual = own.scaled_to(40 * percent);
                Table::parse(operation, &format!("{}, lost_response=5%, timeout_after=5%", failures(&usual)))
            }
            (Self::Storm, Access::Read) => Table::parse(operation, "unavailable=50%"),
            (Self::Blackout, _) => Table::parse(operation, "unavailable=100%"),
        }
    }
}

fn failures(table: &Table) -> String {
    let all = table.to_string();
    all.split(", ").filter(|row| !row.starts_with("success=")).collect::<Vec<_>>().join(", ")
}
