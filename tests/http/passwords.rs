//! Which passwords are taken: the same wherever somebody chooses one.

use ros::auth::ClassicToken;
use serde_json::{Value, json};

use super::{BASE, Reply, Server, keys};

const MAIL: &str = "Some.Body@example.com";

/// A place where a password is chosen.
#[derive(Debug, Clone, Copy)]
enum Place {
    Register,
    Reset,
    ClassicRegister,
    ClassicChange,
    ClassicChangeOf1,
    ClassicReset,
    AdministratorAdds,
    AdministratorChanges,
}

impl Place {
    const ALL: [Place; 8] = [
        Place::Register,
        Place::Reset,
        Place::ClassicRegister,
        Place::ClassicChange,
        Place::ClassicChangeOf1,
        Place::ClassicReset,
        Place::AdministratorAdds,
        Place::AdministratorChanges,
    ];

    /// Where there is somebody already, in which app.
    fn of(self) -> Option<&'static str> {
        match self {
            Place::Reset => Some("x"),
            Place::ClassicChange
            | Place::ClassicChangeOf1
            | Place::ClassicReset
            | Place::AdministratorChanges => Some("classic"),
            Place::Register | Place::ClassicRegister | Place::AdministratorAdds => None,
        }
    }
}

/// A server, and a place at it.
struct Chooser {
    server: Server,
    place: Place,
    /// The token of a letter with its id, or a refresh token.
    token: (String, String),
}

impl Chooser {
    async fn at(place: Place, shortest: u32) -> Chooser {
        let server = Server::with(|settings| {
            settings.password_min_length = shortest;
            settings.limits.registrations = 100;
            settings.mail.url = Some("smtp://127.0.0.1:1".parse().unwrap());
            settings.mail.from = Some("ros@example.com".parse().unwrap());
            settings.mail.reset_url = Some("https://app.example.com/reset".to_owned());
        });
        let mut chooser = Chooser {
            server,
            place,
            token: Default::default(),
        };
        if let Some(app) = place.of() {
            let body = json!({"name": MAIL, "app": app, "password": "old and long"});
            assert_eq!(chooser.administer("POST", "", &body).await.status, 201);
        }
        match place {
            Place::Reset => {
                let path = "/app/x/auth/providers/local-userpass/reset/send";
                let body = json!({ "email": MAIL }).to_string();
                assert_eq!(chooser.server.post(path, &body).await.status, 202);
                chooser.token = chooser.letter();
            }
            Place::ClassicReset => {
                let body = json!({"provider_id": MAIL, "data": {"action": "reset_password"}});
                chooser.update(&body).await.object();
                chooser.token = chooser.letter();
            }
            Place::ClassicChange | Place::ClassicChangeOf1 => {
                let body = json!({"provider": "password", "data": MAIL, "user_info": {"password": "old and long"}});
                let issued = chooser.server.auth(&body).await.object();
                let token = issued["refresh_token"]["token"].as_str().unwrap();
                chooser.token.0 = token.to_owned();
            }
            _ => {}
        }
        chooser
    }

    async fn administer(&self, method: &str, path: &str, body: &Value) -> Reply {
        let (path, token) = (
            format!("/api/ros/v1/users{path}"),
            ClassicToken::admin(&keys()),
        );
        let shown = Some(token.reveal());
        self.server
            .request_at(method, &path, shown, &body.to_string())
            .await
    }

    async fn update(&self, body: &Value) -> Reply {
        let path = "/auth/password/updateAccount";
        self.server
            .request_at("POST", path, None, &body.to_string())
            .await
    }

    fn letter(&self) -> (String, String) {
        let letter = self.server.world.letters.lock().unwrap().pop().unwrap();
        let value = |name: &str| {
            let (_, after) = letter.text.reveal().split_once(name).unwrap();
            let end = after.find(['&', '\n']).unwrap();
            after[..end].to_owned()
        };
        (value("&token="), value("&tokenId="))
    }

    async fn choose(&self, password: &str) -> Reply {
        let (token, id) = &self.token;
        let classic = async |method: &str, path: &str, token: Option<&str>, body: Value| {
            self.server
                .request_at(method, path, token, &body.to_string())
                .await
        };
        match self.place {
            Place::Register => {
                let body = json!({"email": MAIL, "password": password}).to_string();
                let path = "/app/x/auth/providers/local-userpass/register";
                self.server.post(path, &body).await
            }
            Place::Reset => {
                let body = json!({"token": token, "tokenId": id, "password": password});
                let path = "/app/x/auth/providers/local-userpass/reset";
                classic("POST", &format!("{BASE}{path}"), None, body).await
            }
            Place::ClassicRegister => {
                let info = json!({"password": password, "register": true});
                let body = json!({"provider": "password", "data": MAIL, "user_info": info});
                self.server.auth(&body).await
            }
            Place::ClassicChange => {
                let body = json!({"data": {"new_password": password}});
                classic("PUT", "/auth/password", Some(token), body).await
            }
            Place::ClassicChangeOf1 => {
                let body = json!({"token": token, "password": password});
                classic("PUT", "/auth/password", None, body).await
            }
            Place::ClassicReset => {
                let data =
                    json!({"action": "complete_reset", "token": token, "new_password": password});
                let body = json!({"provider_id": MAIL, "data": data});
                self.update(&body).await
            }
            Place::AdministratorAdds => {
                let body = json!({"name": MAIL, "password": password});
                self.administer("POST", "", &body).await
            }
            Place::AdministratorChanges => {
                let body = json!({"password": password});
                let path = "/Some.Body%40example.com";
                self.administer("PATCH", path, &body).await
            }
        }
    }
}

#[tokio::test]
async fn wherever_a_password_is_chosen_the_same_rules_hold() {
    for place in Place::ALL {
        let chooser = Chooser::at(place, 8).await;
        for (password, told) in [
            ("1234567", "between 8 and 128"),
            (&*"x".repeat(129), "between 8 and 128"),
            ("PassWord123", "most common"),
            ("some.body@EXAMPLE.com", "name of the user"),
            ("some.body", "name of the user"),
        ] {
            let refused = chooser.choose(password).await;
            let body = refused.json();
            // As SDKs read it: `BadRequest` with the reason, or 601 with what is wrong with which field.
            assert_eq!(refused.status, 400, "{place:?} {body}");
            let is_app = body["error_code"] == "BadRequest";
            let reason = match is_app {
                true => body["error"].as_str().unwrap(),
                false => {
                    assert_eq!(body["code"], 601, "{place:?}");
                    assert_eq!(body["invalid_params"][0]["name"], "password");
                    body["invalid_params"][0]["reason"].as_str().unwrap()
                }
            };
            assert!(reason.contains(told), "{place:?} {reason}");
            assert!(!body.to_string().contains(password), "{place:?} {body}");
        }
        // Whoever was refused chooses again, with the same letter too.
        let taken = chooser.choose("пароль, 密码 🦀").await;
        assert!(taken.status.is_success(), "{place:?} {:?}", taken.body);
    }
}

#[tokio::test]
async fn the_configuration_says_how_short_a_password_may_be() {
    for place in Place::ALL {
        let chooser = Chooser::at(place, 4).await;
        assert_eq!(chooser.choose("815").await.status, 400, "{place:?}");
        let taken = chooser.choose("0815").await;
        assert!(taken.status.is_success(), "{place:?} {:?}", taken.body);
    }
}
