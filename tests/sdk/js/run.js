"use strict";
// node run.js FILE NAME: runs one scenario in a process of its own.
const { World } = require("./harness");
const [, , file, name] = process.argv;
const world = new World();
const scenario = require(`./${file}.js`)[name];
const finish = (code) => { world.end(); process.exit(code); };
process.on("uncaughtException", (error) => { console.error(error); finish(1); });
scenario(world).then(() => finish(0), (error) => {
  console.error(error);
  for (const other of world.errors) console.error("sync error:", other);
  console.error(require("fs").readFileSync(`${world.dir}/server.log`, "utf8").split("\n").slice(-40).join("\n"));
  finish(1);
});
