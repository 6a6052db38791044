//! The steps a run went through and when, as a record: `[["identify",0],["prepare",41],…]`.

use std::fmt;
use std::str::FromStr;

use super::stage::Stage;

/// A run enters no more steps than this; what a device makes it repeat beyond is not written down.
pub const MOST_STEPS: usize = 32;

/// The steps of a run in their order, each with the milliseconds from the first question to the device. The last one
/// is [`Stage::Finished`] with the time of the verdict, whatever the verdict is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Steps(Vec<(Stage, u64)>);

/// Why a text is no list of steps.
#[derive(Debug, thiserror::Error)]
pub enum BadSteps {
    /// Not the JSON it should be.
    #[error("it is no list of steps: {0}")]
    Json(#[from] serde_json::Error),
    /// Too many.
    #[error("it has {0} steps")]
    TooMany(usize),
}

impl Steps {
    /// Notes that the run is in this step since then; being told again of the step it is in changes nothing.
    pub fn enter(&mut self, stage: Stage, millis: u64) {
        let known = self.0.last().is_some_and(|(last, _)| *last == stage);
        // room is kept for the verdict
        let most = if stage == Stage::Finished { MOST_STEPS } else { MOST_STEPS - 1 };
        if !known && self.0.len() < most {
            self.0.push((stage, millis));
        }
    }

    /// Whether the device was never asked anything.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each step with its beginning and how long it took, in milliseconds; the verdict itself takes no time and is
    /// left out.
    pub fn durations(&self) -> Vec<(Stage, u64, u64)> {
        self.0
            .windows(2)
            .filter_map(|pair| match pair {
                [(stage, from), (_, to)] => Some((*stage, *from, to.saturating_sub(*from))),
                _ => None,
            })
            .collect()
    }

    /// Milliseconds from the first question to the verdict.
    pub fn total(&self) -> Option<u64> {
        self.0.last().map(|(_, millis)| *millis)
    }
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (at, (stage, millis)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(f, "{comma}[\"{stage}\",{millis}]")?;
        }
        f.write_str("]")
    }
}

impl FromStr for Steps {
    type Err = BadSteps;
    fn from_str(text: &str) -> Result<Steps, BadSteps> {
        let steps: Vec<(Stage, u64)> = serde_json::from_str(text)?;
        if steps.len() > MOST_STEPS { Err(BadSteps::TooMany(steps.len())) } else { Ok(Steps(steps)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_is_written_down_and_read_back() {
        let mut steps = Steps::default();
        for (stage, millis) in [
            (Stage::Identify, 0),
            (Stage::Inject, 40),
            (Stage::Inject, 45),
            (Stage::ReadBack, 90),
            (Stage::Finished, 100),
        ] {
            steps.enter(stage, millis);
        }
        assert_eq!(steps.to_string(), r#"[["identify",0],["inject",40],["read-back",90],["finished",100]]"#);
        assert_eq!(steps.to_string().parse::<Steps>().unwrap(), steps);
        let taken = [(Stage::Identify, 0, 40), (Stage::Inject, 40, 50), (Stage::ReadBack, 90, 10)];
        assert_eq!(steps.durations(), taken);
        assert_eq!(steps.total(), Some(100));
    }

    #[test]
    fn a_device_that_makes_a_run_go_in_circles_fills_no_disk() {
        let mut steps = Steps::default();
        for at in 0..1000 {
            steps.enter(if at % 2 == 0 { Stage::Inject } else { Stage::ReadBack }, at);
        }
        steps.enter(Stage::Finished, 1000);
        assert_eq!(steps.total(), Some(1000));
        assert_eq!(steps.to_string().parse::<Steps>().unwrap(), steps);
        assert!("[[\"walk\",1]]".parse::<Steps>().is_err());
        assert!(format!("[{}[\"inject\",1]]", "[\"inject\",1],".repeat(40)).parse::<Steps>().is_err());
    }
}
