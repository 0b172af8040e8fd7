"use strict";
// The three promises that everything else stands on.
const { assert, World, Realm, until, uploaded, downloaded, offline, online, settle, same } = require("./harness");

const Task = {
  name: "Task", primaryKey: "_id",
  properties: { _id: "int", text: "string?", done: { type: "bool", default: false }, n: "int?", tags: "string[]" },
};

// A device writes, the server restarts, a second device reads.
exports.survives_a_restart = async (world) => {
  const server = await world.server();
  const a = await world.device([Task], "notes");
  a.write(() => a.create("Task", { _id: 1, text: "hello", n: 42, tags: ["x", "y"] }));
  await uploaded(a);
  await server.stop();
  await server.restart();
  const b = await world.device([Task], "notes");
  assert.deepStrictEqual(same(a, b), { Task: [{ _id: 1, text: "hello", done: false, n: 42, tags: ["x", "y"] }] });
  b.write(() => { b.objectForPrimaryKey("Task", 1).done = true; });
  await until("the first device hears of it", () => a.objectForPrimaryKey("Task", 1).done);
};

// Two devices edit the same objects offline and converge.
exports.offline_edits_converge = async (world) => {
  await world.server();
  const a = await world.device([Task], "notes");
  a.write(() => { for (let i = 0; i < 3; i++) a.create("Task", { _id: i, text: `task ${i}`, n: 0, tags: ["one", "two"] }); });
  await uploaded(a);
  const b = await world.device([Task], "notes");
  offline(a, b);
  a.write(() => {
    a.objectForPrimaryKey("Task", 0).text = "from a";
    a.objectForPrimaryKey("Task", 1).tags.push("a1", "a2");
    a.delete(a.objectForPrimaryKey("Task", 2));
  });
  b.write(() => {
    b.objectForPrimaryKey("Task", 0).text = "from b";
    b.objectForPrimaryKey("Task", 0).n = 7;
    b.objectForPrimaryKey("Task", 1).tags.push("b1", "b2");
    b.objectForPrimaryKey("Task", 2).text = "edited too late";
  });
  online(a, b);
  await settle(a, b);
  await settle(a, b);
  const c = await world.device([Task], "notes");
  const { Task: tasks } = same(a, b, c);
  assert.deepStrictEqual(tasks.map((task) => task._id), [0, 1]);
  assert.strictEqual(tasks[0].text, "from b");
  assert.strictEqual(tasks[0].n, 7);
  assert.deepStrictEqual(tasks[1].tags, ["one", "two", "a1", "a2", "b1", "b2"]);
};

// The server is killed while a device uploads; nothing that was acknowledged is missing, nothing is there twice.
exports.nothing_acknowledged_is_lost = async (world) => {
  const server = await world.server();
  const a = await world.device([Task], "notes");
  let acknowledged = 0;
  let written = 0;
  for (let round = 0; round < 5; round++) {
    const writing = (async () => {
      for (let i = 0; i < 40; i++) {
        a.write(() => a.create("Task", { _id: ++written, text: `task ${written}`, tags: ["t"] }));
        const mine = written;
        a.syncSession.uploadAllLocalChanges(5000).then(() => { acknowledged = Math.max(acknowledged, mine); }, () => {});
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const goal = acknowledged + 5 + round * 7;
    await until("some uploads are acknowledged", () => acknowledged >= Math.min(goal, written));
    await server.kill();
    const promised = acknowledged;
    await writing;
    await server.restart();
    const reader = await world.device([Task], "notes");
    const there = new Set(reader.objects("Task").map((task) => task._id));
    for (let id = 1; id <= promised; id++) assert(there.has(id), `task ${id} of ${promised} acknowledged is missing`);
    reader.close();
    a.syncSession.pause();
    a.syncSession.resume(); // at once, instead of after the client's own delay
    await uploaded(a);
  }
  const b = await world.device([Task], "notes");
  await settle(a, b);
  const { Task: tasks } = same(a, b);
  assert.deepStrictEqual(tasks.map((task) => task._id).sort((x, y) => x - y), Array.from({ length: written }, (_, i) => i + 1));
};
