//! The life of one device, from first hello to verdict. [`provision`] reads straight down in the order of
//! the spine; nothing else in the program knows the whole story.

pub mod bench;
pub mod credential;
pub mod identify;
pub mod live;
pub mod place;
pub mod stop;

use std::time::Instant;

use crate::device::driver::Driver;
use crate::domain::revocation_reason::RevocationReason;
use crate::domain::stage::Stage;
use crate::domain::step::Steps;
use crate::domain::verdict::Verdict;
use crate::station::board::Ending;
use crate::station::clock;
use crate::station::crash_point;
use crate::station::enrollment;
use crate::station::labels::at_pass;
use crate::station::provision::bench::{Bench, Job, Progress};
use crate::station::provision::live::UnderWay;
use crate::station::provision::stop::Stop;
use crate::store::runs::finish::{self, Finish};

/// Provisions the device behind `driver` and returns what the tile is to show. Whatever happens, the run
/// has its verdict on record when this returns, unless the records themselves cannot be written.
pub fn provision(
    bench: &Bench<'_>,
    job: &Job<'_>,
    driver: &mut dyn Driver,
    progress: &Progress<'_>,
) -> Ending {
    let mut walk = Walk::begun();
    match walk.down(bench, job, driver, progress) {
        Ok(ending) => ending,
        Err(stop) => stop::end(bench, job, &walk, stop, Some(driver)),
    }
}

/// How far one device has come.
pub struct Walk<'l> {
    begun: Instant,
    steps: Steps,
    stage: Stage,
    run: Option<u64>,
    /// Until the verdict is on record the run is under way, whatever went wrong.
    under_way: Option<UnderWay<'l>>,
    serial: Option<String>,
}

impl<'l> Walk<'l> {
    /// Nothing has been asked yet.
    pub fn begun() -> Walk<'l> {
        Walk {
            begun: Instant::now(),
            steps: Steps::default(),
            stage: Stage::Identify,
            run: None,
            under_way: None,
            serial: None,
        }
    }

    fn down(
        &mut self,
        bench: &Bench<'l>,
        job: &Job<'_>,
        driver: &mut dyn Driver,
        progress: &Progress<'_>,
    ) -> Result<Ending, Stop> {
        self.enter(Stage::Identify, progress);
        let device = identify::identify(bench, job, driver, &mut self.serial)?;
        place::rehearse(bench, job, &device)?;
        let label = at_pass::rehearse(bench, job, &device)?;
        crash_point::reached("identified");

        self.enter(Stage::Prepare, progress);
        let offer = credential::prepare(bench, job, &device, driver)?;
        crash_point::reached("prepared");

        self.enter(Stage::Intended, progress);
        crash_point::reached("before-intent");
        let intended = credential::reserve_and_intend(bench, job, &device, offer)?;
        self.run = Some(intended.run());
        self.under_way = bench.live.enter(intended.run());
        crash_point::reached("after-intent");
        let credential = intended.issue(bench, job)?;
        self.enter(Stage::Issued, progress);
        crash_point::reached("after-certificate");

        let files = place::render(bench, job, &device, &credential)?;
        self.enter(Stage::Inject, progress);
        crash_point::reached("before-inject");
        place::inject_and_read_back(driver, &files, |stage, sent| {
            self.note(stage);
            progress(stage, self.serial.as_deref(), sent);
        })?;
        crash_point::reached("after-read-back");
        driver.commit()?;
        crash_point::reached("after-commit");

        self.enter(Stage::Prove, progress);
        let proof = place::prove(bench, job, &device, &credential, driver)?;
        crash_point::reached("after-prove");
        driver.finish()?;
        crash_point::reached("after-finish");

        let at = clock::now();
        let steps = self.steps_to_verdict();
        bench.store.change(job.actor, at, |change| {
            let finish = Finish {
                verdict: Verdict::Pass,
                stage: Stage::Finished,
                code: None,
                message: "",
                proof: Some(proof),
                revoke_for: RevocationReason::Unspecified,
                steps: steps.as_ref(),
            };
            finish::finish(change, credential.run(), &finish)?;
            let (vault, product) = (&bench.keys.vault, &job.recipe.product);
            enrollment::queue_pass(change, vault, product, &device.identity, &credential)?;
            match &label {
                Some(label) => at_pass::queue(change, label, bench, job, &device, &credential, at),
                None => Ok(()),
            }
        })?;
        crash_point::reached("after-verdict");
        Ok(Ending {
            verdict: Verdict::Pass,
            run: self.run,
            serial: self.serial.clone(),
            message: format!("{} has its identity.", device.identity.registration_id),
            next: "Take the unit out.".to_owned(),
            code: None,
            at,
        })
    }

    fn enter(&mut self, stage: Stage, progress: &Progress<'_>) {
        self.note(stage);
        progress(stage, self.serial.as_deref(), None);
    }

    fn note(&mut self, stage: Stage) {
        self.stage = stage;
        self.steps.enter(stage, self.millis());
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The steps so far, and the verdict that comes now; none if the device was never asked anything.
    pub fn steps_to_verdict(&self) -> Option<Steps> {
        let mut steps = self.steps.clone();
        steps.enter(Stage::Finished, self.millis());
        (!self.steps.is_empty()).then_some(steps)
    }

    /// The step the device is in.
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The run on record, once there is one.
    pub fn run(&self) -> Option<u64> {
        self.run
    }

    /// What the device said its serial number was.
    pub fn serial(&self) -> Option<&str> {
        self.serial.as_deref()
    }
}
