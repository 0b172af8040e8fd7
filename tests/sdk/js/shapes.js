"use strict";
// Schemas that grow, many Realms on one connection, and what this server has not.
const { assert, World, Realm, until, within, uploaded, downloaded, offline, online, settle, content } = require("./harness");

const task = (more = {}) => ({ name: "Task", primaryKey: "_id", properties: { _id: "int", text: "string?", ...more } });
const Part = { name: "Part", embedded: true, properties: { n: "int?" } };
const Person = { name: "Person", primaryKey: "_id", properties: { _id: "string", tasks: "Task[]" } };

// Two devices with different newer versions of an app add to the schema offline; one with the oldest knows nothing of it.
exports.schemas_grow_on_two_devices = async (world) => {
  await world.server();
  const old = await world.device([task()], "notes");
  old.write(() => old.create("Task", { _id: 1, text: "old" }));
  await uploaded(old);
  const a = await world.device([task({ done: { type: "bool", default: true }, part: "Part" }), Part], "notes");
  offline(a, old);
  const b = await world.device([task({ done: { type: "bool", default: false }, tags: "string[]" }), Person], "notes");
  offline(b);
  a.write(() => { a.create("Task", { _id: 2, text: "a", part: { n: 1 } }); a.objectForPrimaryKey("Task", 1).done = true; });
  b.write(() => {
    const one = b.objectForPrimaryKey("Task", 1);
    one.tags.push("b");
    b.create("Person", { _id: "p", tasks: [one] });
  });
  old.write(() => { old.objectForPrimaryKey("Task", 1).text = "still old"; });
  online(a, b, old);
  await settle(a, b, old);
  await settle(a, b, old);
  const all = await world.device([task({ done: "bool", part: "Part", tags: "string[]" }), Part, Person], "notes");
  assert.deepStrictEqual(content(all), {
    Person: [{ _id: "p", tasks: [{ link: "Task", _id: 1 }] }],
    Task: [
      { _id: 1, done: true, part: null, tags: ["b"], text: "still old" },
      { _id: 2, done: content(a).Task[1].done, part: { n: 1 }, tags: [], text: "a" },
    ],
  });
  assert.deepStrictEqual(content(old).Task, [{ _id: 1, text: "still old" }, { _id: 2, text: "a" }]);
  assert.deepStrictEqual(world.errors, []);
};

// All Realms of a user on one connection; each syncs, and one that ends leaves the others alone.
exports.many_realms_share_a_connection = async (world) => {
  await world.server();
  const app = world.app();
  Realm.App.Sync.enableSessionMultiplexing(app);
  const user = await app.logIn(Realm.Credentials.anonymous());
  const names = Array.from({ length: 12 }, (_, n) => `p${n}`);
  const realms = await Promise.all(names.map((name) => world.open(user, [task()], name)));
  realms.forEach((realm, n) => realm.write(() => realm.create("Task", { _id: n, text: names[n] })));
  await Promise.all(realms.map(uploaded));
  realms[0].close();
  realms[1].write(() => realms[1].create("Task", { _id: 100, text: "later" }));
  await uploaded(realms[1]);
  await app.emailPasswordAuth.registerUser({ email: "reader@example.com", password: "secret-password" });
  const reader = await app.logIn(Realm.Credentials.emailPassword("reader@example.com", "secret-password"));
  for (const [n, name] of names.entries()) {
    const realm = await world.open(reader, [task()], name);
    const keys = realm.objects("Task").map((found) => found._id);
    assert.deepStrictEqual(keys, n === 1 ? [1, 100] : [n]);
  }
  assert.deepStrictEqual(world.errors, []);
};

// A Realm with flexible sync is refused in words; the app goes on, and other Realms of the user sync.
exports.flexible_sync_is_refused_in_words = async (world) => {
  await world.server();
  const user = await world.app().logIn(Realm.Credentials.anonymous());
  const told = [];
  const flexible = new Realm({ path: "flexible.realm", schema: [task()], sync: { user, flexible: true, error: (_session, error) => told.push(error) } });
  await until("the app is told", () => told.length > 0);
  assert.match(told[0].message, /partition/);
  flexible.write(() => flexible.subscriptions); // what is local still works
  const other = await world.open(user, [task()], "notes");
  other.write(() => other.create("Task", { _id: 1, text: "x" }));
  await within(uploaded(other), "another Realm of the same user");
  flexible.close();
};
