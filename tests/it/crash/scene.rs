//! What is done to one station: it is killed, started again, asked, and told what an engineer decides.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::plant::{Device, Kind, Plant};
use super::process::Process;
use super::records::Records;
use super::{Dice, Follows, Holds, since_1970, table};
use crate::factory::wait_for;

/// Kills at random moments.
const RANDOM_KILLS: usize = 20;

/// A plant whose station is killed.
pub struct Scene<'a> {
    pub kind: &'a Kind,
    pub plant: &'a Plant,
    pub records: Records<'a>,
    /// Devices that were never plugged in.
    pub fresh: std::slice::Iter<'a, Device>,
}

impl<'a> Scene<'a> {
    fn next_device(&mut self) -> &'a Device {
        self.fresh.next().expect("a device that was never plugged in")
    }

    /// Kills a station that stands still at this point with this device in its slot.
    fn kill_at(&mut self, device: &Device, point: &str) {
        self.plant.plug(device);
        self.kill_at_with(point);
    }

    /// The same, with the device in its slot before the station starts.
    fn kill_at_with(&mut self, point: &str) {
        let mut station = self.plant.start(Some(point));
        let line = format!("crash-point {point}");
        station.until(&line, |said| (said == line).then_some(()));
        station.kill();
        self.records.check();
    }

    fn passes(&self, device: &Device) {
        wait_for(&format!("PASS of {}", device.serial), || {
            self.records.runs_of(device).last().filter(|run| run["verdict"] == "PASS").map(|_| ())
        });
    }

    /// The station refuses the device in its slot, with no other consequence.
    fn is_refused(&self, device: &Device, newest: u64, ending: &str) {
        let runs = self.records.runs_of(device);
        let refused = wait_for("refusal", || {
            Some(self.records.refusals_after(newest)).filter(|refusals| !refusals.is_empty())
        });
        assert_eq!(refused, [ending]);
        assert_eq!(self.records.runs_of(device), runs, "nothing else came of it");
    }

    fn decide(&self, decision: &str, run: u64) -> Result<(), String> {
        let command = ["run", decision, &run.to_string(), "--reason", "the station was killed"];
        self.plant.try_cli(&command).map(|_| ())
    }

    /// One device, one point: kill, start again with the device still in its slot, decide, and let it pass.
    pub fn survive(&mut self, point: &str, supersede: bool) {
        let Some((follows, holds)) = table(self.kind, point) else { return };
        let device = self.next_device();
        self.kill_at(device, point);
        assert_eq!(Holds::now(self.kind, device), holds, "what a device holds at {point}");
        let runs = self.records.runs_of(device);
        let newest = self.records.newest_run();
        let (run, stage) = match runs.as_slice() {
            [] => (0, ""),
            [run] => (run["id"].as_u64().unwrap(), run["stage"].as_str().unwrap()),
            several => panic!("{point}: {several:?}"),
        };
        let station = self.plant.serve(None);
        match follows {
            Follows::RunAgain => {
                assert_eq!(run, 0, "nothing is on record at {point}");
                self.passes(device);
            }
            Follows::Passed => {
                assert_eq!((stage, &runs[0]["verdict"]), ("finished", &"PASS".into()));
                self.is_refused(device, newest, "SKIPPED LS-RUN-05");
            }
            Follows::GivenUp => {
                let certificate = (&runs[0]["state"], &runs[0]["signed"]);
                assert_eq!((stage, certificate), ("intended", (&"intended".into(), &0.into())), "{point}");
                self.is_refused(device, newest, "QUARANTINE LS-RUN-04");
                let refused = self.decide("resume", run).unwrap_err();
                assert!(refused.contains("LS-RUN-03"), "an intent is never signed again: {refused}");
                self.supersede(device, run);
                self.records.check_revocation_list();
            }
            Follows::GoesOn => {
                let certificate = (&runs[0]["state"], &runs[0]["signed"]);
                let none = (Value::Null, Value::from(0));
                let expected = if self.kind.certificates > 0 { ("issued".into(), 1.into()) } else { none };
                assert_eq!(certificate, (&expected.0, &expected.1), "{point}");
                self.is_refused(device, newest, "QUARANTINE LS-RUN-04");
                if supersede {
                    self.supersede(device, run);
                } else {
                    return self.resume_twice(station, device, run, point);
                }
            }
        }
        station.kill();
        self.plant.pull_all();
        self.records.check();
    }

    /// Gives a run up and lets its device pass in another.
    fn supersede(&self, device: &Device, run: u64) {
        self.decide("supersede", run).unwrap();
        self.plant.pull(device);
        self.plant.plug(device);
        self.passes(device);
        let runs = self.records.runs_of(device);
        assert_eq!((runs.len(), &runs[0]["verdict"]), (2, &"ABORTED".into()));
        assert!(
            (self.kind.certificates > 0) == (runs[0]["serial"] != runs[1]["serial"]),
            "another certificate, or no other key"
        );
    }

    /// Lets a run go on, kills the station at the same point of it once more, and lets it go on to its end. The first
    /// decision was spent when the run was taken up, so somebody decides again.
    fn resume_twice(&mut self, station: Process, device: &Device, run: u64, point: &str) {
        let before = self.records.runs_of(device);
        self.decide("resume", run).unwrap();
        station.kill();
        self.kill_at_with(point);
        assert_eq!(self.records.unfinished().len(), 1, "the run waits for a decision once more");
        self.decide("resume", run).unwrap();
        let station = self.plant.serve(None);
        self.passes(device);
        let after = self.records.runs_of(device);
        assert_eq!((after.len(), &after[0]["serial"]), (1, &before[0]["serial"]), "one run, one certificate");
        station.kill();
        self.plant.pull_all();
        self.records.check();
    }

    /// Kills a station that works on two devices, in whatever state they are, at one random moment after the other.
    pub fn kill_at_random(&mut self, dice: &mut Dice) {
        let whole = self.calm_round();
        let (mut bench, mut broken) = (Vec::<&Device>::new(), 0);
        for _ in 0..RANDOM_KILLS {
            bench.retain(|device| {
                self.records.runs_of(device).last().is_none_or(|run| run["verdict"] != "PASS")
            });
            while bench.len() < 2 {
                bench.push(self.next_device());
            }
            bench.iter().for_each(|device| self.plant.plug(device));
            let station = self.plant.start_until_first_word();
            thread::sleep(dice.below(whole));
            station.kill();
            self.plant.pull_all();
            self.records.check();
            broken += self.records.unfinished().len();
            self.decide_all(dice);
        }
        println!("{RANDOM_KILLS} kills within {whole:?} of the first word to a device broke {broken} runs");
        assert!(broken > 0, "the random moments hit no run at all");
        bench.iter().for_each(|device| self.plant.plug(device));
        let station = self.plant.serve(None);
        bench.iter().for_each(|device| self.passes(device));
        station.kill();
        self.plant.pull_all();
        self.records.check();
    }

    /// How long an undisturbed station takes from its first word to two devices until after its last verdict.
    fn calm_round(&mut self) -> Duration {
        let devices = [self.next_device(), self.next_device()];
        devices.iter().for_each(|device| self.plant.plug(device));
        let station = self.plant.start_until_first_word();
        let begun = since_1970();
        devices.iter().for_each(|device| self.passes(device));
        station.kill();
        self.plant.pull_all();
        let last = &self.records.rows("SELECT max(finished) AS last FROM run")[0]["last"];
        (Duration::from_millis(last.as_u64().unwrap()) - begun) * 5 / 4
    }

    /// Decides at random about every run that broke off; what cannot be resumed is superseded.
    fn decide_all(&self, dice: &mut Dice) {
        for run in self.records.unfinished() {
            let resumed =
                dice.below(Duration::from_nanos(2)) != Duration::ZERO && self.decide("resume", run).is_ok();
            if !resumed {
                self.decide("supersede", run).unwrap();
            }
        }
    }

    /// The unit of a lot that an orphaned intent took is not given back: no credential exceeds what was ordered.
    pub fn a_spent_unit_stays_spent(&mut self) {
        let order = ["work-order", "add", "last-one", "--quantity", "1", "--product", self.kind.product];
        self.plant.cli(&order);
        self.plant.cli(&["work-order", "activate", "last-one"]);
        let device = self.next_device();
        self.kill_at(device, "after-intent");
        let run = self.records.newest_run();
        self.decide("supersede", run).unwrap();
        let station = self.plant.serve(None);
        self.is_refused(device, run, "ERROR LS-WO-04");
        station.kill();
        self.plant.pull_all();
        self.records.check();
        self.plant.cli(&["work-order", "activate", "lot"]);
    }

    /// Devices that do not pass in the end: given up, quarantined, and left undecided.
    pub fn leave_some_behind(&mut self) {
        for decision in [Some("supersede"), Some("quarantine"), None] {
            let device = self.next_device();
            self.kill_at(device, "after-prove");
            let runs = self.records.runs_of(device);
            if let Some(decision) = decision {
                self.decide(decision, runs[0]["id"].as_u64().unwrap()).unwrap();
            }
            self.plant.pull_all();
        }
        assert_eq!(self.records.unfinished().len(), 1);
    }
}
