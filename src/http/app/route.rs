//! Which route a request is for.

use hyper::Method;

use crate::audit::Act;

/// The prefix of all routes.
const BASE: &str = "/api/client/v2.0/";

/// A route, with what its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each variant is one line of the table below")]
pub enum Route<'a> {
    Location { app: &'a str },
    Login { app: &'a str, provider: &'a str },
    Register { app: &'a str },
    Confirm { app: &'a str },
    SendConfirmation { app: &'a str },
    CallConfirmation { app: &'a str },
    Reset { app: &'a str },
    SendReset { app: &'a str },
    CallReset { app: &'a str },
    Function { app: &'a str },
    Push { app: &'a str, service: &'a str },
    Profile,
    Refresh,
    LogOut,
    DeleteUser,
    ApiKeys,
    MakeApiKey,
    ApiKey { id: &'a str },
    RemoveApiKey { id: &'a str },
    EnableApiKey { id: &'a str },
    DisableApiKey { id: &'a str },
}

impl<'a> Route<'a> {
    /// What is put on record when it is refused to whoever asks; `None` where those who answer know more of it.
    pub fn refused(self) -> Option<Act> {
        match self {
            Route::Refresh => Some(Act::AccessToken),
            Route::LogOut => Some(Act::SignOut),
            Route::DeleteUser => Some(Act::RemoveUser),
            Route::ApiKeys
            | Route::MakeApiKey
            | Route::ApiKey { .. }
            | Route::RemoveApiKey { .. }
            | Route::EnableApiKey { .. }
            | Route::DisableApiKey { .. } => Some(Act::ApiKey),
            _ => None,
        }
    }

    /// The route of a method and a path; `None` if there is none.
    pub fn find(method: &Method, path: &'a str) -> Option<Route<'a>> {
        let segments: Vec<&str> = path.strip_prefix(BASE)?.splitn(9, '/').collect();
        let route = match (method.as_str(), segments.as_slice()) {
            ("GET", ["app", app, "location"]) => Route::Location { app },
            ("POST", ["app", app, "auth", "providers", provider, "login"]) => {
                Route::Login { app, provider }
            }
            ("POST", ["app", app, "auth", "providers", "local-userpass", rest @ ..]) => {
                match rest {
                    ["register"] => Route::Register { app },
                    ["confirm"] => Route::Confirm { app },
                    ["confirm", "send"] => Route::SendConfirmation { app },
                    ["confirm", "call"] => Route::CallConfirmation { app },
                    ["reset"] => Route::Reset { app },
                    ["reset", "send"] => Route::SendReset { app },
                    ["reset", "call"] => Route::CallReset { app },
                    _ => return None,
                }
            }
            ("POST" | "GET", ["app", app, "functions", "call"]) => Route::Function { app },
            ("PUT" | "DELETE", ["app", app, "push", "providers", service, "registration"]) => {
                Route::Push { app, service }
            }
            ("GET", ["auth", "profile"]) => Route::Profile,
            ("POST", ["auth", "session"]) => Route::Refresh,
            ("DELETE", ["auth", "session"]) => Route::LogOut,
            ("DELETE", ["auth", "delete"]) => Route::DeleteUser,
            ("GET", ["auth", "api_keys"]) => Route::ApiKeys,
            ("POST", ["auth", "api_keys"]) => Route::MakeApiKey,
            ("GET", ["auth", "api_keys", id]) => Route::ApiKey { id },
            ("DELETE", ["auth", "api_keys", id]) => Route::RemoveApiKey { id },
            ("PUT", ["auth", "api_keys", id, "enable"]) => Route::EnableApiKey { id },
            ("PUT", ["auth", "api_keys", id, "disable"]) => Route::DisableApiKey { id },
            _ => return None,
        };
        Some(route)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_is_found_by_method_and_path() {
        let (app, provider) = ("x", "anon-user");
        for (method, path, route) in [
            ("GET", "app/x/location", Some(Route::Location { app })),
            (
                "POST",
                "app/x/auth/providers/anon-user/login",
                Some(Route::Login { app, provider }),
            ),
            (
                "POST",
                "app/x/auth/providers/local-userpass/register",
                Some(Route::Register { app }),
            ),
            (
                "POST",
                "app/x/auth/providers/local-userpass/confirm",
                Some(Route::Confirm { app }),
            ),
            (
                "POST",
                "app/x/auth/providers/local-userpass/confirm/send",
                Some(Route::SendConfirmation { app }),
            ),
            (
                "POST",
                "app/x/auth/providers/local-userpass/confirm/call",
                Some(Route::CallConfirmation { app }),
            ),
            (
                "POST",
                "app/x/auth/providers/local-userpass/reset",
                Some(Route::Reset { app }),
            ),
            (
                "POST",
                "app/x/auth/providers/local-userpass/reset/send",
                Some(Route::SendReset { app }),
            ),
            (
                "POST",
                "app/x/auth/providers/local-userpass/reset/call",
                Some(Route::CallReset { app }),
            ),
            (
                "POST",
                "app/x/functions/call",
                Some(Route::Function { app }),
            ),
            ("GET", "app/x/functions/call", Some(Route::Function { app })),
            (
                "PUT",
                "app/x/push/providers/gcm/registration",
                Some(Route::Push {
                    app,
                    service: "gcm",
                }),
            ),
            (
                "DELETE",
                "app/x/push/providers/gcm/registration",
                Some(Route::Push {
                    app,
                    service: "gcm",
                }),
            ),
            ("GET", "auth/profile", Some(Route::Profile)),
            ("POST", "auth/session", Some(Route::Refresh)),
            ("DELETE", "auth/session", Some(Route::LogOut)),
            ("DELETE", "auth/delete", Some(Route::DeleteUser)),
            ("GET", "auth/api_keys", Some(Route::ApiKeys)),
            ("POST", "auth/api_keys", Some(Route::MakeApiKey)),
            ("GET", "auth/api_keys/1", Some(Route::ApiKey { id: "1" })),
            (
                "DELETE",
                "auth/api_keys/1",
                Some(Route::RemoveApiKey { id: "1" }),
            ),
            (
                "PUT",
                "auth/api_keys/1/enable",
                Some(Route::EnableApiKey { id: "1" }),
            ),
            (
                "PUT",
                "auth/api_keys/1/disable",
                Some(Route::DisableApiKey { id: "1" }),
            ),
            ("HEAD", "app/x/location", None),
            ("POST", "app/x/location", None),
            ("GET", "app/x/location/", None),
            ("GET", "auth/session", None),
            ("POST", "app/x/auth/providers/anon-user/register", None),
            ("PUT", "auth/api_keys/1/rename", None),
            ("GET", "", None),
            ("GET", "a/b/c/d/e/f/g/h/i/j/k/l", None),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(
                Route::find(&method, &format!("{BASE}{path}")),
                route,
                "{method} {path}"
            );
        }
        assert_eq!(Route::find(&Method::GET, "/auth/profile"), None);
    }
}
