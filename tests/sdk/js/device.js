"use strict";
// Realm JS as a device under test: the commands and classes of tests/sdk/kotlin, one JSON object a line.
// This SDK is older (sync protocol 7): it has no collections inside mixed values, no empty binary data, no null among
// embedded objects in a dictionary, and sets a counter instead of adding to it.
const path = require("path");
const readline = require("readline");
const Realm = require(path.join(process.env.ROS_SDK, "node_modules", "realm"));
const { ObjectId, Decimal128, UUID } = Realm.BSON;

const Everything = {
  name: "Everything", primaryKey: "_id",
  properties: {
    _id: "string", bool: { type: "bool", default: false }, int: { type: "int", default: 0 }, float: { type: "float", default: 0 },
    double: { type: "double", default: 0 }, string: { type: "string", default: "" }, data: { type: "data", default: new ArrayBuffer(1) },
    date: { type: "date", default: new Date(0) }, decimal: { type: "decimal128", default: Decimal128.fromString("0") },
    objectId: { type: "objectId", default: new ObjectId("000000000000000000000000") },
    uuid: { type: "uuid", default: new UUID(Buffer.alloc(16)) },
    optionalInt: "int?", optionalString: "string?", optionalDate: "date?", counter: { type: "int", default: 0 },
    mixed: "mixed", link: "Everything", part: "Part", ints: "int[]", strings: "string[]", mixeds: "mixed[]", links: "Everything[]",
    parts: "Part[]", intSet: "int<>", stringSet: "string<>", intMap: "int{}", mixedMap: "mixed{}", partMap: "Part{}",
  },
};
const Part = { name: "Part", embedded: true, properties: { name: { type: "string", default: "" }, n: "int?", pieces: "Piece[]" } };
const Piece = { name: "Piece", embedded: true, properties: { name: { type: "string", default: "" } } };

let app, user, realm;
const events = [];

const operations = {
  async signIn({ directory, appId, baseUrl, email, password, register, resume, jwt, google }) {
    process.chdir(directory);
    app = new Realm.App({ id: appId, baseUrl });
    Realm.App.Sync.setLogLevel(app, process.env.ROS_DEVICE_LOG || "fatal");
    if (resume) { user = app.currentUser; return { user: user.id }; }
    if (register) await app.emailPasswordAuth.registerUser({ email, password });
    const credentials = google ? Realm.Credentials.google({ idToken: google }) : jwt ? Realm.Credentials.jwt(jwt) : email ? Realm.Credentials.emailPassword(email, password) : Realm.Credentials.anonymous();
    user = await app.logIn(credentials);
    return { user: user.id, data: user.customData };
  },
  open({ partition, reset = "MANUAL" }) {
    const error = (_session, problem) => failed(problem);
    const path = `p${Buffer.from(JSON.stringify(partition)).toString("hex")}.realm`; // as in every SDK, a partition has its own file
    const sync = { user, partitionValue: fromJson(partition), error, clientReset: resets[reset] };
    if (process.env.ROS_DEVICE_CA) sync.ssl = { certificatePath: process.env.ROS_DEVICE_CA };
    realm = new Realm({ path, schema: [Everything, Part, Piece], sync });
    return null;
  },
  close() { realm.close(); return null; },
  write({ edits }) { realm.write(() => edits.forEach(edit)); return null; },
  read() { // a transaction sees the newest state
    realm.beginTransaction();
    const all = [...realm.objects("Everything").sorted("_id")].map((object) => plain(object, Everything));
    realm.cancelTransaction();
    return all;
  },
  pause() { realm.syncSession.pause(); return null; },
  resume() { realm.syncSession.resume(); return null; },
  reconnect() { Realm.App.Sync.reconnect(app); return null; },
  async upload({ timeout = 30000 }) { await realm.syncSession.uploadAllLocalChanges(timeout); return null; },
  async download({ timeout = 30000 }) { await realm.syncSession.downloadAllServerChanges(timeout); return null; },
  events() { return events.splice(0); },
};

const names = { 48: "BadRequest", 49: "AccountNameInUse", 50: "InvalidPassword" };

const before = () => events.push({ event: "beforeReset" });
const after = (recovered) => () => events.push({ event: "afterReset", recovered });
const onFallback = (_session, path) => events.push({ event: "error", name: "fallback", path });
const resets = {
  MANUAL: { mode: "manual", onManual: () => events.push({ event: "error", name: "RLM_ERR_SYNC_CLIENT_RESET_REQUIRED", reset: true }) },
  DISCARD: { mode: "discardUnsyncedChanges", onBefore: before, onAfter: after(false) },
  RECOVER: { mode: "recoverUnsyncedChanges", onBefore: before, onAfter: after(true), onFallback },
  RECOVER_OR_DISCARD: { mode: "recoverOrDiscardUnsyncedChanges", onBefore: before, onRecovery: after(true), onDiscard: after(false), onFallback },
};

function failed({ name, code, message, isFatal }) {
  if (isFatal !== false) events.push({ event: "error", name, code, message }); // a lost connection is none
}

function edit(change) {
  if (change.do === "create") return assign(realm.create("Everything", { _id: change._id }), change.values);
  const target = realm.objectForPrimaryKey("Everything", change._id);
  if (!target) throw new Error(`no object ${change._id}`);
  if (change.do === "assign") return assign(target, change.values);
  if (change.do === "delete") return realm.delete(target);
  const last = change.at.length - 1;
  const holder = change.at.slice(0, last).reduce((here, step) => here[step], target);
  return inside(holder, change.at[last], change);
}

function assign(target, values) {
  for (const [name, value] of Object.entries(values)) target[name] = fromJson(value);
}

function inside(holder, name, { do: what, index, key, value }) {
  const collection = holder[name];
  if (typeof collection === "number") holder[name] = collection + value;
  else if (what === "push") collection.push(fromJson(value));
  else if (what === "insert") collection.splice(within(index, collection.length), 0, fromJson(value));
  else if (what === "erase") collection.splice(within(index, collection.length - 1), 1);
  else if (what === "add") collection.add(fromJson(value));
  else if (what === "remove" && collection instanceof Realm.Set) collection.delete(fromJson(value));
  else if (what === "remove") collection.remove(key);
  else if (what === "put" && key !== undefined) collection.set({ [key]: fromJson(value) });
  else if (what === "put") collection[within(index, collection.length - 1)] = fromJson(value);
  else if (what === "clear") collection instanceof Realm.Set ? collection.clear() : collection.splice(0, collection.length);
  else throw new Error(`no change ${what}`);
}

function within(index, last) {
  if (index > last) throw new Error(`no place ${index} of ${last}`);
  return index;
}

function fromJson(value) {
  if (Array.isArray(value)) return value.map(fromJson);
  if (value === null || typeof value !== "object") return value;
  if (value.$binary && value.$binary.subType === "04") return new UUID(Buffer.from(value.$binary.base64, "base64"));
  if ("$binary" in value) return Uint8Array.from(Buffer.from(value.$binary, "base64")).buffer;
  if ("$date" in value) return new Date(value.$date);
  if ("$numberDecimal" in value) return Decimal128.fromString(value.$numberDecimal);
  if ("$oid" in value) return new ObjectId(value.$oid);
  if ("$uuid" in value) return new UUID(value.$uuid);
  if ("$numberInt" in value) return parseInt(value.$numberInt, 10);
  if ("$numberLong" in value) return parseInt(value.$numberLong, 10);
  if ("$ref" in value) return realm.objectForPrimaryKey(...value.$ref);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromJson(item)]));
}

function toJson(value) {
  if (value === null || value === undefined) return null;
  if (value instanceof Realm.Object) return reference(value);
  if (value instanceof Realm.Set) return [...value].map(toJson).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (value instanceof Realm.List) return [...value].map(toJson);
  if (value instanceof Realm.Dictionary) return Object.fromEntries(Object.keys(value).map((key) => [key, toJson(value[key])]));
  if (value instanceof ArrayBuffer) return { $binary: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof Decimal128) return { $numberDecimal: value.toString() };
  if (value instanceof ObjectId) return { $oid: value.toHexString() };
  if (value instanceof UUID) return { $uuid: value.toHexString() };
  return value;
}

function reference(value) {
  const { name } = value.objectSchema();
  if (name !== "Everything") return plain(value, name === "Part" ? Part : Piece);
  const there = realm.objectForPrimaryKey(name, value._id); // a mixed link to what was deleted shows an object all the same
  return there ? { $ref: [name, value._id] } : null;
}

function plain(object, { properties }) {
  return Object.fromEntries(Object.keys(properties).map((name) => [name, toJson(object[name])]));
}

async function answer(line) {
  const { id = null, op, ...command } = JSON.parse(line);
  try {
    return { id, ok: await operations[op](command) };
  } catch (error) {
    return { id, error: { name: names[error.code] || error.name, message: error.message.split("\n")[0] } };
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    process.stdout.write(`${JSON.stringify(await answer(line))}\n`);
  }
  process.exit(0);
})();
