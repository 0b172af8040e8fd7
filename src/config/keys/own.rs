//! What the original does not have: `location`, `apps`, `mail`, `administrator`, `access`, `classic`, `metrics`.

use super::{Effect, Group, Key};
use crate::config::kind::Kind;
use crate::config::place::{OfApp, Server};

/// What becomes of a device that comes with a file of another server.
const UNKNOWN_FILES: Kind = Kind::Switch("hold", "reset");

pub const KEYS: &[Key] = &[
    Key::live(
        "location.url",
        Kind::Url,
        &Server(|s| &mut s.public_url),
        "The URL under which clients reach the server. Without it each client is told the name that it used.",
    )
    .like("https://sync.example.com"),
    Key::live(
        "apps.*.providers.anon-user",
        Kind::Flag,
        &OfApp(|app| &mut app.anonymous),
        "Whether users may sign in without credentials.",
    ),
    Key::live(
        "apps.*.providers.local-userpass",
        Kind::Flag,
        &OfApp(|app| &mut app.password),
        "Whether users may sign in with e-mail and password.",
    ),
    Key::live(
        "apps.*.providers.api-key",
        Kind::Flag,
        &OfApp(|app| &mut app.api_key),
        "Whether users may make API keys, and sign in with them.",
    ),
    Key::live(
        "apps.*.providers.custom-token",
        Kind::Flag,
        &OfApp(|app| &mut app.custom_token),
        "Whether users may sign in with tokens (JWT) of another issuer; see custom-token.",
    ),
    Key::live(
        "apps.*.providers.oauth2-google",
        Kind::Flag,
        &OfApp(|app| &mut app.google),
        "Whether users may sign in with Google; see oauth2-google.",
    ),
    Key::live(
        "apps.*.providers.oauth2-apple",
        Kind::Flag,
        &OfApp(|app| &mut app.apple),
        "Whether users may sign in with Apple; see oauth2-apple.",
    ),
    Key::live(
        "apps.*.providers.oauth2-facebook",
        Kind::Flag,
        &OfApp(|app| &mut app.facebook),
        "Whether users may sign in with Facebook; see oauth2-facebook.",
    ),
    Key::live(
        "apps.*.registration",
        Kind::Switch("closed", "open"),
        &OfApp(|app| &mut app.registration),
        "Whether anybody may register with e-mail and password: open or closed.",
    ),
    Key::live(
        "apps.*.confirmation",
        Kind::Switch("none", "email"),
        &OfApp(|app| &mut app.confirm_email),
        "Whether who registers can sign in at once (none), or only after the link in an e-mail was followed (email; see mail).",
    ),
    Key::live(
        "apps.*.partitions.read",
        Kind::Flag,
        &OfApp(|app| &mut app.read),
        "Whether every user of the app may read every partition.",
    ),
    Key::live(
        "apps.*.partitions.write",
        Kind::Flag,
        &OfApp(|app| &mut app.write),
        "Whether every user of the app may read and write every partition.",
    ),
    Key::live(
        "apps.*.partitions.manage",
        Kind::Flag,
        &OfApp(|app| &mut app.manage),
        "Whether every user of the app may change the permissions of every partition, and remove classes and columns.",
    ),
    Key::live(
        "apps.*.rules",
        Kind::Rules,
        &OfApp(|app| &mut app.rules),
        "What users may do in some partitions: `*` stands for any text, `%%user.id` for the user's id, `%%user.custom_data.NAME` for that member of its custom data, or any element of it if it is a list.",
    )
    .like("[ { partition: 'user=%%user.id', read: true, write: true } ]"),
    Key::live(
        "apps.*.custom-token.public_key_paths",
        Kind::Files,
        &OfApp(|app| &mut app.issuer.public_keys),
        "Files with the public keys of the issuer: PEM (keys or certificates; RSA, P-256, P-384, Ed25519), or JSON (a JWK or a set of them, as issuers publish it). They are read again on SIGHUP.",
    )
    .like("[ /etc/realm/issuer.pem ]"),
    Key::live(
        "apps.*.custom-token.keys_url",
        Kind::Endpoint,
        &OfApp(|app| &mut app.issuer.keys_url),
        "Where the issuer publishes its public keys (a JWK set), https: they are fetched when somebody signs in, kept as long as the answer says, and asked for again when a token names a new one.",
    )
    .like("https://issuer.example.com/.well-known/jwks.json"),
    Key::live(
        "apps.*.custom-token.secret_path",
        Kind::File,
        &OfApp(|app| &mut app.issuer.secret),
        "A file with a secret that issuer and server share, for HS256, HS384 and HS512: 32 bytes or more.",
    )
    .like("/etc/realm/issuer.secret"),
    Key::live(
        "apps.*.custom-token.audiences",
        Kind::Texts,
        &OfApp(|app| &mut app.issuer.audiences),
        "For whom tokens must be (aud), one of these. Without it, the app's id.",
    )
    .like("[ my-app ]"),
    Key::live(
        "apps.*.custom-token.issuer",
        Kind::Text,
        &OfApp(|app| &mut app.issuer.name),
        "What the issuer calls itself (iss). Without it that is not looked at.",
    )
    .like("https://issuer.example.com/"),
    Key::live(
        "apps.*.custom-token.user_claim",
        Kind::Text,
        &OfApp(|app| &mut app.issuer.user_claim),
        "The claim that says who the user is. The same user of the issuer is the same user here.",
    ),
    Key::live(
        "apps.*.custom-token.metadata",
        Kind::Claims,
        &OfApp(|app| &mut app.issuer.metadata),
        "Claims that are taken into the user's custom data, which tokens and profile show, at each sign-in: `claim` is the name in tokens (with dots inside), `name` that of the member; who shows no `required` one does not come in.",
    )
    .like("[ { claim: email, name: email }, { claim: user_metadata.team, name: team, required: true } ]"),
    Key::live(
        "apps.*.oauth2-google.client_ids",
        Kind::Texts,
        &OfApp(|app| &mut app.google_tokens.client_ids),
        "The app's client ids at Google: ID tokens must be for one of these (aud).",
    )
    .like("[ 012345678901-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com ]"),
    Key::live(
        "apps.*.oauth2-google.keys_url",
        Kind::Endpoint,
        &OfApp(|app| &mut app.google_tokens.keys_url),
        "Where Google's public keys are fetched.",
    ),
    Key::live(
        "apps.*.oauth2-google.metadata",
        Kind::Claims,
        &OfApp(|app| &mut app.google_tokens.metadata),
        "Claims of ID tokens that are taken into the user's custom data at each sign-in, as those of custom-token.",
    )
    .like("[ { claim: email }, { claim: name } ]"),
    Key::live(
        "apps.*.oauth2-google.client_secret_path",
        Kind::File,
        &OfApp(|app| &mut app.google_code.client_secret),
        "A file with the secret of the first of client_ids, for codes that apps get for their server (authCode). Without it they are refused. It is read at each sign-in.",
    )
    .like("/etc/realm/google.secret"),
    Key::live(
        "apps.*.oauth2-google.redirect_uri",
        Kind::Text,
        &OfApp(|app| &mut app.google_code.redirect_uri),
        "The URI that codes are asked for with: none by apps of Android and iOS, postmessage by those in a browser.",
    )
    .like("postmessage"),
    Key::live(
        "apps.*.oauth2-google.token_url",
        Kind::Endpoint,
        &OfApp(|app| &mut app.google_code.token_url),
        "Where codes are exchanged for ID tokens.",
    ),
    Key::live(
        "apps.*.oauth2-apple.client_ids",
        Kind::Texts,
        &OfApp(|app| &mut app.apple_tokens.client_ids),
        "The app's bundle ids, or ids of services, at Apple: ID tokens must be for one of these (aud).",
    )
    .like("[ com.example.app ]"),
    Key::live(
        "apps.*.oauth2-apple.keys_url",
        Kind::Endpoint,
        &OfApp(|app| &mut app.apple_tokens.keys_url),
        "Where Apple's public keys are fetched.",
    ),
    Key::live(
        "apps.*.oauth2-apple.metadata",
        Kind::Claims,
        &OfApp(|app| &mut app.apple_tokens.metadata),
        "Claims of ID tokens that are taken into the user's custom data at each sign-in, as those of custom-token.",
    )
    .like("[ { claim: email } ]"),
    Key::live(
        "apps.*.oauth2-facebook.app_id",
        Kind::Text,
        &OfApp(|app| &mut app.facebook_app.app_id),
        "The app's id at Facebook. With it and its secret, only tokens of this app are taken; without them those of any app.",
    )
    .like("'1234567890123456'"),
    Key::live(
        "apps.*.oauth2-facebook.app_secret_path",
        Kind::File,
        &OfApp(|app| &mut app.facebook_app.app_secret),
        "A file with the app's secret at Facebook.",
    )
    .like("/etc/realm/facebook.secret"),
    Key::live(
        "apps.*.oauth2-facebook.graph_url",
        Kind::Endpoint,
        &OfApp(|app| &mut app.facebook_app.graph_url),
        "Where Facebook's Graph API is.",
    ),
    Key::live(
        "apps.*.unknown_files",
        UNKNOWN_FILES,
        &OfApp(|app| &mut app.reset_unknown_files),
        "What becomes of a device that comes with a file of another server to a partition that is empty here: hold (it tries again, and keeps its data) or reset (it starts over with what is here).",
    ),
    Key::live(
        "apps.*.ttls.access_token",
        Kind::Seconds,
        &OfApp(|app| &mut app.lifetimes.access),
        "Seconds until an access token ends.",
    ),
    Key::live(
        "apps.*.ttls.refresh_token",
        Kind::Seconds,
        &OfApp(|app| &mut app.lifetimes.refresh),
        "Seconds until a login ends, and its refresh token with it.",
    ),
    Key::fixed(
        "mail.url",
        Kind::Text,
        &Server(|s| &mut s.mail.url),
        "The server that takes e-mail: smtps://user:password@host, smtp://host?tls=required, or smtp://host for one on this machine. Without it no e-mail is sent.",
    )
    .secret()
    .like("smtps://user:password@mail.example.com"),
    Key::fixed(
        "mail.from",
        Kind::Text,
        &Server(|s| &mut s.mail.from),
        "Who e-mail comes from.",
    )
    .like("Example <no-reply@example.com>"),
    Key::live(
        "mail.confirm_url",
        Kind::Text,
        &Server(|s| &mut s.mail.confirm_url),
        "The page of the app to which the link in an e-mail leads that confirms an address. app, token and tokenId are added; the page hands the last two to the SDK.",
    )
    .like("https://app.example.com/confirm"),
    Key::live(
        "mail.reset_url",
        Kind::Text,
        &Server(|s| &mut s.mail.reset_url),
        "The same for who has forgotten the password.",
    )
    .like("https://app.example.com/reset"),
    Key::fixed(
        "administrator.name",
        Kind::Text,
        &Server(|s| &mut s.administrator_name),
        "The name of the administrator that a start makes while there is none, if administrator.password_path is given.",
    ),
    Key::fixed(
        "administrator.password_path",
        Kind::File,
        &Server(|s| &mut s.administrator_password),
        "The file with the password of the administrator that a start makes while there is none: its first line. When there is one, the file is not read and may go.",
    )
    .like("/etc/realm/administrator.password"),
    Key::live(
        "access.rows",
        Kind::Switch("replace", "add"),
        &Server(|s| &mut s.rows_add),
        "How a user's own permissions on a Realm go together with everybody's: replace (the own row counts, as in Realm Object Server 1) or add (both count, as in 2 and 3).",
    ),
    Key::live(
        "access.schema",
        Kind::Switch("write", "manage"),
        &Server(|s| &mut s.schema_by_managers),
        "Which right adding classes and properties needs: write or manage. Removing them needs manage.",
    ),
    Key::live(
        "access.frozen",
        Kind::Realms,
        &Server(|s| &mut s.frozen),
        "Realms whose classes and properties nobody may change.",
    )
    .like("[ /shared/wall, my-app/notes ]"),
    Key::live(
        "classic.registration",
        Kind::Switch("closed", "open"),
        &Server(|s| &mut s.classic_registration),
        "Whether anybody may register with name and password through the API of Realm Object Server 1 to 3: open or closed.",
    ),
    Key::live(
        "classic.permissions",
        Kind::Flag,
        &Server(|s| &mut s.classic_permissions),
        "Whether permissions and offers can be seen and changed over HTTP (/permissions), as SDKs 4 to 6 do. Management Realms do not depend on it.",
    ),
    Key::live(
        "classic.unknown_files",
        UNKNOWN_FILES,
        &Server(|s| &mut s.reset_unknown_files),
        "What becomes of a device that comes with a file of another server to a virtual path that is empty here: hold (it tries again, and keeps its data) or reset (it starts over with what is here).",
    ),
    Key::fixed(
        "metrics.enable",
        Kind::Flag,
        &Server(|s| &mut s.metrics.enabled),
        "Whether there is a listener for metrics (Prometheus, at /metrics). It asks for no token.",
    ),
    Key::fixed(
        "metrics.listen_address",
        Kind::Address,
        &Server(|s| &mut s.metrics.address),
        "The address of the listener for metrics.",
    ),
    Key::fixed(
        "metrics.listen_port",
        Kind::Port,
        &Server(|s| &mut s.metrics.port),
        "The port of the listener for metrics.",
    ),
];

pub const GROUPS: &[Group] = &[Group {
    path: "apps.*",
    text: "An app, by its id: it exists by being named, and allows what it says here.",
    effect: Effect::Works,
    enter: |settings, id| {
        let wrong = "an app id has 1 to 64 letters, digits, `-`, `_` and `.`, no dot first, and is not `classic`";
        settings.app(id).map(|_| ()).ok_or(wrong)
    },
    names: |settings| {
        let ids = settings.apps.named.keys();
        ids.map(ToString::to_string).collect()
    },
}];
