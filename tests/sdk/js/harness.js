"use strict";
// What scenarios stand on: a server that can be stopped, killed and restarted, and devices that can be offline.
const assert = require("assert");
const fs = require("fs");
const net = require("net");
const os = require("os");
const path = require("path");
const { spawn } = require("child_process");
const Realm = require(path.join(process.env.ROS_SDK, "node_modules", "realm"));

const BOUND = 30000; // ms; every wait ends

Realm.App.Sync.setLogLevel && (Realm.App.Sync.defaultLevel = "fatal");

function within(promise, what, ms = BOUND) {
  let timer;
  const late = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms); });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function until(what, condition, ms = BOUND) {
  const end = Date.now() + ms;
  for (;;) {
    if (await condition()) return;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => resolve(port)); });
  });
}

class Server {
  static async start(root, ...args) {
    const server = new Server();
    server.root = root;
    server.port = await freePort();
    server.args = args;
    server.url = `http://127.0.0.1:${server.port}`;
    await server.restart();
    return server;
  }

  async restart() {
    const args = this.args.length ? this.args : ["--dev"];
    const listen = ["--root", this.root, "--listen", `127.0.0.1:${this.port}`];
    this.log = fs.openSync(path.join(path.dirname(this.root), "server.log"), "a");
    this.process = spawn(process.env.ROS_BIN, ["serve", ...args, ...listen], { stdio: ["ignore", this.log, this.log], env: { ...process.env, ROS_LOG: "debug" } });
    this.ended = new Promise((resolve) => this.process.on("exit", resolve));
    await until("the server listens", () => this.listens());
  }

  listens() {
    if (this.process.exitCode !== null) throw new Error(`the server ended with ${this.process.exitCode}`);
    return new Promise((resolve) => {
      const socket = net.connect(this.port, "127.0.0.1", () => { socket.destroy(); resolve(true); });
      socket.on("error", () => resolve(false));
    });
  }

  async end(signal) {
    this.process.kill(signal);
    await within(this.ended, `the server ends after ${signal}`);
    fs.closeSync(this.log);
  }

  stop() { return this.end("SIGTERM"); }
  kill() { return this.end("SIGKILL"); }
}

// The folder of one scenario, and what it started.
class World {
  constructor() {
    this.dir = fs.mkdtempSync(path.join(os.tmpdir(), "ros-sdk-"));
    process.chdir(this.dir);
    this.count = 0;
    this.errors = [];
    this.realms = [];
  }

  async server(...args) {
    this.main = await Server.start(path.join(this.dir, "root"), ...args);
    return this.main;
  }

  app(id = "my-app") { return new Realm.App({ id, baseUrl: this.main.url, timeout: 10000 }); }

  // A device of its own user: its own file, synced with a partition.
  async device(schema, partitionValue, sync = {}) {
    const app = this.app(`app-${path.basename(this.dir).slice(8)}`);
    const email = `user${++this.count}@example.com`;
    await app.emailPasswordAuth.registerUser({ email, password: "secret-password" });
    const user = await app.logIn(Realm.Credentials.emailPassword(email, "secret-password"));
    return this.open(user, schema, partitionValue, sync);
  }

  async open(user, schema, partitionValue, sync = {}) {
    const error = (_session, error) => this.errors.push(error);
    const config = { path: `device${++this.count}.realm`, schema, sync: { user, partitionValue, error, ...sync } };
    const realm = await within(Realm.open(config), "Realm.open");
    this.realms.push(realm);
    return realm;
  }

  end() {
    for (const realm of this.realms) if (!realm.isClosed) realm.close();
    if (this.main && this.main.process.exitCode === null) this.main.process.kill("SIGKILL");
    fs.rmSync(this.dir, { recursive: true, force: true });
  }
}

const uploaded = (realm) => within(realm.syncSession.uploadAllLocalChanges(), "upload");
const downloaded = (realm) => within(realm.syncSession.downloadAllServerChanges(), "download");
const offline = (...realms) => realms.forEach((realm) => realm.syncSession.pause());
const online = (...realms) => realms.forEach((realm) => realm.syncSession.resume());

// After this all have uploaded what they have, and have what the others uploaded.
async function settle(...realms) {
  for (const realm of realms) await uploaded(realm);
  for (const realm of realms) await downloaded(realm);
}

// Everything in a Realm as plain values, the same for equal Realms.
function content(realm) {
  const out = {};
  for (const { name, embedded, properties } of realm.schema) {
    if (embedded) continue;
    const objects = realm.objects(name).map((object) => plainObject(object, properties, realm));
    out[name] = objects.sort((a, b) => (JSON.stringify(a._id) < JSON.stringify(b._id) ? -1 : 1));
  }
  return JSON.parse(JSON.stringify(out));
}

function plainObject(object, properties, realm) {
  const out = {};
  for (const key of Object.keys(properties).sort()) {
    if (properties[key].type !== "linkingObjects") out[key] = plain(object[key], properties[key], realm);
  }
  return out;
}

function plain(value, property, realm) {
  if (value === null || value === undefined) return null;
  if (value instanceof Realm.Object) {
    const schema = value.objectSchema();
    return schema.embedded ? plainObject(value, schema.properties, realm) : { link: schema.name, _id: plain(value._id, {}, realm) };
  }
  if (value instanceof Realm.Results || value instanceof Realm.List || Array.isArray(value)) return [...value].map((item) => plain(item, {}, realm));
  if (value instanceof Realm.Set) return [...value].map((item) => plain(item, {}, realm)).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (value instanceof Realm.Dictionary) return Object.fromEntries(Object.keys(value).sort().map((key) => [key, plain(value[key], {}, realm)]));
  if (value instanceof ArrayBuffer) return { binary: Buffer.from(value).toString("base64") };
  if (value instanceof Date) return { date: value.toISOString() };
  if (typeof value === "object") return { [value._bsontype || "object"]: value.toString() };
  return value;
}

function same(...realms) {
  const [first, ...rest] = realms.map(content);
  for (const other of rest) assert.deepStrictEqual(other, first);
  return first;
}

module.exports = { assert, fs, path, Realm, World, Server, until, within, uploaded, downloaded, offline, online, settle, content, same };
