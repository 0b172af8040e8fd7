//! Permissions and offers over HTTP.

use ros::access::{Caller, Endpoint};
use ros::ident::{RealmName, UnixTime, UserId};
use serde_json::{Value, json};

use super::{Reply, Server};

/// Ada, who has the Realm `/~/notes`, and Bob.
struct World {
    server: Server,
    ada: String,
    bob: String,
    bob_id: String,
    path: String,
}

impl World {
    async fn new() -> World {
        let server = Server::dev();
        let (ada, of_ada) = server.classic_user("ada").await;
        let (bob, of_bob) = server.classic_user("bob").await;
        let id = of_ada["identity"].as_str().unwrap();
        let path = format!("/{id}/notes");
        let caller = Caller {
            endpoint: Endpoint::Classic,
            user: UserId(id.into()),
            admin: false,
            token: None,
            expires_at: None,
            issued_at: None,
            login: None,
        };
        let realm = RealmName::from_canonical(path.as_str());
        let made = server
            .system
            .register_realm(&realm, &caller, UnixTime(1_000_000));
        assert!(made.unwrap());
        World {
            server,
            ada,
            bob,
            bob_id: of_bob["identity"].as_str().unwrap().to_owned(),
            path,
        }
    }

    async fn ask(&self, method: &str, path: &str, token: &str, body: Value) -> Reply {
        let path = format!("/permissions{path}");
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.server
            .request_at(method, &path, Some(token), &text)
            .await
    }

    async fn apply(&self, token: &str, user: &str, realm: &str, level: &str) -> Reply {
        let body = json!({"condition": {"userId": user}, "realmPath": realm, "accessLevel": level});
        self.ask("POST", "/apply", token, body).await
    }

    async fn access(&self, token: &str) -> Option<Value> {
        let reply = self.server.access(token, &self.path).await;
        reply
            .status
            .is_success()
            .then(|| reply.json()["access_token"]["token_data"]["access"].clone())
    }
}

#[tokio::test]
async fn permissions_are_applied_and_listed() {
    let world = World::new().await;
    let (ada, bob, bob_id) = (&world.ada, &world.bob, &world.bob_id);
    assert_eq!(world.access(bob).await, None);
    let done = world.apply(ada, bob_id, "/~/notes", "write").await.object();
    assert_eq!(done, json!({"affectedUsers": 1}));
    assert_eq!(world.access(bob).await, Some(json!(["download", "upload"])));
    let row = json!({"userId": bob_id, "path": world.path, "accessLevel": "write", "updatedAt": "1970-01-12T13:46:40.000Z"});
    let listed = async |token: &str, query: &str| {
        world.ask("GET", query, token, Value::Null).await.object()["permissions"].clone()
    };
    assert_eq!(listed(bob, "").await, json!([row]));
    assert_eq!(listed(bob, "?recipient=undefined").await, json!([row]));
    assert_eq!(listed(bob, "?recipient=otherUser").await, json!([]));
    assert_eq!(listed(ada, "?recipient=otherUser").await, json!([row]));
    assert_eq!(
        listed(ada, "?recipient=currentUser").await[0]["accessLevel"],
        "admin"
    );

    let all = world
        .apply(ada, "*", &format!("realm://h:1{}", world.path), "read")
        .await;
    assert_eq!(all.object(), json!({"affectedUsers": -1}));
    assert_eq!(
        listed(bob, "?recipient=currentUser").await[1]["userId"],
        Value::Null
    );
    let named = json!({"condition": {"metadataKey": "email", "metadataValue": "bob"}, "realmPath": world.path, "accessLevel": "none"});
    let done = world.ask("POST", "/apply", ada, named).await;
    assert_eq!(done.object(), json!({"affectedUsers": 1}));
    assert_eq!(world.access(bob).await, Some(json!(["download"])));

    world
        .apply(bob, "*", &world.path, "none")
        .await
        .problem(403, 614);
    world
        .apply(ada, "nobody", &world.path, "read")
        .await
        .problem(400, 601);
    world
        .apply(ada, bob_id, "/~/none", "read")
        .await
        .problem(400, 601);
    world
        .apply(ada, bob_id, "/~/__management", "read")
        .await
        .problem(400, 601);
    world
        .apply(ada, bob_id, &world.path, "all")
        .await
        .problem(400, 601);
    world
        .apply("junk", bob_id, &world.path, "read")
        .await
        .problem(401, 611);
    for body in [
        json!({}),
        json!({"condition": {}, "realmPath": "/~/notes", "accessLevel": "read"}),
        json!({"condition": {"userId": "*"}, "accessLevel": "read"}),
        json!({"condition": {"userId": "*"}, "realmPath": "/~/notes"}),
    ] {
        world
            .ask("POST", "/apply", ada, body)
            .await
            .problem(400, 602);
    }
}

#[tokio::test]
async fn offers_are_made_taken_up_and_withdrawn() {
    let world = World::new().await;
    let (ada, bob) = (&world.ada, &world.bob);
    let offer = async |token: &str, expires: Value| {
        let body = json!({"realmPath": "/~/notes", "accessLevel": "read", "expiresAt": expires});
        world.ask("POST", "/offers", token, body).await
    };
    let made = offer(ada, json!("Mon Jan 12 13:46:50 GMT 1970"))
        .await
        .object();
    assert_eq!(
        (&made["realmPath"], &made["accessLevel"]),
        (&json!(world.path), &json!("read"))
    );
    assert_eq!(made["expiresAt"], "1970-01-12T13:46:50.000Z");
    let listed = world.ask("GET", "/offers", ada, Value::Null).await.object();
    assert_eq!(listed, json!({"offers": [made]}));
    assert_eq!(
        world.ask("GET", "/offers", bob, Value::Null).await.object(),
        json!({"offers": []})
    );

    let token = made["token"].as_str().unwrap().replace(':', "%3A");
    let accept = format!("/offers/{token}/accept");
    let taken = world.ask("POST", &accept, bob, Value::Null).await.object();
    assert_eq!(taken, json!({"path": world.path}));
    assert_eq!(world.access(bob).await, Some(json!(["download"])));
    world.server.pass(10);
    let late = world
        .ask("POST", &accept, bob, Value::Null)
        .await
        .problem(403, 701);
    assert_eq!(late["title"], "The permission offer is expired.");

    offer(ada, json!("1970-01-12T13:46:50.0000000Z"))
        .await
        .problem(403, 701);
    offer(ada, json!("soon")).await.problem(400, 601);
    offer(bob, Value::Null).await.problem(400, 601);
    let endless = offer(ada, Value::Null).await.object();
    assert_eq!(endless["expiresAt"], Value::Null);
    let path = format!("/offers/{}", endless["token"].as_str().unwrap());
    world
        .ask("DELETE", &path, bob, Value::Null)
        .await
        .problem(400, 601);
    assert_eq!(
        world.ask("DELETE", &path, ada, Value::Null).await.object(),
        json!({})
    );
    let gone = world
        .ask("POST", &format!("{path}/accept"), bob, Value::Null)
        .await;
    gone.problem(400, 601);
}

#[tokio::test]
async fn users_of_apps_do_not_come_in_here() {
    let server = Server::dev();
    let token = server.anonymous().await.text("access_token");
    server
        .request_at("GET", "/permissions", Some(&token), "")
        .await
        .problem(401, 611);
}

#[tokio::test]
async fn the_configuration_switches_it_off() {
    let server = Server::with(|settings| settings.classic_permissions = false);
    let (ada, _) = server.classic_user("ada").await;
    for (method, path) in [("GET", "/permissions"), ("POST", "/permissions/offers")] {
        server
            .request_at(method, path, Some(&ada), "")
            .await
            .problem(501, 803);
    }
}

#[tokio::test]
async fn what_2_0_asks_for_before_it_looks_is_answered() {
    let world = World::new().await;
    let (ada, bob, bob_id) = (&world.ada, &world.bob, &world.bob_id);
    let rows = async |token: &str| {
        let said = world.ask("GET", "/ondemand", token, Value::Null).await;
        let said = said.object();
        let count = said["affectedPermissionsCount"].as_u64().unwrap();
        (said["userId"].clone(), count)
    };
    assert_eq!(rows(bob).await, (json!(bob_id), 0));
    // What everybody has is shown elsewhere.
    for (user, of_bob, of_ada) in [(bob_id.as_str(), 1, 2), ("*", 1, 2)] {
        world.apply(ada, user, "/~/notes", "read").await.object();
        assert_eq!(rows(bob).await.1, of_bob, "{user}");
        assert_eq!(rows(ada).await.1, of_ada, "{user}");
    }
    let nobody = world.ask("GET", "/ondemand", "junk", Value::Null).await;
    nobody.problem(401, 611);
}
