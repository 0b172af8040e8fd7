//! `auth.providers`: how classic users may sign in.

use super::{Effect, Group, Key};
use crate::config::kind::Kind;
use crate::config::place::{OfCustom, OptionOfCustom, Server};
use crate::config::{AzureAd, CloudKit, Debug, Facebook, Google, Jwt, Settings};

pub const KEYS: &[Key] = &[
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
    Key::live(
        "auth.providers.cloudkit.key_id",
        Kind::Hex(64),
        &Server(|s| &mut cloudkit(s).key_id),
        "The id of the server's key at Apple.",
    )
    .needed()
    .like("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"),
    Key::live(
        "auth.providers.cloudkit.private_key_path",
        Kind::File,
        &Server(|s| &mut cloudkit(s).private_key),
        "The server's key for Apple: EC, P-256, PEM. It is read at each sign-in.",
    )
    .needed()
    .like("/etc/realm/cloudkit.pem"),
    Key::live(
        "auth.providers.cloudkit.container",
        Kind::Text,
        &Server(|s| &mut cloudkit(s).container),
        "The container of the app.",
    )
    .needed()
    .like("iCloud.com.example.app"),
    Key::live(
        "auth.providers.cloudkit.environment",
        Kind::Words(&["development", "production"]),
        &Server(|s| &mut cloudkit(s).environment),
        "Which of Apple's environments.",
    ),
    Key::live(
        "auth.providers.cloudkit.api_url",
        Kind::Endpoint,
        &Server(|s| &mut cloudkit(s).api_url),
        "Where CloudKit's web services are.",
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
    Key::live(
        "auth.providers.azuread.tenant_id",
        Kind::Text,
        &Server(|s| &mut azuread(s).tenant_id),
        "The directory whose users may sign in.",
    )
    .needed()
    .like("81560d03-8272-f7ff-ae57-24220b9e9ea7"),
    Key::live(
        "auth.providers.azuread.audiences",
        Kind::Texts,
        &Server(|s| &mut azuread(s).audiences),
        "For whom tokens must be (aud), one of these: the app's client id. Without it, any app of the directory will do.",
    )
    .like("[ 6731de76-14a6-49ae-97bc-6eba6914391e ]"),
    Key::live(
        "auth.providers.azuread.authority",
        Kind::Endpoint,
        &Server(|s| &mut azuread(s).authority),
        "Where the directory is; clouds of their own have another one, like https://login.microsoftonline.us.",
    ),
    Key::live(
        "auth.providers.azuread.user_claim",
        Kind::Text,
        &Server(|s| &mut azuread(s).user_claim),
        "The claim that says who the user is. oid stays with a user for ever; unique_name, as the original had it, can be given to another one.",
    ),
    Key::live(
        "auth.providers.azuread.metadata",
        Kind::Claims,
        &Server(|s| &mut azuread(s).metadata),
        "Claims of tokens that are taken into the user's custom data at each sign-in, as those of auth.providers.jwt.",
    )
    .like("[ { claim: name } ]"),
    Key::live(
        "auth.providers.facebook.app_id",
        Kind::Text,
        &Server(|s| &mut facebook(s).app_id),
        "The app's id at Facebook. With it and its secret, only tokens of this app are taken; without them those of any app.",
    )
    .like("'1234567890123456'"),
    Key::live(
        "auth.providers.facebook.app_secret_path",
        Kind::File,
        &Server(|s| &mut facebook(s).app_secret),
        "A file with the app's secret at Facebook. It is read at each sign-in.",
    )
    .like("/etc/realm/facebook.secret"),
    Key::live(
        "auth.providers.facebook.graph_url",
        Kind::Endpoint,
        &Server(|s| &mut facebook(s).graph_url),
        "Where Facebook's Graph API is.",
    ),
    Key::live(
        "auth.providers.debug.allow_anybody",
        Kind::Flag,
        &Server(|s| &mut debug(s).allow_anybody),
        "Whether whoever reaches the server may be anybody, an administrator too. It must be true, so that nobody has this provider by mistake.",
    )
    .needed()
    .like("true"),
    Key::live(
        "auth.providers.custom/*.implementation",
        Kind::Text,
        &OfCustom(|custom| &mut custom.implementation),
        "The provider above that it is another form of: jwt, google, facebook, azuread, cloudkit or debug. Modules of Node.js, which the original took, cannot be loaded.",
    )
    .needed()
    .like("google"),
    Key::live(
        "auth.providers.custom/*.include_path",
        Kind::Folder,
        &OfCustom(|custom| &mut custom.include_path),
        "Where the original looked for its module.",
    )
    .but(Effect::Idle)
    .like("/usr/local/lib/realm/auth/providers"),
    Key::live(
        "auth.providers.custom/*.*",
        Kind::Any,
        &OptionOfCustom,
        "The keys of that provider.",
    )
    .like("clientId: 012345678901-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com")
    .secret(),
];

// Each provider is on by being named.

fn jwt(settings: &mut Settings) -> &mut Jwt {
    settings.providers.jwt.get_or_insert_default()
}

fn cloudkit(settings: &mut Settings) -> &mut CloudKit {
    settings.providers.cloudkit.get_or_insert_default()
}

fn google(settings: &mut Settings) -> &mut Google {
    settings.providers.google.get_or_insert_default()
}

fn azuread(settings: &mut Settings) -> &mut AzureAd {
    settings.providers.azuread.get_or_insert_default()
}

fn facebook(settings: &mut Settings) -> &mut Facebook {
    settings.providers.facebook.get_or_insert_default()
}

fn debug(settings: &mut Settings) -> &mut Debug {
    settings.providers.debug.get_or_insert_default()
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
        effect: Effect::Works,
        enter,
        names,
    }
}

/// Nothing stands for a `*` in the path of a provider that is there.
fn there(is_there: bool) -> Vec<String> {
    is_there.then(String::new).into_iter().collect()
}

pub const GROUPS: &[Group] = &[
    provider(
        "auth.providers.password",
        "Signing in with name and password; always there.",
        |_, _| Ok(()),
        |_| there(true),
    ),
    provider(
        "auth.providers.realm",
        "Signing in with a token of this server; always there.",
        |_, _| Ok(()),
        |_| there(true),
    ),
    provider(
        "auth.providers.jwt",
        "Signing in with tokens (JWT) of another issuer.",
        |s, _| {
            jwt(s);
            Ok(())
        },
        |s| there(s.providers.jwt.is_some()),
    ),
    provider(
        "auth.providers.cloudkit",
        "Signing in with CloudKit: the name of the user's record. It is no secret among the users of the app, so take `oauth2-apple` of an app where you can.",
        |s, _| {
            cloudkit(s);
            Ok(())
        },
        |s| there(s.providers.cloudkit.is_some()),
    ),
    provider(
        "auth.providers.google",
        "Signing in with Google's ID tokens.",
        |s, _| {
            google(s);
            Ok(())
        },
        |s| there(s.providers.google.is_some()),
    ),
    provider(
        "auth.providers.azuread",
        "Signing in with Azure Active Directory (Entra ID): ID tokens, and access tokens for an API of your own.",
        |s, _| {
            azuread(s);
            Ok(())
        },
        |s| there(s.providers.azuread.is_some()),
    ),
    provider(
        "auth.providers.facebook",
        "Signing in with access tokens of Facebook; an empty section turns it on.",
        |s, _| {
            facebook(s);
            Ok(())
        },
        |s| there(s.providers.facebook.is_some()),
    ),
    provider(
        "auth.providers.debug",
        "For tests: whatever name is given is believed, `admin` is an administrator.",
        |s, _| {
            debug(s);
            Ok(())
        },
        |s| there(s.providers.debug.is_some()),
    ),
    provider(
        "auth.providers.custom/*",
        "Another form of a provider; `*` is the name that clients give behind `custom/`. Its users are others than those of the provider itself.",
        |s, name| {
            if name.contains('/') {
                return Err("a name has no slash");
            }
            s.custom(name);
            Ok(())
        },
        |s| s.providers.custom.keys().cloned().collect(),
    ),
];
