//! What the simulated Azure has at the end: an enabled enrollment for every device that passed, and no other.

use std::time::Duration;

use lineside::azure::connection_string::DpsConnectionString;
use lineside::azure::dps::DpsClient;
use lineside::azure::https::Roots;
use lineside::domain::secret::Secret;
use lineside::station::clock;

use super::plant::{Kind, Plant};
use super::records::Records;
use crate::factory::wait_for;

/// Waits until the serving station has sent everything, then looks at every device's registration ID.
pub fn check(plant: &Plant, kind: &Kind, records: &Records) {
    wait_for("empty outbox", || {
        let outbox = plant.cli(&["enroll", "status"]);
        assert_eq!((&outbox["conflict"], &outbox["parked"]), (&0.into(), &0.into()), "{outbox}");
        (outbox["waiting"] == 0).then_some(())
    });
    let connection = plant.azure["dps_connection_string"].as_str().unwrap().to_owned();
    let connection = DpsConnectionString::parse(&Secret::from(connection)).unwrap();
    let roots = Roots::File(plant.path("azure-ca.pem"));
    let client = DpsClient::new(&connection, &roots, Duration::from_secs(20)).unwrap();
    for device in &plant.devices {
        let id = device.registration_id.parse().unwrap();
        let enabled = client.get(&id, clock::now()).unwrap().map(|record| record.is_enabled());
        let runs = records.runs_of(device);
        let last = runs.last().map(|run| run["verdict"].as_str());
        let expected = match last {
            Some(Some("PASS")) => Some(true),
            // a derived key exists from its intent on, and is blocked when it is given up
            Some(Some(_)) if kind.certificates == 0 => Some(false),
            Some(_) | None => None,
        };
        assert_eq!(enabled, expected, "the enrollment of {id}, whose last run is {last:?}");
    }
}
