//! The SDKs that are tested, and how a device of each starts.

use std::path::PathBuf;
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
        let command = match self {
            Sdk::Kotlin => {
                let classpath = format!("{0}/classes:{0}/lib/*", built.display());
                let mut command = Command::new("java");
                command.args(["-XX:TieredStopAtLevel=1", "-cp", &classpath, "DeviceKt"]);
                command
            }
            Sdk::Js => {
                let mut command = Command::new("node");
                let device = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/js/device.js");
                command.arg(device).env("ROS_SDK", built);
                command
            }
        };
        Some(Device::start(command))
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
