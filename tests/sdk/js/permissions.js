"use strict";
// Permissions as an app changes them: rows in the twin of its user's Management Realm, answered by the server.
const { assert, Realm, until, within, uploaded } = require("./harness");

const PermissionChange = {
  name: "PermissionChange", primaryKey: "_id",
  properties: {
    _id: "string", createdAt: "date", updatedAt: "date", statusCode: "int?", statusMessage: "string?", userId: "string",
    realmUrl: "string", mayRead: "bool?", mayWrite: "bool?", mayManage: "bool?",
  },
};
const PermissionOffer = {
  name: "PermissionOffer", primaryKey: "_id",
  properties: {
    _id: "string", createdAt: "date", updatedAt: "date", statusCode: "int?", statusMessage: "string?", token: "string?",
    realmUrl: "string", mayRead: { type: "bool", default: false }, mayWrite: { type: "bool", default: false },
    mayManage: { type: "bool", default: false }, expiresAt: "date?",
  },
};
const PermissionOfferResponse = {
  name: "PermissionOfferResponse", primaryKey: "_id",
  properties: {
    _id: "string", createdAt: "date", updatedAt: "date", statusCode: "int?", statusMessage: "string?", token: "string", realmUrl: "string?",
  },
};
const Permission = {
  name: "Permission", primaryKey: "_id",
  properties: { _id: "string", updatedAt: "date", userId: "string", path: "string", mayRead: "bool", mayWrite: "bool", mayManage: "bool" },
};
const Note = { name: "Note", primaryKey: "_id", properties: { _id: "int", text: "string?" } };
const requests = [PermissionChange, PermissionOffer, PermissionOfferResponse];

let made = 0;
const row = (values) => ({ _id: `request-${++made}`, createdAt: new Date(), updatedAt: new Date(), ...values });

// Writes a request and waits for the answer.
async function ask(management, type, values) {
  const request = management.write(() => management.create(type, row(values)));
  const found = request || management.objectForPrimaryKey(type, `request-${made}`);
  await until("the server answers", () => found.statusCode !== null);
  return found;
}

// One user grants, offers and takes back; the other sees its permissions change, and gets in and out.
exports.twins_change_and_show_permissions = async (world) => {
  await world.server();
  const signIn = async (app) => app.logIn(Realm.Credentials.anonymous());
  const [ada, bob] = [await signIn(world.app()), await (async () => {
    const app = world.app();
    await app.emailPasswordAuth.registerUser({ email: "bob@example.com", password: "secret-password" });
    return app.logIn(Realm.Credentials.emailPassword("bob@example.com", "secret-password"));
  })()];
  const notes = await world.open(ada, [Note], "notes");
  notes.write(() => notes.create("Note", { _id: 1, text: "x" }));
  await uploaded(notes);
  const management = await world.open(ada, requests, `__management/${ada.id}`);
  const shown = await world.open(bob, [Permission], `__permission/${bob.id}`);
  assert.strictEqual(shown.objects("Permission").length, 1, "what shows them is shown with the first download");

  let told = await ask(management, "PermissionChange", { userId: bob.id, realmUrl: "notes", mayRead: true, mayWrite: false, mayManage: false });
  assert.strictEqual(told.statusCode, 0);
  assert.match(told.statusMessage, /read-only access/);
  await until("bob sees it", () => shown.objects("Permission").filtered("path == '\"notes\"' && mayRead == true && mayWrite == false").length === 1);
  told = await ask(management, "PermissionChange", { userId: "nobody", realmUrl: "notes", mayRead: true });
  assert.strictEqual(told.statusCode, 601);

  told = await ask(management, "PermissionOffer", { realmUrl: "notes", mayWrite: true });
  assert.strictEqual(told.statusCode, 0);
  const answers = await world.open(bob, requests, `__management/${bob.id}`);
  const taken = await ask(answers, "PermissionOfferResponse", { token: told.token });
  assert.strictEqual(taken.statusCode, 0);
  assert.strictEqual(taken.realmUrl, "\"notes\"");
  await until("bob may write", () => shown.objects("Permission").filtered("path == '\"notes\"' && mayWrite == true").length === 1);
  const his = await world.open(bob, [Note], "notes");
  his.write(() => his.create("Note", { _id: 2, text: "bob's" }));
  await within(uploaded(his), "bob uploads");

  // What is not his own he does not even open.
  const errors = [];
  const foreign = new Realm({ path: "foreign.realm", schema: requests, sync: { user: bob, partitionValue: `__management/${ada.id}`, error: (_session, error) => errors.push(error) } });
  await until("bob is refused", () => errors.length > 0);
  foreign.close();
};
