//! Pairs of certificate and key: read, checked, shown, replaced.

use rcgen::KeyPair;
use ros::tls::{Cause, Files, Identity, Pair, Trust, certificates, distrust};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ProtocolVersion};

use crate::support::lab::Lab;

/// A connection, and the other end of it, which sends everything back.
async fn connected(
    identity: &Identity,
    trust: &Trust,
    host: &str,
) -> std::io::Result<TlsStream<DuplexStream>> {
    let (near, far) = tokio::io::duplex(64 << 10);
    let acceptor = identity.acceptor().clone();
    tokio::spawn(async move {
        let stream = acceptor.accept(far).await?;
        let (mut read, mut write) = tokio::io::split(stream);
        tokio::io::copy(&mut read, &mut write).await
    });
    let host = ServerName::try_from(host.to_owned()).unwrap();
    trust.connector().connect(host, near).await
}

async fn echoed(stream: &mut TlsStream<DuplexStream>) {
    let mut back = [0; 5];
    stream.write_all(b"hello").await.unwrap();
    stream.read_exact(&mut back).await.unwrap();
    assert_eq!(&back, b"hello");
}

/// The certificate that the server has shown.
fn shown(stream: &TlsStream<DuplexStream>) -> Vec<u8> {
    let (_, connection) = stream.get_ref();
    connection.peer_certificates().unwrap()[0].to_vec()
}

#[test]
fn a_certificate_says_whose_it_is_and_for_which_hosts() {
    let lab = Lab::new();
    lab.issue(&["sync.example.com"], false);
    let pair = Pair::read(&lab.files()).unwrap();
    let [own, authority] = pair.chain() else {
        panic!("two certificates, not {:?}", pair.chain());
    };
    assert_eq!(
        (&*own.subject, &*own.issuer),
        ("CN=sync.example.com", "CN=Lab")
    );
    assert_eq!(own.names, ["sync.example.com"]);
    assert!(own.from < own.until);
    assert!(!own.is_self_signed && authority.is_self_signed);
    assert!(pair.holds_for("sync.example.com"));
    assert!(!pair.holds_for("example.com") && !pair.holds_for("127.0.0.1") && !pair.holds_for("…"));
    lab.issue(&["192.0.2.1"], false);
    let pair = Pair::read(&lab.files()).unwrap();
    assert_eq!(pair.chain()[0].names, ["192.0.2.1"]);
    assert!(pair.holds_for("192.0.2.1"));
}

#[test]
fn who_has_signed_itself_is_refused_unless_that_is_allowed() {
    let lab = Lab::new();
    lab.issue(&["lab"], true);
    let refused = Pair::read(&lab.files()).unwrap_err();
    assert!(matches!(refused.cause, Cause::SelfSigned), "{refused}");
    assert_eq!(refused.file, lab.file("server.pem"));
    let allowed = Files {
        allow_self_signed: true,
        ..lab.files()
    };
    assert!(Pair::read(&allowed).is_ok());
}

#[test]
fn bad_files_are_named_with_what_is_wrong() {
    let lab = Lab::new();
    lab.issue(&["a"], false);
    let certificate = std::fs::read_to_string(lab.file("server.pem")).unwrap();
    let key = std::fs::read_to_string(lab.file("server.key")).unwrap();
    let other = KeyPair::generate().unwrap().serialize_pem();
    let public = KeyPair::generate().unwrap().public_key_pem();
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let no_der = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let bad_letters = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    let bad_second = format!("{certificate}{no_der}");
    let no_end = &certificate[..200];
    let bad_key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    let large = "#".repeat(2 << 20);
    let good = (&*certificate, &*key);
    for (certificate, key, file, cause) in [
        ("", good.1, "server.pem", "there is no certificate in it"),
        (
            "\0\0",
            good.1,
            "server.pem",
            "there is no certificate in it",
        ),
        (
            good.1,
            good.1,
            "server.pem",
            "there is no certificate in it",
        ),
        (no_end, good.1, "server.pem", "not PEM: a block has no end"),
        (
            bad_letters,
            good.1,
            "server.pem",
            "not PEM: a block has characters",
        ),
        (
            no_der,
            good.1,
            "server.pem",
            "certificate 1 in it cannot be read",
        ),
        (
            &bad_second,
            good.1,
            "server.pem",
            "certificate 3 in it cannot be read",
        ),
        (&large, good.1, "server.pem", "larger than 1 MiB"),
        (good.0, "", "server.key", "there is no private key in it"),
        (
            good.0,
            good.0,
            "server.key",
            "there is no private key in it",
        ),
        (
            good.0,
            &public,
            "server.key",
            "there is no private key in it",
        ),
        (good.0, locked, "server.key", "locked with a passphrase"),
        (
            good.0,
            bad_key,
            "server.key",
            "the private key cannot be used",
        ),
        (
            good.0,
            &other,
            "server.key",
            "does not belong to the certificate",
        ),
    ] {
        std::fs::write(lab.file("server.pem"), certificate).unwrap();
        std::fs::write(lab.file("server.key"), key).unwrap();
        let error = Pair::read(&lab.files()).unwrap_err();
        assert_eq!(error.file, lab.file(file), "{error}");
        assert!(error.to_string().contains(cause), "{error}: not {cause}");
    }
    std::fs::remove_file(lab.file("server.pem")).unwrap();
    let error = Pair::read(&lab.files()).unwrap_err();
    assert!(matches!(error.cause, Cause::Unreadable(_)), "{error}");
}

#[test]
fn no_beginning_of_a_file_is_more_than_an_error() {
    let lab = Lab::new();
    lab.issue(&["a"], false);
    for name in ["server.pem", "server.key"] {
        let whole = std::fs::read(lab.file(name)).unwrap();
        let end = whole.len();
        for length in (0..end).step_by(7).chain(end - 40..end) {
            std::fs::write(lab.file(name), &whole[..length]).unwrap();
            match Pair::read(&lab.files()) {
                // What is cut off is the second certificate, or the last line's end.
                Ok(pair) => assert!(!pair.chain().is_empty()),
                Err(error) => assert_eq!(error.file, lab.file(name)),
            }
        }
        std::fs::write(lab.file(name), whole).unwrap();
    }
}

#[tokio::test]
async fn both_versions_are_spoken() {
    let lab = Lab::new();
    lab.issue(&["localhost"], false);
    let identity = Identity::read(lab.files()).unwrap();
    let mut stream = connected(&identity, &lab.trust(), "localhost")
        .await
        .unwrap();
    echoed(&mut stream).await;
    let version = stream.get_ref().1.protocol_version();
    assert_eq!(version, Some(ProtocolVersion::TLSv1_3));

    let provider = rustls::crypto::ring::default_provider();
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(certificates(&lab.ca()).unwrap().remove(0))
        .unwrap();
    let older = rustls::ClientConfig::builder_with_provider(provider.into())
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (near, far) = tokio::io::duplex(64 << 10);
    let acceptor = identity.acceptor().clone();
    let serving = tokio::spawn(async move { acceptor.accept(far).await.map(drop) });
    let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(older));
    let host = ServerName::try_from("localhost").unwrap();
    let stream = connector.connect(host, near).await.unwrap();
    let version = stream.get_ref().1.protocol_version();
    assert_eq!(version, Some(ProtocolVersion::TLSv1_2));
    serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_new_pair_is_for_new_connections() {
    let lab = Lab::new();
    lab.issue(&["localhost"], false);
    let identity = Identity::read(lab.files()).unwrap();
    let mut before = connected(&identity, &lab.trust(), "localhost")
        .await
        .unwrap();
    assert!(identity.refresh().unwrap().is_none());

    lab.issue(&["localhost"], false);
    assert!(identity.refresh().unwrap().is_some());
    assert!(identity.refresh().unwrap().is_none());
    let mut after = connected(&identity, &lab.trust(), "localhost")
        .await
        .unwrap();
    assert_ne!(shown(&before), shown(&after));
    echoed(&mut before).await;
    echoed(&mut after).await;
}

#[tokio::test]
async fn a_bad_pair_changes_nothing_and_is_complained_of_once() {
    let lab = Lab::new();
    lab.issue(&["localhost"], false);
    let identity = Identity::read(lab.files()).unwrap();
    let good = std::fs::read(lab.file("server.key")).unwrap();
    std::fs::write(lab.file("server.key"), "nothing").unwrap();
    assert!(matches!(
        identity.refresh().unwrap_err().cause,
        Cause::NoKey
    ));
    assert!(identity.refresh().unwrap().is_none());
    let mut stream = connected(&identity, &lab.trust(), "localhost")
        .await
        .unwrap();
    echoed(&mut stream).await;

    std::fs::remove_file(lab.file("server.key")).unwrap();
    assert!(identity.refresh().is_err());
    assert!(identity.reload(lab.files()).is_err());
    std::fs::write(lab.file("server.key"), good).unwrap();
    assert!(identity.refresh().unwrap().is_some());
}

#[tokio::test]
async fn a_client_says_why_it_does_not_believe() {
    let lab = Lab::new();
    lab.issue(&["localhost"], false);
    let identity = Identity::read(lab.files()).unwrap();
    for (trust, host, why) in [
        (
            Trust::system(),
            "localhost",
            "nobody who is trusted here has signed it",
        ),
        (
            lab.trust(),
            "example.com",
            "it is for other hosts: DnsName(\"localhost\")",
        ),
    ] {
        let error = connected(&identity, &trust, host).await.unwrap_err();
        assert_eq!(distrust(&error).as_deref(), Some(why));
    }
    assert_eq!(distrust(&std::io::Error::other("x")), None);
}

#[test]
fn a_file_of_authorities_must_have_some() {
    let lab = Lab::new();
    let empty = lab.file("empty.pem");
    std::fs::write(&empty, "").unwrap();
    let refused = Trust::system_and(&empty).err().unwrap();
    assert!(matches!(refused.cause, Cause::NoCertificate));
}
