//! `auth`: keys, tokens and providers of classic users.

use super::{Effect, Group, Key};
use crate::config::kind::Kind;
use crate::config::place::{OfCustom, OptionOfCustom, Server};
use crate::config::{Google, Jwt, Settings};

pub const KEYS: &[Key] = &[
    Key::fixed(
        "auth.private_key_path",
        Kind::File,
        &Server(|s| &mut s.private_key),
        "The RSA private key that signs tokens, PEM.",
    )
    .needed()
    .like("/etc/realm/token-signature.key"),
    Key::fixed(
        "auth.public_key_path",
        Kind::File,
        &Server(|s| &mut s.public_key),
        "The RSA public key, PEM; it must belong to the private key, from which it is known anyway.",
    )
    .like("/etc/realm/token-signature.pub"),
    Key::fixed(
        "auth.previous_public_keys",
        Kind::Files,
        &Server(|s| &mut s.previous_public_keys),
        "Public keys of earlier pairs, PEM: tokens that they verify count until they expire. For changing the key pair without signing everybody out.",
    )
    .like("[ /etc/realm/token-signature.old.pub ]"),
    Key::fixed(
        "auth.sync_hosts",
        Kind::Hosts,
        &Server(|s| &mut s.sync_hosts),
        "Names under which this server is known, beside its own addresses: URLs of Realms with another one are refused.",
    )
    .but(Effect::Missing)
    .like("[ 'sync.example.com:9080' ]"),
    Key::live(
        "auth.ttls.access_token",
        Kind::Seconds,
        &Server(|s| &mut s.lifetimes.access),
        "Seconds until an access token of a classic user ends. SDKs get a new one 10 to 20 seconds before: less than 60 keeps them busy.",
    ),
    Key::live(
        "auth.ttls.refresh_token",
        Kind::Seconds,
        &Server(|s| &mut s.lifetimes.refresh),
        "Seconds until a refresh token of a classic user ends, and the user must sign in again.",
    ),
    Key::live(
        "auth.password_min_length",
        Kind::Count,
        &Server(|s| &mut s.password_min_length),
        "Characters that a password must have which somebody chooses, at most 64. Less than 8 is for apps that already have shorter ones, as those of Realm Object Server 1.",
    ),
    Key::fixed(
        "auth.providers_include_path",
        Kind::Folder,
        &Server(|s| &mut s.providers_path),
        "Where modules of custom providers are looked for.",
    )
    .but(Effect::Missing),
    Key::fixed(
        "auth.providers.password.iterations",
        Kind::Count,
        &Server(|s| &mut s.providers.password_iterations),
        "Rounds of the hash (PBKDF2) of imported passwords that do not say their own; at most 1000000. Passwords that are set here are hashed with Argon2id.",
    ),
    Key::live(
        "auth.providers.jwt.public_key_paths",
        Kind::Files,
        &Server(|s| &mut jwt(s).issuer.public_keys),
        "Files with the public keys of the issuer: PEM (keys or certificates; RSA, P-256, P-384, Ed25519), or JSON (a JWK or a set of them, as issuers publish it). They are read again on SIGHUP.",
    )
    .like("[ /etc/realm/issuer.pem ]"),
    Key::live(
        "auth.providers.jwt.keys_url",
        Kind::Endpoint,
        &Server(|s| &mut jwt(s).issuer.keys_url),
        "Where the issuer publishes its public keys (a JWK set), https: they are fetched when somebody signs in, kept as long as the answer says, and asked for again when a token names a new one.",
    )
    .like("https://issuer.example.com/.well-known/jwks.json"),
    Key::live(
        "auth.providers.jwt.secret_path",
        Kind::File,
        &Server(|s| &mut jwt(s).issuer.secret),
        "A file with a secret that issuer and server share, for HS256, HS384 and HS512: 32 bytes or more.",
    )
    .like("/etc/realm/issuer.secret"),
    Key::live(
        "auth.providers.jwt.audiences",
        Kind::Texts,
        &Server(|s| &mut jwt(s).issuer.audiences),
        "For whom tokens must be (aud), one of these. Without it that is not looked at, as in Realm Object Server 2 and 3.",
    )
    .like("[ 'https://sync.example.com' ]"),
    Key::live(
        "auth.providers.jwt.issuer",
        Kind::Text,
        &Server(|s| &mut jwt(s).issuer.name),
        "What the issuer calls itself (iss). Without it that is not looked at.",
    )
    .like("https://issuer.example.com/"),
    Key::live(
        "auth.providers.jwt.user_claim",
        Kind::Text,
        &Server(|s| &mut jwt(s).issuer.user_claim),
        "The claim that says who the user is; it becomes the user's id, with `_` for what an id cannot have.",
    ),
    Key::live(
        "auth.providers.jwt.metadata",
        Kind::Claims,
        &Server(|s| &mut jwt(s).issuer.metadata),
        "Claims that are taken into the user's custom data at each sign-in: `claim` is the name in tokens (with dots inside), `name` that of the member; who shows no `required` one does not come in.",
    )
    .like("[ { claim: email, name: email }, { claim: user_metadata.team, name: team, required: true } ]"),
    Key::live(
        "auth.providers.jwt.admin_claim",
        Kind::Text,
        &Server(|s| &mut jwt(s).admin_claim),
        "The claim that makes an administrator of a user when it is true, and takes that away when it is not. Without it tokens say nothing of administrators.",
    )
    .like("isAdmin"),
    Key::fixed(
        "auth.providers.cloudkit.key_id",
        Kind::Hex(64),
        &Server(|s| &mut s.providers.cloudkit.get_or_insert_default().key_id),
        "The id of the server's key at Apple.",
    )
    .needed()
    .like("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    Key::fixed(
        "auth.providers.cloudkit.private_key_path",
        Kind::File,
        &Server(|s| &mut s.providers.cloudkit.get_or_insert_default().private_key),
        "The server's key for Apple, EC, PEM.",
    )
    .needed()
    .like("/etc/realm/cloudkit.pem"),
    Key::fixed(
        "auth.providers.cloudkit.container",
        Kind::Text,
        &Server(|s| &mut s.providers.cloudkit.get_or_insert_default().container),
        "The container of the app.",
    )
    .needed()
    .like("iCloud.com.example.app"),
    Key::fixed(
        "auth.providers.cloudkit.environment",
        Kind::Words(&["development", "production"]),
        &Server(|s| &mut s.providers.cloudkit.get_or_insert_default().environment),
        "Which of Apple's environments.",
    ),
    Key::live(
        "auth.providers.google.clientId",
        Kind::Text,
        &Server(|s| &mut google(s).client_id),
        "The app's client id at Google: ID tokens must be for it (aud).",
    )
    .needed()
    .like("012345678901-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com"),
    Key::live(
        "auth.providers.google.more_client_ids",
        Kind::Texts,
        &Server(|s| &mut google(s).tokens.client_ids),
        "Further client ids, of the same app on other platforms.",
    )
    .like("[ 012345678901-543210zyxwvutsrqponmlkjihgfedcba.apps.googleusercontent.com ]"),
    Key::live(
        "auth.providers.google.keys_url",
        Kind::Endpoint,
        &Server(|s| &mut google(s).tokens.keys_url),
        "Where Google's public keys are fetched.",
    ),
    Key::live(
        "auth.providers.google.metadata",
        Kind::Claims,
        &Server(|s| &mut google(s).tokens.metadata),
        "Claims of ID tokens that are taken into the user's custom data at each sign-in, as those of auth.providers.jwt.",
    )
    .like("[ { claim: email }, { claim: name } ]"),
    Key::fixed(
        "auth.providers.azuread.tenant_id",
        Kind::Text,
        &Server(|s| &mut s.providers.azuread.get_or_insert_default().tenant_id),
        "The directory whose users may sign in.",
    )
    .needed()
    .like("81560d03-8272-f7ff-ae57-24220b9e9ea7"),
    Key::fixed(
        "auth.providers.custom/*.implementation",
        Kind::Text,
        &OfCustom(|custom| &mut custom.implementation),
        "The module of the provider, or the name of one above that it is another form of.",
    )
    .needed()
    .like("example"),
    Key::fixed(
        "auth.providers.custom/*.include_path",
        Kind::Folder,
        &OfCustom(|custom| &mut custom.include_path),
        "Where its module is looked for, if not in auth.providers_include_path.",
    )
    .like("/usr/local/lib/realm/auth/providers"),
    Key::fixed(
        "auth.providers.custom/*.*",
        Kind::Any,
        &OptionOfCustom,
        "Whatever the module takes.",
    )
    .like("value")
    .secret(),
];

/// Signing in with tokens of another issuer, which is on by being named.
fn jwt(settings: &mut Settings) -> &mut Jwt {
    settings.providers.jwt.get_or_insert_default()
}

/// Signing in with Google, likewise.
fn google(settings: &mut Settings) -> &mut Google {
    settings.providers.google.get_or_insert_default()
}

const fn provider(
    path: &'static str,
    text: &'static str,
    enter: fn(&mut Settings, &str) -> Result<(), &'static str>,
    names: fn(&Settings) -> Vec<String>,
) -> Group {
    Group {
        path,
        text,
        effect: Effect::Missing,
        enter,
        names,
    }
}

/// Nothing stands for a `*` in the path of a provider that is there.
fn there(is_there: bool) -> Vec<String> {
    is_there.then(String::new).into_iter().collect()
}

pub const GROUPS: &[Group] = &[
    Group {
        path: "auth.providers.password",
        text: "Signing in with name and password; always there.",
        effect: Effect::Works,
        enter: |_, _| Ok(()),
        names: |_| there(true),
    },
    Group {
        path: "auth.providers.realm",
        text: "Signing in with a token of this server; always there.",
        effect: Effect::Works,
        enter: |_, _| Ok(()),
        names: |_| there(true),
    },
    Group {
        path: "auth.providers.jwt",
        text: "Signing in with tokens (JWT) of another issuer.",
        effect: Effect::Works,
        enter: |s, _| {
            jwt(s);
            Ok(())
        },
        names: |s| there(s.providers.jwt.is_some()),
    },
    provider(
        "auth.providers.cloudkit",
        "Signing in with CloudKit.",
        |s, _| {
            s.providers.cloudkit.get_or_insert_default();
            Ok(())
        },
        |s| there(s.providers.cloudkit.is_some()),
    ),
    Group {
        path: "auth.providers.google",
        text: "Signing in with Google's ID tokens.",
        effect: Effect::Works,
        enter: |s, _| {
            google(s);
            Ok(())
        },
        names: |s| there(s.providers.google.is_some()),
    },
    provider(
        "auth.providers.facebook",
        "Signing in with Facebook: an empty section turns it on.",
        |s, _| {
            s.providers.facebook = true;
            Ok(())
        },
        |s| there(s.providers.facebook),
    ),
    provider(
        "auth.providers.azuread",
        "Signing in with Azure Active Directory.",
        |s, _| {
            s.providers.azuread.get_or_insert_default();
            Ok(())
        },
        |s| there(s.providers.azuread.is_some()),
    ),
    provider(
        "auth.providers.debug",
        "For tests: whatever name is given is believed.",
        |s, _| {
            s.providers.debug = true;
            Ok(())
        },
        |s| there(s.providers.debug),
    ),
    provider(
        "auth.providers.custom/*",
        "Signing in with a module of your own; `*` is the name that clients give behind `custom/`.",
        |s, name| {
            s.custom(name);
            Ok(())
        },
        |s| s.providers.custom.keys().cloned().collect(),
    ),
];
