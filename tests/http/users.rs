//! Users over HTTP: the classic routes, and those of administrators.

use ros::auth::ClassicToken;
use serde_json::{Value, json};

use super::{Reply, Server, keys};

/// Ada, who is nobody special, and an administrator.
struct World {
    server: Server,
    ada: String,
    ada_id: String,
    admin: String,
}

impl World {
    async fn new() -> World {
        let server = Server::dev();
        let (ada, user) = server.classic_user("ada").await;
        let (admin, boss) = server.classic_user("boss").await;
        let boss = boss["identity"].as_str().unwrap();
        let token = ClassicToken::admin(&keys());
        let path = format!("/api/ros/v1/users/{boss}");
        let made = server
            .request_at("PATCH", &path, Some(token.reveal()), r#"{"admin":true}"#)
            .await;
        assert_eq!(
            (made.status.as_u16(), &made.json()["admin"]),
            (200, &json!(true))
        );
        World {
            server,
            ada,
            ada_id: user["identity"].as_str().unwrap().to_owned(),
            admin,
        }
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.server
            .request_at(method, path, Some(token), &body)
            .await
    }
}

fn sign_in(name: &str, password: &str) -> Value {
    json!({"provider": "password", "data": name, "user_info": {"password": password}})
}

#[tokio::test]
async fn users_are_looked_up_by_themselves_and_by_administrators() {
    let world = World::new().await;
    let (ada, boss) = (&world.ada, &world.admin);
    let by_id = format!("/auth/users/{}", world.ada_id);
    for path in [
        &by_id,
        "/auth/users/password/ada",
        "/auth/users/password/Ada",
    ] {
        for token in [ada, boss] {
            let user = world.ask("GET", path, token, Value::Null).await.object();
            assert_eq!(
                user,
                json!({
                    "user_id": world.ada_id, "is_admin": false, "status": "active", "metadata": [],
                    "accounts": [{"provider": "password", "provider_id": "ada"}],
                })
            );
        }
    }
    let old = world
        .ask(
            "GET",
            "/api/providers/password/accounts/ada",
            boss,
            Value::Null,
        )
        .await;
    assert_eq!(
        old.object(),
        json!({"provider": "password", "provider_id": "ada", "user": {"id": world.ada_id, "isAdmin": false}})
    );
    let listed = world
        .ask("GET", "/auth/users?search=ADA", boss, Value::Null)
        .await
        .object();
    assert_eq!(listed["users"][0]["user_id"], world.ada_id);

    for (path, token, status, code) in [
        ("/auth/users/password/boss", ada, 404, 612),
        ("/auth/users/password/nobody", ada, 404, 612),
        ("/auth/users/nobody", ada, 404, 618),
        ("/auth/users/nobody", boss, 404, 618),
        ("/auth/users/github/ada", boss, 404, 612),
        ("/auth/users", ada, 403, 614),
        ("/api/providers/password/accounts/ada", ada, 403, 614),
        (by_id.as_str(), &"junk".to_owned(), 401, 611),
    ] {
        world
            .ask("GET", path, token, Value::Null)
            .await
            .problem(status, code);
    }
    world
        .server
        .request_at("GET", &by_id, None, "")
        .await
        .problem(401, 611);
}

#[tokio::test]
async fn passwords_are_changed_in_both_forms() {
    let world = World::new().await;
    let (ada, boss) = (&world.ada, &world.admin);
    let old = json!({"token": ada, "password": "battery staple", "user_id": world.ada_id});
    let reply = world
        .server
        .request_at("PUT", "/auth/password", None, &old.to_string())
        .await;
    assert_eq!(reply.object(), json!({"update": true, "accounts": 1}));
    world
        .server
        .auth(&sign_in("ada", "correct horse"))
        .await
        .problem(401, 611);
    world
        .server
        .auth(&sign_in("ada", "battery staple"))
        .await
        .object();
    // Logins go on.
    world.server.access(ada, "/~/a").await.object();

    let new = json!({"data": {"new_password": "third password"}});
    assert_eq!(
        world.ask("PUT", "/auth/password", ada, new).await.object(),
        json!({})
    );
    world
        .server
        .auth(&sign_in("ada", "third password"))
        .await
        .object();
    let of_ada = json!({"data": {"new_password": "fourth password"}, "user_id": world.ada_id});
    assert_eq!(
        world
            .ask("PUT", "/auth/password", boss, of_ada)
            .await
            .object(),
        json!({})
    );
    world
        .server
        .auth(&sign_in("ada", "fourth password"))
        .await
        .object();

    for (body, status, code) in [
        (
            json!({"token": "junk", "password": "battery staple"}),
            401,
            611,
        ),
        (json!({"token": ada}), 400, 602),
        (json!({"password": "battery staple"}), 400, 602),
        (json!({"data": {}}), 400, 602),
        (json!({"token": ada, "password": "short"}), 400, 601),
        (
            json!({"token": ada, "password": "battery staple", "user_id": "somebody"}),
            403,
            614,
        ),
    ] {
        world
            .ask("PUT", "/auth/password", ada, body)
            .await
            .problem(status, code);
    }
    world.server.pass(315_360_001);
    let reply = world
        .server
        .request_at("PUT", "/auth/password", None, &old.to_string())
        .await;
    reply.problem(403, 615);
}

#[tokio::test]
async fn a_suspended_user_is_out_and_a_deleted_one_is_gone() {
    let world = World::new().await;
    let (ada, boss) = (&world.ada, &world.admin);
    let path = format!("/auth/users/{}", world.ada_id);
    let suspend = json!({"status": "suspended"});
    world
        .ask("PATCH", &path, ada, suspend.clone())
        .await
        .problem(403, 614);
    world
        .ask("PATCH", &path, boss, json!({"status": "asleep"}))
        .await
        .problem(400, 601);
    world.ask("PATCH", &path, boss, suspend).await.object();
    assert_eq!(world.server.world.ended.lock().unwrap().len(), 1);
    world.server.access(ada, "/~/a").await.problem(403, 614);
    world
        .server
        .auth(&sign_in("ada", "correct horse"))
        .await
        .problem(401, 611);
    world
        .ask("PATCH", &path, boss, json!({"status": "active"}))
        .await
        .object();
    let again = world
        .server
        .auth(&sign_in("ada", "correct horse"))
        .await
        .object();
    let again = again["refresh_token"]["token"].as_str().unwrap();

    let other = world
        .ask("DELETE", "/auth/users/somebody", again, Value::Null)
        .await;
    other.problem(403, 614);
    world
        .ask("DELETE", &path, again, Value::Null)
        .await
        .object();
    world.server.access(again, "/~/a").await.problem(403, 614);
    world
        .ask("DELETE", &path, boss, Value::Null)
        .await
        .problem(404, 618);
    // The name is free again, for somebody else.
    let (_, next) = world.server.classic_user("ada").await;
    assert_ne!(next["identity"], world.ada_id);
}

#[tokio::test]
async fn what_is_changed_of_a_user_is_all_of_it_or_nothing() {
    let world = World::new().await;
    let token = ClassicToken::admin(&keys());
    let path = format!("/api/ros/v1/users/{}", world.ada_id);
    let change = json!({"admin": true, "suspended": true, "metadata": {"team": "blue"}, "password": "short"});
    let refused = world.ask("PATCH", &path, token.reveal(), change).await;
    assert_eq!(refused.status.as_u16(), 400);
    let ada = world.ask("GET", &path, token.reveal(), Value::Null).await;
    let ada = ada.json();
    assert_eq!(
        (&ada["admin"], &ada["suspended"], &ada["metadata"]),
        (&json!(false), &json!(false), &json!({}))
    );
}

#[tokio::test]
async fn administrators_make_users_and_say_what_is_known_of_them() {
    let world = World::new().await;
    let boss = &world.admin;
    let put = async |body| world.ask("PUT", "/auth/users", boss, body).await;
    let made =
        put(json!({"provider": "password", "provider_id": "eve", "metadata": {"team": "blue"}}))
            .await
            .object();
    assert_eq!(made["metadata"], json!([{"key": "team", "value": "blue"}]));
    let again = put(json!({"provider": "password", "provider_id": "eve", "is_admin": true}))
        .await
        .object();
    assert_eq!(
        (&again["user_id"], &again["is_admin"]),
        (&made["user_id"], &json!(true))
    );
    assert_eq!(again["metadata"], made["metadata"]);
    let other = json!({"provider": "password", "provider_id": "eve", "user_id": "x"});
    put(other).await.problem(400, 601);
    let named = |id: &str| json!({"provider": "password", "provider_id": "mia", "user_id": id});
    for taken in ["__admin", "a/b", &world.ada_id] {
        put(named(taken)).await.problem(400, 601);
    }
    let path = "/auth/users/password/mia";
    let nobody = world.ask("GET", path, boss, Value::Null).await;
    nobody.problem(404, 612); // nothing is left of what was refused
    assert_eq!(put(named("m-1")).await.object()["user_id"], "m-1");
    let large = json!({"team": "x".repeat(3000)});
    let much =
        json!({"provider": "password", "provider_id": "eve", "is_admin": false, "metadata": large});
    put(much).await.problem(400, 601);
    let eve = put(json!({"provider": "password", "provider_id": "eve"})).await;
    assert_eq!(
        eve.object()["is_admin"],
        json!(true),
        "all of it or nothing"
    );
    put(json!({"provider": "password"})).await.problem(400, 602);
    world
        .ask("PUT", "/auth/users", &world.ada, json!({}))
        .await
        .problem(403, 614);
    // Without a password nobody signs in, whatever is tried.
    world
        .server
        .auth(&sign_in("eve", ""))
        .await
        .problem(401, 611);
}

#[tokio::test]
async fn the_list_has_pages() {
    let world = World::new().await;
    let token = ClassicToken::admin(&keys());
    let page = async |query: &str| {
        let path = format!("/api/ros/v1/users?{query}");
        world
            .ask("GET", &path, token.reveal(), Value::Null)
            .await
            .json()
    };
    let first = page("limit=1").await;
    let next = first["next"].as_str().unwrap();
    let second = page(&format!("limit=1&after={next}")).await;
    assert_ne!(first["users"][0]["id"], second["users"][0]["id"]);
    let third = page(&format!(
        "limit=1&after={}",
        second["next"].as_str().unwrap()
    ))
    .await;
    assert_eq!(third, json!({"users": [], "next": null}));
    assert_eq!(page("search=b%6fss").await["users"][0]["name"], "boss");
    assert_eq!(page("search=%25").await["users"], json!([]), "no pattern");

    let classic = async |query: &str| {
        let path = format!("/auth/users?{query}");
        world.ask("GET", &path, token.reveal(), Value::Null).await
    };
    let count = async |query: &str| {
        let users = classic(query).await.object();
        users["users"].as_array().unwrap().len()
    };
    assert_eq!(count("limit=1").await, 1);
    assert_eq!(count("limit=0").await, 0);
    assert!(count("").await > 1);
    for wrong in ["abc", "", "-1", "1.5", "1e3", "99999999999999999999"] {
        classic(&format!("limit={wrong}")).await.problem(400, 601);
    }
}

#[tokio::test]
async fn realms_are_found_by_whoever_may_read_them() {
    let world = World::new().await;
    let admin = ClassicToken::admin(&keys());
    let ask = async |token: &str, path: &str| {
        world
            .ask("GET", &format!("/realms/files/{path}"), token, Value::Null)
            .await
    };
    ask(admin.reveal(), "%2Fa%2Fb").await.problem(404, 617);
    ask(&world.ada, "%2F~%2Fnotes").await.problem(404, 617);
    ask(&world.ada, "%2Fbob%2Fnotes").await.problem(403, 614);
    ask(&world.ada, "%2F..").await.problem(403, 614);
    ask("junk", "%2Fa%2Fb").await.problem(401, 611);
    use ros::access::Endpoint;
    use ros::ident::{RealmName, UnixTime};
    use ros::secret::Secret;
    let now = UnixTime(1_000_000);
    let caller = world
        .server
        .system
        .authorize(&Endpoint::Classic, &Secret::new(admin.reveal()), now)
        .unwrap();
    let realm = RealmName::from_canonical("/a/b");
    assert!(
        world
            .server
            .system
            .register_realm(&realm, &caller, now)
            .unwrap()
    );
    let found = ask(admin.reveal(), "%2Fa%2Fb").await.object();
    assert_eq!(
        found,
        json!({"path": "/a/b", "exists": true, "realmType": "full", "syncLabel": "default"})
    );
}

#[tokio::test]
async fn a_hash_that_does_not_say_its_rounds_has_those_of_the_configuration() {
    let import = async |rounds: u32| {
        let server = Server::with(|settings| settings.providers.password_iterations = rounds);
        let mut hash = [0; 64];
        pbkdf2::pbkdf2_hmac::<sha2::Sha256>(b"battery staple", b"salt", 1000, &mut hash);
        let text = |bytes: &[u8]| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
        let user =
            json!({"id": "grace", "name": "grace", "hash": text(&hash), "salt": text(b"salt")});
        let token = ClassicToken::admin(&keys());
        let path = "/api/ros/v1/users/import";
        let made = server
            .request_at("POST", path, Some(token.reveal()), &user.to_string())
            .await;
        assert_eq!(made.status, 201, "{:?}", made.body);
        server.auth(&sign_in("grace", "battery staple")).await
    };
    import(1000).await.object();
    import(1001).await.problem(401, 611);
}
