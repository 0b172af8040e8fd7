//! The SDKs that are tested, and how a device of each starts.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::device::Device;
use crate::support::server::Server;

/// A real SDK.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Sdk {
    /// Realm Kotlin 2.3.0 (sync protocol 14), built by `tests/sdk/kotlin/build.sh`.
    Kotlin,
    /// Realm JS 10.24.0 (protocol 7), built from the npm registry.
    Js,
}

impl Sdk {
    /// A device of this SDK, on no server yet. Without the SDK that is said, and nothing returned.
    pub fn device(self) -> Option<Device> {
        self.command(&[]).map(Device::start)
    }

    /// The same, that trusts an authority as an app of the SDK would: for the HTTP of its platform, and for the sync of its native client.
    pub fn device_trusting(self, ca: &Path) -> Option<Device> {
        match self {
            Sdk::Kotlin => {
                let store = trust_store(ca);
                let options = [
                    format!("-Djavax.net.ssl.trustStore={}", store.display()),
                    "-Djavax.net.ssl.trustStorePassword=changeit".to_owned(),
                ];
                let mut command = self.command(&options)?;
                command.env("ROS_DEVICE_CA", ca);
                Some(Device::start(command))
            }
            Sdk::Js => {
                let mut command = self.command(&[])?;
                command.env("NODE_EXTRA_CA_CERTS", ca);
                command.env("ROS_DEVICE_CA", ca);
                Some(Device::start(command))
            }
        }
    }

    fn command(self, options: &[String]) -> Option<Command> {
        let variable = match self {
            Sdk::Kotlin => "ROS_SDK_KOTLIN",
            Sdk::Js => "ROS_SDK",
        };
        let Some(built) = std::env::var_os(variable).map(PathBuf::from) else {
            assert!(
                std::env::var_os("ROS_REQUIRE_SDK").is_none(),
                "{variable} names no built SDK"
            );
            println!("could not run: no {self:?} SDK (tests/run builds it)");
            return None;
        };
        Some(match self {
            Sdk::Kotlin => {
                let classpath = format!("{0}/classes:{0}/lib/*", built.display());
                let mut command = Command::new("java");
                // What it leaves when its library ends the process.
                let dump = concat!(
                    "-XX:ErrorFile=",
                    env!("CARGO_TARGET_TMPDIR"),
                    "/hs_err_%p.log"
                );
                command
                    .args(["-XX:TieredStopAtLevel=1", dump])
                    .args(options);
                command.args(["-cp", &classpath, "DeviceKt"]);
                command
            }
            Sdk::Js => {
                let mut command = Command::new("node");
                let device = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/js/device.js");
                command.arg(device).env("ROS_SDK", built);
                command
            }
        })
    }

    /// Devices signed in at this server, each as a user of its own.
    pub fn signed_in<const N: usize>(self, server: &Server) -> Option<[Device; N]> {
        let devices: Option<Vec<Device>> = (0..N).map(|_| self.device()).collect();
        let mut devices: [Device; N] = devices?.try_into().ok()?;
        devices
            .iter_mut()
            .for_each(|device| device.sign_in(&server.url()));
        Some(devices)
    }

    /// Devices signed in at this server, with the same partition open.
    pub fn devices<const N: usize>(self, server: &Server, partition: &str) -> Option<[Device; N]> {
        let mut devices = self.signed_in(server)?;
        devices.iter_mut().for_each(|device| device.open(partition));
        Some(devices)
    }
}

/// A store of Java with one authority, beside its file.
fn trust_store(ca: &Path) -> PathBuf {
    let store = ca.with_extension("p12");
    if !store.exists() {
        let made = Command::new("keytool")
            .args([
                "-importcert",
                "-noprompt",
                "-alias",
                "lab",
                "-storetype",
                "PKCS12",
            ])
            .args(["-storepass", "changeit", "-file"])
            .arg(ca)
            .arg("-keystore")
            .arg(&store)
            .output()
            .expect("keytool starts");
        let said = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "no trust store: {said}");
    }
    store
}
