//! A simulated DPS in the test's own process, so that its faults and its list of requests are at hand, and a
//! client of the test's own to look at what stands there.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use lineside::azure::connection_string::DpsConnectionString;
use lineside::azure::dps::DpsClient;
use lineside::azure::enrollment::IndividualEnrollment;
use lineside::azure::https::Roots;
use lineside::domain::secret::Secret;
use lineside::sim::azure::config::Config;
use lineside::sim::azure::faults::Faults;
use lineside::sim::azure::journal::LoggedRequest;
use lineside::sim::azure::{Running, Simulator};
use lineside::station::clock;

use super::Station;

/// The simulated DPS.
pub struct Azure {
    running: Running,
    client: DpsClient,
}

impl Azure {
    /// Starts one and makes it the station's.
    pub fn of(station: &Station) -> Azure {
        let ca_file = station.folder().join("sim-azure-ca.pem");
        let config = Config::new(IpAddr::V4(Ipv4Addr::LOCALHOST), ca_file.clone(), [7; 32]);
        let running = Simulator::start(config, clock::now).expect("a simulator");
        let info = running.info();
        let connection = station.write("dps", &info.dps_connection_string);
        station.ok(&["secret", "set", "dps", "--file", &connection]);
        station.set("# trust = \"azure-roots.pem\"", "trust = \"sim-azure-ca.pem\"");
        station.set("id_scope = \"0ne00000000\"", &format!("id_scope = \"{}\"", info.id_scope));
        station.set(
            "\"https://global.azure-devices-provisioning.net\"",
            &format!("\"https://127.0.0.1:{}\"", info.https),
        );
        let secret = Secret::from(info.dps_connection_string.clone());
        let connection = DpsConnectionString::parse(&secret).expect("its own connection string");
        let client = DpsClient::new(&connection, &Roots::File(ca_file), Duration::from_secs(10)).unwrap();
        Azure { running, client }
    }

    /// Its faults.
    pub fn faults(&self) -> Arc<Faults> {
        self.running.faults()
    }

    /// What was asked about this registration ID, oldest first.
    pub fn asked(&self, id: &str) -> Vec<LoggedRequest> {
        let path = format!("/enrollments/{id}");
        let about = |request: &LoggedRequest| request.path.split("/attestation").next() == Some(&path);
        self.running.requests().into_iter().filter(about).collect()
    }

    /// How many enrollments there are.
    pub fn enrollments(&self) -> usize {
        self.running.counts().enrollments
    }

    /// The individual enrollment of this ID as it stands now.
    pub fn enrollment(&self, id: &str) -> Option<IndividualEnrollment> {
        self.client.get(&id.parse().unwrap(), clock::now()).expect("the simulator answers")
    }

    /// The client of the test, to make enrollments behind the station's back.
    pub fn client(&self) -> &DpsClient {
        &self.client
    }
}
