// The login code of Realm JS 1.8.3 and 6.1.8 against a server: what it makes of the answers, as lines of JSON.
// Usage: node classic.js FOLDER VERSION URL [permissions]. FOLDER holds what tests/run has fetched; no native code is loaded.
'use strict';
const path = require('path');
const [folder, version, server, mode] = process.argv.slice(2);
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

/** What 6.1.8 asks for over HTTP: a Realm is shared with a friend, by name of the account and by offer. Somebody has opened it before. */
async function permissions(user) {
  const friend = await call('register', `bob-${version}`, 'battery staple');
  const wall = `/${user.identity}/notes`;
  const shown = (rows) => rows.filter((row) => row.path === wall).map(({ userId, mayRead, mayWrite, mayManage }) => ({ userId, mayRead, mayWrite, mayManage }));
  const refused = (promise) => promise.then((value) => ({ value }), (error) => ({ code: error.code, status: error.status }));
  say('friend', { identity: friend.identity });
  say('applied', await user.applyPermissions({ userId: friend.identity }, wall, 'write'));
  say('granted', { rows: shown(await user.getGrantedPermissions('otherUser')), friend: shown(await friend.getGrantedPermissions()) });
  say('by name', await user.applyPermissions({ metadataKey: 'email', metadataValue: `bob-${version}` }, wall, 'none'));
  say('taken away', { friend: shown(await friend.getGrantedPermissions('currentUser')) });
  say('everybody', await user.applyPermissions({ userId: '*' }, wall, 'read'));
  say('for nobody', await refused(user.applyPermissions({ userId: 'nobody' }, wall, 'admin')));
  say('by a stranger', await refused(friend.applyPermissions({ userId: friend.identity }, wall, 'admin')));
  const token = await user.offerPermissions(wall, 'write', new Date(Date.now() + 3600 * 1000));
  const offers = await user.getPermissionOffers();
  say('offered', { same: offers.length === 1 && offers[0].token === token, level: offers[0].accessLevel, path: offers[0].realmPath });
  say('accepted', { path: await friend.acceptPermissionOffer(token), friend: shown(await friend.getGrantedPermissions('currentUser')) });
  await user.invalidatePermissionOffer(token);
  say('withdrawn', await refused(friend.acceptPermissionOffer(token)));
  say('over', await refused(user.offerPermissions(wall, 'read', new Date(0))));
}

async function main() {
  console.warn = () => {}; // about signatures that are deprecated
  const realm = (path) => server.replace('http', 'realm') + path;
  if (mode === 'google') {
    const provider = { provider: 'google', providerToken: process.env.ROS_TEST_TOKEN };
    const { identity } = await call('registerWithProvider', provider);
    say('known', { identity });
    await call('registerWithProvider', { ...provider, providerToken: 'x.y.z' }).then(() => say('unknown', {}), (error) => say('unknown', shown(error)));
    process.exit(0);
  }
  if (mode === 'permissions') {
    await permissions(await call('login', `ada-${version}`, 'correct horse'));
    process.exit(0);
  }
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
