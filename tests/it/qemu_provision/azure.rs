//! `lineside sim azure` in a process of its own, as the DPS of a station.

use std::time::Duration;

use lineside::azure::connection_string::DpsConnectionString;
use lineside::azure::dps::DpsClient;
use lineside::azure::enrollment::IndividualEnrollment;
use lineside::azure::https::Roots;
use lineside::domain::secret::Secret;
use lineside::station::clock;

use crate::factory::process::Process;
use crate::factory::{Station, lineside};

/// A DPS that serves until this is dropped.
pub struct Azure {
    _process: Process,
    client: DpsClient,
    /// Its ID scope.
    pub id_scope: String,
    /// Where devices find it.
    pub endpoint: String,
}

impl Azure {
    /// Starts one and makes it the station's.
    pub fn of(station: &Station) -> Azure {
        let ca_file = station.folder().join("sim-azure-ca.pem");
        let mut command = lineside();
        command.args(["sim", "azure", "--ca-file"]).arg(&ca_file);
        let mut process = Process::start(command);
        let line = process.json_line();
        let text = |name: &str| line[name].as_str().expect("it says where it is").to_owned();
        let (connection, id_scope) = (text("dps_connection_string"), text("id_scope"));
        let endpoint = format!("https://127.0.0.1:{}", line["https"]);
        let file = station.write("dps", &connection);
        station.ok(&["secret", "set", "dps", "--file", &file]);
        std::fs::remove_file(file).expect("it was written just now");
        station.set("# trust = \"azure-roots.pem\"", "trust = \"sim-azure-ca.pem\"");
        station.set("id_scope = \"0ne00000000\"", &format!("id_scope = \"{id_scope}\""));
        station.set("\"https://global.azure-devices-provisioning.net\"", &format!("\"{endpoint}\""));
        let connection = DpsConnectionString::parse(&Secret::from(connection)).expect("a connection string");
        let client = DpsClient::new(&connection, &Roots::File(ca_file), Duration::from_secs(10));
        Azure { _process: process, client: client.expect("a client"), id_scope, endpoint }
    }

    /// The individual enrollment of this ID as it stands now.
    pub fn enrollment(&self, id: &str) -> Option<IndividualEnrollment> {
        self.client.get(&id.parse().expect("a registration ID"), clock::now()).expect("the simulator answers")
    }
}
