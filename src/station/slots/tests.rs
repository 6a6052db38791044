//! A unit that a slot holds, and what becomes of orders to run it again.

use std::sync::mpsc;
use std::time::Duration;

use super::*;
use crate::domain::name::Name;
use crate::domain::person::Actor;
use crate::domain::utc_time::UtcTime;
use crate::station::board::{Ending, WhyNot};
use crate::station::slots::readiness::NotAgain;
use crate::station::testing::Bench;
use crate::store::error::StoreError;
use crate::store::work_orders::{self, NewWorkOrder, WorkOrderError};

const SOON: Duration = Duration::from_secs(20);

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn activate(floor: &Floor, order: &str) {
    let (order, product) = (name(order), name("demo-gateway"));
    let new = NewWorkOrder { name: &order, product: &product, quantity: 5, spare: 0, serials: &[] };
    let done: Result<(), WorkOrderError> = floor.store.change(&Actor::Station, clock::now(), |change| {
        work_orders::add(change, &new)?;
        work_orders::activate(change, &order, "ada")
    });
    done.unwrap();
}

/// What a slot makes of RETRY while it holds a unit that failed under `lot-1`: the order it goes on under, if it does.
fn retry(floor: &Floor, task: &Task) -> Option<Name> {
    let slot = floor.settings.slots[0].clone();
    floor.board.show(
        &slot.name,
        Tile::Verdict(Ending {
            verdict: Verdict::Fail,
            run: Some(1),
            serial: None,
            message: String::new(),
            next: String::new(),
            code: None,
            at: UtcTime::from_seconds(0),
        }),
    );
    assert!(floor.desk.mailboxes.put(&slot.name, Order::Retry(Actor::Station)));
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| {
            let held = hold(floor, &slot, task, &mut Watch::new(&slot));
            tell.send(match held {
                Held::Again(task, again) => again.label.is_none().then_some(task.work_order),
                Held::Gone => None,
            })
        });
        let first = told.recv_timeout(LOOK * 6);
        floor.stop.store(true, Ordering::Relaxed);
        let last = first.or_else(|_| told.recv_timeout(SOON)).unwrap();
        floor.stop.store(false, Ordering::Relaxed);
        assert!(matches!(floor.board.of(&slot.name), Some(Tile::Verdict(_))), "the verdict stays");
        last
    })
}

#[test]
fn a_unit_runs_again_only_under_its_own_order_and_while_nothing_holds_the_line() {
    let (floor, _place) = Bench::new().floor();
    assert!(matches!(ready(&floor), Err(WhyNot::NoWorkOrder)));
    activate(&floor, "lot-1");
    let task = ready(&floor).unwrap();
    assert_eq!(retry(&floor, &task), Some(name("lot-1")));
    activate(&floor, "lot-2");
    assert_eq!(retry(&floor, &task), None);
    let other = ready_again(&floor, &name("lot-1"));
    assert!(matches!(other, Err(NotAgain::OtherOrder { order }) if order == name("lot-2")));
    let paused: Result<(), WorkOrderError> = floor
        .store
        .change(&Actor::Station, clock::now(), |change| work_orders::pause(change, &name("lot-2")));
    paused.unwrap();
    assert_eq!(retry(&floor, &task), None);
    assert!(matches!(ready_again(&floor, &name("lot-2")), Err(NotAgain::NotReady(WhyNot::NoWorkOrder))));
}

#[test]
fn whoever_reads_long_keeps_no_slot_waiting() {
    let (floor, _place) = Bench::new().floor();
    activate(&floor, "lot-1");
    let floor = &floor;
    thread::scope(|scope| {
        let (begun, has_begun) = mpsc::channel();
        let (go, may_go) = mpsc::channel::<()>();
        scope.spawn(move || {
            floor.store.read_long(
                Duration::ZERO,
                || false,
                |_| {
                    begun.send(()).unwrap();
                    may_go.recv_timeout(SOON).unwrap();
                    Ok::<_, StoreError>(())
                },
            )
        });
        has_begun.recv_timeout(SOON).unwrap();
        // as many as somebody who loads a report again and again
        for _ in 0..14 {
            let another = floor.store.read_long(Duration::ZERO, || false, |_| Ok::<_, StoreError>(()));
            assert!(matches!(another, Err(StoreError::LongReadUnderWay)));
        }
        let asked = Instant::now();
        assert!(ready(floor).is_ok());
        assert!(asked.elapsed() < Duration::from_secs(5), "it waited for the reader");
        go.send(()).unwrap();
    });
}
