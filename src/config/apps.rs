//! Apps: which there are, and what each allows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Facebook, GoogleCode, IdTokens, Issuer};
use crate::access::{BadPattern, Pattern, Rights, Rule};
use crate::ident::AppId;

/// Which apps there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Apps {
    /// Those with a name of their own.
    pub named: BTreeMap<AppId, App>,
    /// What every other app id gets; `None`: there are no others.
    pub any: Option<App>,
}

impl Apps {
    /// What an app allows; `None` if there is no such app.
    pub fn get(&self, app: &AppId) -> Option<&App> {
        if app.as_str() == AppId::CLASSIC {
            return None;
        }
        self.named.get(app).or(self.any.as_ref())
    }
}

/// What an app allows. The default is nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct App {
    /// Signing in without credentials; every sign-in makes a user.
    pub anonymous: bool,
    /// Signing in with e-mail and password.
    pub password: bool,
    /// Signing in with keys that users make.
    pub api_key: bool,
    /// Signing in with tokens of another issuer.
    pub custom_token: bool,
    /// That issuer.
    pub issuer: Issuer,
    /// Signing in with Google.
    pub google: bool,
    /// Google's tokens.
    pub google_tokens: IdTokens,
    /// Google's codes.
    pub google_code: GoogleCode,
    /// Signing in with Apple.
    pub apple: bool,
    /// Apple's tokens.
    pub apple_tokens: IdTokens,
    /// Signing in with Facebook.
    pub facebook: bool,
    /// How Facebook is asked.
    pub facebook_app: Facebook,
    /// Whether anybody may register with e-mail and password.
    pub registration: bool,
    /// Whether whoever registers must show that the e-mail address is its own before it can sign in.
    pub confirm_email: bool,
    /// Whether its users may read any partition.
    pub read: bool,
    /// Whether its users may write to any partition.
    pub write: bool,
    /// Whether its users may change the permissions of any partition, and remove classes and columns.
    pub manage: bool,
    /// What its users may do in some partitions, beside what they may in all.
    pub rules: Vec<PartitionRule>,
    /// Client files that this server never gave out are told to reset, even on an empty Realm.
    pub reset_unknown_files: bool,
    /// How long its tokens live.
    pub lifetimes: Lifetimes,
}

impl App {
    /// Everything that `serve --dev` opens.
    pub(super) fn open() -> App {
        App {
            anonymous: true,
            password: true,
            api_key: true,
            registration: true,
            read: true,
            write: true,
            manage: true,
            reset_unknown_files: true,
            ..App::default()
        }
    }
}

impl Default for App {
    fn default() -> App {
        App {
            anonymous: false,
            password: false,
            api_key: false,
            custom_token: false,
            issuer: Issuer::default(),
            google: false,
            google_tokens: IdTokens::of_google(),
            google_code: GoogleCode::default(),
            apple: false,
            apple_tokens: IdTokens::of_apple(),
            facebook: false,
            facebook_app: Facebook::default(),
            registration: false,
            confirm_email: false,
            read: false,
            write: false,
            manage: false,
            rules: Vec::new(),
            reset_unknown_files: false,
            lifetimes: Lifetimes::default(),
        }
    }
}

/// How long tokens live, in seconds; never 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// The token that is shown with every request and every sync connection.
    pub access: u64,
    /// The token that gets new access tokens.
    pub refresh: u64,
}

/// 30 minutes and 60 days.
impl Default for Lifetimes {
    fn default() -> Lifetimes {
        Lifetimes {
            access: 30 * 60,
            refresh: 60 * 24 * 60 * 60,
        }
    }
}

/// A rule of an app: which partitions, and what may be done there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RuleText", into = "RuleText")]
pub struct PartitionRule {
    /// The rule.
    pub rule: Rule,
    /// The pattern as it was written.
    text: String,
}

/// A rule as it is written.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleText {
    partition: String,
    #[serde(default)]
    read: bool,
    #[serde(default)]
    write: bool,
    #[serde(default)]
    manage: bool,
}

impl TryFrom<RuleText> for PartitionRule {
    type Error = BadPattern;

    fn try_from(text: RuleText) -> Result<PartitionRule, BadPattern> {
        let rights = Rights {
            read: text.read,
            write: text.write,
            manage: text.manage,
        };
        Ok(PartitionRule {
            rule: Rule {
                partition: Pattern::parse(&text.partition)?,
                rights,
            },
            text: text.partition,
        })
    }
}

impl From<PartitionRule> for RuleText {
    fn from(rule: PartitionRule) -> RuleText {
        let Rights {
            read,
            write,
            manage,
        } = rule.rule.rights;
        RuleText {
            partition: rule.text,
            read,
            write,
            manage,
        }
    }
}
