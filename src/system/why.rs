//! What a user may do in a Realm, and what that follows from.

use super::classic::CLASSIC;
use super::management::is_server;
use super::named::named;
use super::permissions::{self, Permission};
use super::{System, SystemError, realms, users};
use crate::access::{Caller, Decision, Endpoint, Everyone, app_of, decide};
use crate::ident::{AppId, RealmName, UserId};

/// A decision with everything that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// Whose rights.
    pub user: UserId,
    /// Whether there is such a user, or it is everybody, or the one of the server's own token.
    pub is_known: bool,
    /// In which Realm.
    pub realm: RealmName,
    /// Whether the Realm is listed.
    pub exists: bool,
    /// The decision.
    pub decision: Decision,
    /// Who owns the Realm.
    pub owner: Option<UserId>,
    /// The user's own row.
    pub own: Option<Permission>,
    /// The row of everybody.
    pub everyone: Option<Permission>,
}

impl System {
    /// Why a user (an id, a name to sign in by, or `*`) may do what it may do in a Realm (a path, or a partition after its app); `None` if the text names no Realm, or one
    /// of an app that is not there.
    pub fn why(&self, user: &str, realm: &str) -> Result<Option<Why>, SystemError> {
        let id = UserId(user.into());
        let Some(named) = named(&Endpoint::Classic, &id, true, realm) else {
            return Ok(None);
        };
        let realm = named.realm;
        let app = app_of(&realm).and_then(AppId::parse);
        if app.as_ref().is_some_and(|app| self.app(app).is_err()) {
            return Ok(None);
        }
        self.admin.read(|tx| {
            let within = app_of(&realm).unwrap_or(CLASSIC);
            let by_name = users::with_metadata(tx, within, "email", user)?;
            let user = match by_name.into_iter().next() {
                Some(found) if !users::is_of(tx, within, &id)? => found,
                Some(_) | None => id,
            };
            let caller = Caller {
                endpoint: app.map_or(Endpoint::Classic, Endpoint::App),
                admin: is_server(&user) || users::is_admin(tx, &user)?,
                user: user.clone(),
                token: None,
                expires_at: None,
                issued_at: None,
                login: None,
            };
            let grants = self.grants(tx, &user, &realm)?;
            let everyone = UserId(Everyone::ID.into());
            Ok(Some(Why {
                is_known: Everyone::is(&user)
                    || is_server(&user)
                    || users::is_of(tx, within, &user)?,
                decision: decide(&caller, &realm, &grants),
                exists: realms::is_listed(tx, &realm)?,
                owner: grants.owner,
                own: permissions::find(tx, &realm, &user)?.filter(|_| !Everyone::is(&user)),
                everyone: permissions::find(tx, &realm, &everyone)?,
                user,
                realm,
            }))
        })
    }
}
