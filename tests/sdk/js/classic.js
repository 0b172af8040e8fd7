// The login code of Realm JS 1.8.3 and 6.1.8 against a server: what it makes of the answers, as lines of JSON.
// Usage: node classic.js FOLDER VERSION URL. FOLDER holds what tests/run has fetched; no native code is loaded.
'use strict';
const path = require('path');
const [folder, version, server] = process.argv.slice(2);
const methods = require(path.join(folder, version, 'lib/user-methods.js'));

/** What the native code is to the login code: users, and one session that is told its access token. */
class User {
  static createUser(server, identity, token, isAdminToken, isAdmin) {
    const user = Object.assign(new User(), { server, identity, token, isAdminToken, isAdmin });
    User.existing[identity] = user;
    return user;
  }
  static get all() { return User.existing; }
  static _getExistingUser(_, identity) { return User.existing[identity]; }
  static _adminUser(server, token) { return User.createUser(server, '__admin', token, true, true); }
  _logout() { delete User.existing[this.identity]; }
  _sessionForOnDiskPath() { return this.session; }
}
User.existing = {};
Object.defineProperties(User, Object.getOwnPropertyDescriptors(methods.static));
Object.defineProperties(User.prototype, Object.getOwnPropertyDescriptors(methods.instance));

const say = (what, rest) => console.log(JSON.stringify({ what, ...rest }));
const shown = (error) => ({ code: error.code, status: error.status, title: error.title, message: error.message, invalid: error.invalid_params });
const old = version.startsWith('1.');
const call = (method, ...args) => old
  ? new Promise((resolve, reject) => User[method](server, ...args, (error, user) => error ? reject(error) : resolve(user)))
  : User[method](server, ...args);

/** The access token that a session of this user gets for a Realm, or the error. */
function open(user, realm) {
  return new Promise((resolve) => {
    user.session = {
      state: 'active',
      config: { error: (_, error) => resolve({ error: shown(error) }) },
      _refreshAccessToken: (token, url) => resolve({ token, url }),
    };
    User._refreshAccessToken(user, '/on/disk', realm);
  });
}

async function main() {
  console.warn = () => {}; // about signatures that are deprecated
  const realm = (path) => server.replace('http', 'realm') + path;
  const made = await call('register', `ada-${version}`, 'correct horse');
  say('registered', { identity: made.identity, isAdmin: made.isAdmin, token: made.token });
  const user = await call('login', `ada-${version}`, 'correct horse');
  say('signed in', { identity: user.identity, isAdmin: user.isAdmin, token: user.token });
  for (const [what, method, name, password] of [
    ['wrong password', 'login', `ada-${version}`, 'wrong'],
    ['nobody', 'login', 'nobody', 'wrong'],
    ['taken', 'register', `ada-${version}`, 'correct horse'],
    ['common', 'register', 'eve', 'password123'],
  ]) {
    await call(method, name, password).then(() => say(what, {}), (error) => say(what, shown(error)));
  }
  say('own', await open(user, realm('/~/notes')));
  say('foreign', await open(user, realm('/somebody/notes')));
  if (!old) {
    say('account', await user.retrieveAccount('password', `ada-${version}`).catch(shown));
    await user.logout();
    say('logged out', await open(User.createUser(server, user.identity, user.token, false, false), realm('/~/notes')));
  }
  process.exit(0); // timers for the next token are running
}
main().catch((error) => { console.error(error); process.exit(1); });
