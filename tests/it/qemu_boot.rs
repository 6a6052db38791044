//! The Linux device is what it claims to be: it boots, lets its user in over the serial port, and tells its serial
//! number and MAC address; and its cable can be pulled and put back.

use std::time::Duration;

use crate::qemu::LinuxDevice;
use crate::qemu::console::{Console, PROMPT};

#[test]
fn the_linux_device_boots_lets_its_user_in_and_tells_who_it_is() {
    let mut device = LinuxDevice::boot("SN-000123", "02:00:5e:10:20:30");
    device.wait_for_login();
    let mut console = Console::log_in(device.port());

    assert_eq!(console.run("cat /sys/class/dmi/id/product_serial"), "SN-000123\n");
    assert_eq!(console.run("cat /sys/class/net/eth0/address"), "02:00:5e:10:20:30\n");
    assert_eq!(console.run("ls -d /etc/aziot"), "/etc/aziot\n");
    console.run("openssl ecparam -name prime256v1 -genkey -noout -out key");
    assert_eq!(console.run("head -n 1 key"), "-----BEGIN EC PRIVATE KEY-----\n");

    console.run("name=left-behind");
    device.unplug();
    assert_eq!(std::fs::read_dir(device.ports()).unwrap().count(), 0);
    console.must_be_pulled();

    device.replug();
    let mut console = Console::open(device.port());
    console.send("");
    console.until(PROMPT, Duration::from_secs(30));
    assert_eq!(console.run("echo still $name"), "still left-behind\n");
}
