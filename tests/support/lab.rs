//! An authority of a lab, and what it signs.

use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use ros::tls::{Files, Trust};
use tempfile::TempDir;

/// A folder with an authority and one pair: `ca.pem`, `server.pem`, `server.key`.
pub struct Lab {
    folder: TempDir,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Lab {
    /// An authority.
    pub fn new() -> Lab {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Lab");
        let key = KeyPair::generate().unwrap();
        let authority = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        Lab { folder, authority }
    }

    /// An authority, and a pair for this host.
    pub fn for_this_host() -> Lab {
        let lab = Lab::new();
        lab.issue(&["localhost", "127.0.0.1"], false);
        lab
    }

    /// A file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The authority's certificate.
    pub fn ca(&self) -> PathBuf {
        self.file("ca.pem")
    }

    /// The pair.
    pub fn files(&self) -> Files {
        Files {
            certificate: self.file("server.pem"),
            private_key: self.file("server.key"),
            allow_self_signed: false,
        }
    }

    /// What the section `proxy` of a configuration says of HTTPS with the pair.
    pub fn https(&self, port: u16) -> String {
        let files = self.files();
        format!(
            "https: {{enable: true, listen_address: 127.0.0.1, listen_port: {port}, certificate_path: {}, private_key_path: {}}}",
            files.certificate.display(),
            files.private_key.display()
        )
    }

    /// Writes a new pair for these hosts, signed by the authority, or by itself.
    pub fn issue(&self, hosts: &[&str], self_signed: bool) {
        let key = KeyPair::generate().unwrap();
        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let mut params = CertificateParams::new(hosts.clone()).unwrap();
        params
            .distinguished_name
            .push(DnType::CommonName, &hosts[0]);
        let own = match self_signed {
            true => params.self_signed(&key).unwrap().pem(),
            false => {
                let own = params.signed_by(&key, &self.authority).unwrap().pem();
                own + &self.authority.pem()
            }
        };
        // The key first: whoever reads both meanwhile finds that they do not fit, and reads again.
        std::fs::write(self.file("server.key"), key.serialize_pem()).unwrap();
        std::fs::write(self.file("server.pem"), own).unwrap();
    }

    /// Whoever trusts the authority.
    pub fn trust(&self) -> Trust {
        Trust::system_and(&self.ca()).unwrap()
    }
}
