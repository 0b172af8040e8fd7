//! Users who come with a token of another issuer: what it says of somebody is believed, and taken over at each sign-in.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};

use rusqlite::{Transaction, params};
use serde_json::{Map, Value};

use super::accounts::{METADATA_BYTES, set_admin};
use super::classic::{CLASSIC, Issued, classic_user};
use super::name::is_segment;
use super::users::{self, NewUser, Provider};
use super::{Device, Moment, SignedIn, System, SystemError, classic};
use crate::auth::{Expected, ForeignKeys, ForeignTokenError, KeyError, TokenKind, claim};
use crate::config::{Endpoint, Issuer, Settings};
use crate::ident::{AppId, UnixTime, UserId};
use crate::secret::Secret;

/// Characters of what an issuer calls a user, at most.
const NAME: usize = 255;
/// Characters of a user's id, at most.
const ID: usize = 128;

/// The keys of the issuers that the configuration names.
#[derive(Default)]
pub struct Issuers {
    apps: BTreeMap<AppId, ForeignKeys>,
    classic: ForeignKeys,
}

impl Issuers {
    /// Reads their files. The file that is of no use, if one is.
    pub fn read(settings: &Settings) -> Result<Issuers, (PathBuf, KeyError)> {
        let keys =
            |issuer: &Issuer| ForeignKeys::read(&issuer.public_keys, issuer.secret.as_deref());
        let mut issuers = Issuers::default();
        for (id, app) in &settings.apps.named {
            if app.custom_token {
                issuers.apps.insert(id.clone(), keys(&app.issuer)?);
            }
        }
        if let Some(jwt) = &settings.providers.jwt {
            issuers.classic = keys(&jwt.issuer)?;
        }
        Ok(issuers)
    }
}

/// A token that somebody shows, and the keys that its issuer publishes, if they were fetched.
pub struct ForeignToken {
    /// The token.
    pub token: Secret,
    /// The keys.
    pub keys: Arc<ForeignKeys>,
    /// Where they were fetched: they count for whoever publishes them there, and for nobody else.
    pub from: Option<Endpoint>,
}

/// What shows who somebody is.
pub enum Proof {
    /// A token, which is looked at here.
    Token(ForeignToken),
    /// What a provider calls somebody; it was asked.
    Name(String),
}

/// Where an account of the classic API is.
#[derive(Debug, Clone)]
pub struct Home {
    /// The provider.
    pub provider: Provider,
    /// The name that the operator has given it, if it is [`Provider::Custom`].
    pub custom: Option<String>,
}

/// Somebody, as its issuer or provider says.
struct Person {
    /// Who says so.
    provider: Provider,
    /// What it calls somebody.
    name: String,
    /// Members of its custom data; nothing where the token does not say them.
    data: Vec<(String, Option<Value>)>,
    /// Whether it administers the server, if tokens say that.
    admin: Option<bool>,
}

/// Who has signed in, and whether it may do other things since.
pub struct Recognised<T> {
    /// What it is given.
    pub given: T,
    /// Who it is.
    pub user: UserId,
    /// Whether its token has changed what is known of it.
    pub changed: bool,
}

impl System {
    /// From now on these are believed.
    pub fn trust(&self, issuers: Issuers) {
        let mut held = self.issuers.write().unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(issuers);
    }

    fn issuers(&self) -> Arc<Issuers> {
        let held = self.issuers.read().unwrap_or_else(PoisonError::into_inner);
        held.clone()
    }

    /// By which tokens users of an app sign in.
    pub fn issuer(&self, app: &AppId, provider: Provider) -> Result<Issuer, SystemError> {
        let rules = self.app(app)?;
        let mut issuer = match provider {
            Provider::CustomToken if rules.custom_token => rules.issuer,
            Provider::Google if rules.google => rules.google_tokens.issuer(),
            Provider::Apple if rules.apple => rules.apple_tokens.issuer(),
            other => return Err(SystemError::NoSuchProvider(other)),
        };
        if issuer.audiences.is_empty() {
            issuer.audiences.push(app.to_string());
        }
        Ok(issuer)
    }

    /// Signs in the user of an app whom others know; makes it if it is new.
    pub fn sign_in_known(
        &self,
        app: &AppId,
        provider: Provider,
        shown: &Proof,
        device: Option<Device>,
        moment: &Moment,
    ) -> Result<Recognised<SignedIn>, SystemError> {
        let person = self.person_of_app(app, provider, shown, moment.now)?;
        let found = self
            .admin
            .read(|tx| users::find(tx, app, provider, &person.name))?;
        let user = found.map_or_else(|| moment.user(), |account| account.user);
        let mut changed = false;
        let given = self.sign_in(app, user.clone(), device, moment, |tx| {
            changed = person.enter(tx, app, &user, moment)?;
            Ok(())
        })?;
        Ok(Recognised {
            given,
            user,
            changed,
        })
    }

    /// Lets the user of an access token sign in as somebody whom others know too; begins a login. Whom another user is already is refused.
    pub fn link_known(
        &self,
        access: &Secret,
        provider: Provider,
        proof: &Proof,
        moment: &Moment,
    ) -> Result<Recognised<SignedIn>, SystemError> {
        let shown = self.verify(access, TokenKind::Access, moment.now)?;
        let person = self.person_of_app(&shown.app, provider, proof, moment.now)?;
        let mut changed = false;
        let given = self.sign_in(&shown.app, shown.user.clone(), None, moment, |tx| {
            let found = users::find(tx, &shown.app, provider, &person.name)?;
            match found {
                Some(account) if account.user != shown.user => return Err(SystemError::NameInUse),
                Some(_) => {}
                None => person.add(tx, &shown.app, &shown.user, moment)?,
            }
            changed = person.remember(tx, &shown.user)?;
            Ok(())
        })?;
        Ok(Recognised {
            given,
            user: shown.user,
            changed,
        })
    }

    /// Signs in the classic user whom a token of the issuer `jwt` names; makes it if it is new.
    pub fn classic_sign_in_token(
        &self,
        shown: &ForeignToken,
        app_id: Option<String>,
        moment: &Moment,
    ) -> Result<Recognised<Issued>, SystemError> {
        let settings = self.settings();
        let jwt = settings.providers.jwt.as_ref();
        let jwt = jwt.ok_or(SystemError::NoSuchProvider(Provider::CustomToken))?;
        let own = &self.issuers().classic;
        let provider = Provider::CustomToken;
        let (mut person, claims) = Person::of(provider, own, &jwt.issuer, shown, moment.now)?;
        person.admin = jwt.admin_claim.as_ref().map(|name| {
            let said = claim(&claims, name);
            said == Some(&Value::Bool(true))
        });
        let user = classic_id(&person.name)?;
        self.classic_enter(&person, user, app_id, moment)
    }

    /// Signs in the classic user whom a provider knows; makes it if it is new. `issuer` says what is looked at in a token, `admin` whether the user administers the server from now on,
    /// if that is known.
    pub fn classic_sign_in_known(
        &self,
        home: &Home,
        issuer: &Issuer,
        shown: &Proof,
        admin: Option<bool>,
        app_id: Option<String>,
        moment: &Moment,
    ) -> Result<Recognised<Issued>, SystemError> {
        let own = ForeignKeys::default();
        let mut person = match shown {
            Proof::Token(shown) => Person::of(home.provider, &own, issuer, shown, moment.now)?.0,
            Proof::Name(name) => Person::named(home.provider, name.clone())?,
        };
        if let Some(custom) = &home.custom {
            person.name = format!("{custom}/{}", person.name);
        }
        person.admin = admin;
        let found = self
            .admin
            .read(|tx| users::find(tx, &classic::app(), person.provider, &person.name))?;
        let user = found.map_or_else(|| classic_user(moment), |account| account.user);
        self.classic_enter(&person, user, app_id, moment)
    }

    fn classic_enter(
        &self,
        person: &Person,
        user: UserId,
        app_id: Option<String>,
        moment: &Moment,
    ) -> Result<Recognised<Issued>, SystemError> {
        let mut changed = false;
        let given = self.classic_login(user.clone(), app_id, moment, |tx| {
            changed = person.enter(tx, &classic::app(), &user, moment)?;
            Ok(())
        })?;
        Ok(Recognised {
            given,
            user,
            changed,
        })
    }

    fn person_of_app(
        &self,
        app: &AppId,
        provider: Provider,
        proof: &Proof,
        now: UnixTime,
    ) -> Result<Person, SystemError> {
        let shown = match proof {
            Proof::Token(shown) => shown,
            Proof::Name(name) => return Ok(Person::named(provider, name.clone())?),
        };
        let issuer = self.issuer(app, provider)?;
        let (none, issuers) = (ForeignKeys::default(), self.issuers());
        let of_app = (provider == Provider::CustomToken).then(|| issuers.apps.get(app));
        let own = of_app.flatten().unwrap_or(&none);
        let (person, _) = Person::of(provider, own, &issuer, shown, now)?;
        Ok(person)
    }

    /// What the issuer's tokens have said of a user that signs in with them, for its profile.
    pub(super) fn taken_over(
        &self,
        tx: &Transaction<'_>,
        profile: &users::Profile,
    ) -> Result<BTreeMap<String, Value>, SystemError> {
        let identities = profile.identities.iter();
        let issuers = identities.filter_map(|own| self.issuer(&profile.app, own.provider).ok());
        let taken: Vec<_> = issuers.flat_map(|issuer| issuer.metadata).collect();
        if taken.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut data = users::custom_data(tx, &profile.user)?;
        data.remove("email"); // it has a place of its own
        data.retain(|name, _| taken.iter().any(|claim| claim.name() == name));
        Ok(data)
    }
}

impl Person {
    /// Whom a token names, and all its claims.
    fn of(
        provider: Provider,
        own: &ForeignKeys,
        issuer: &Issuer,
        shown: &ForeignToken,
        now: UnixTime,
    ) -> Result<(Person, Map<String, Value>), ForeignTokenError> {
        let expected = Expected {
            audiences: &issuer.audiences,
            issuers: &issuer.names(),
        };
        let claims = match own.claims(&shown.token, expected, now) {
            Err(ForeignTokenError::Signature) if shown.from == issuer.keys_url => {
                shown.keys.claims(&shown.token, expected, now)?
            }
            told => told?,
        };
        let missing = |name: &str| ForeignTokenError::Missing(name.to_owned());
        let said = |name: &str| claims.get(name).and_then(Value::as_str);
        if issuer
            .says
            .iter()
            .any(|(name, value)| said(name) != Some(value))
        {
            return Err(ForeignTokenError::Issuer);
        }
        let name = match claim(&claims, &issuer.user_claim) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let mut person = Person::named(provider, name).map_err(|_| missing(&issuer.user_claim))?;
        let mut data = Vec::new();
        for taken in &issuer.metadata {
            let value = claim(&claims, &taken.claim).filter(|value| !value.is_null());
            if taken.required && value.is_none() {
                return Err(missing(&taken.claim));
            }
            data.push((taken.name().to_owned(), value.cloned()));
        }
        person.data = data;
        Ok((person, claims))
    }

    /// Whom a provider calls so.
    fn named(provider: Provider, name: String) -> Result<Person, ForeignTokenError> {
        let fits =
            (1..=NAME).contains(&name.chars().count()) && !name.chars().any(char::is_control);
        let missing = || ForeignTokenError::Missing("user".to_owned());
        fits.then_some(()).ok_or_else(missing)?;
        Ok(Person {
            provider,
            name,
            data: Vec::new(),
            admin: None,
        })
    }

    /// Finds the user or makes it, and takes over what the token says; whether that has changed what was known of it.
    fn enter(
        &self,
        tx: &Transaction<'_>,
        app: &AppId,
        user: &UserId,
        moment: &Moment,
    ) -> Result<bool, SystemError> {
        let found = users::find(tx, app, self.provider, &self.name)?;
        let is_known = match found {
            Some(account) if account.user != *user => return Err(SystemError::NameInUse),
            Some(account) if account.disabled => return Err(SystemError::UserDisabled),
            Some(_) => true,
            None => {
                self.make(tx, app, user, moment)?;
                false
            }
        };
        Ok(self.remember(tx, user)? && is_known)
    }

    /// Makes the user. One of this id that has come without a way to sign in (imported, never used) is this one.
    fn make(
        &self,
        tx: &Transaction<'_>,
        app: &AppId,
        user: &UserId,
        moment: &Moment,
    ) -> Result<(), SystemError> {
        match users::is_disabled(tx, user)? {
            Some(true) => Err(SystemError::UserDisabled),
            Some(false)
                if app.as_str() == CLASSIC
                    && users::is_of(tx, CLASSIC, user)?
                    && waits_for_its_issuer(tx, user)? =>
            {
                self.add(tx, app, user, moment)
            }
            Some(false) => Err(SystemError::IdInUse),
            None => users::insert(tx, &self.account(app, user, moment)),
        }
    }

    /// Adds this way to sign in to a user that is there.
    fn add(
        &self,
        tx: &Transaction<'_>,
        app: &AppId,
        user: &UserId,
        moment: &Moment,
    ) -> Result<(), SystemError> {
        users::insert_account(tx, &self.account(app, user, moment))
    }

    /// The user with this way to sign in.
    fn account<'a>(&'a self, app: &'a AppId, user: &UserId, moment: &Moment) -> NewUser<'a> {
        NewUser {
            id: user.clone(),
            app,
            email: None,
            account: moment.account(),
            provider: self.provider,
            name: &self.name,
            password_hash: None,
            created: moment.now,
        }
    }

    /// Takes over what the token says; whether that has changed anything.
    fn remember(&self, tx: &Transaction<'_>, user: &UserId) -> Result<bool, SystemError> {
        let before = users::custom_data(tx, user)?;
        let mut data = before.clone();
        for (name, value) in &self.data {
            match value {
                Some(value) => data.insert(name.clone(), value.clone()),
                None => data.remove(name),
            };
        }
        let mut changed = data != before;
        if changed {
            let text = serde_json::to_string(&data).unwrap_or_default();
            if text.len() > METADATA_BYTES {
                return Err(SystemError::BadMetadata);
            }
            tx.prepare_cached("UPDATE users SET custom = ?2 WHERE id = ?1")?
                .execute(params![&*user.0, text])?;
        }
        if let Some(email) = data.get("email").and_then(Value::as_str) {
            // The name that a user signs in with stays.
            let sql = "UPDATE users SET email = ?2 WHERE id = ?1 AND email IS NOT ?2
                           AND NOT EXISTS (SELECT 1 FROM accounts WHERE user = ?1 AND secret IS NOT NULL)";
            tx.prepare_cached(sql)?.execute(params![&*user.0, email])?;
        }
        if let Some(admin) = self.admin
            && users::is_admin(tx, user)? != admin
        {
            set_admin(tx, user, admin)?;
            changed = true;
        }
        Ok(changed)
    }
}

/// Whether nobody has ever signed in as this user, and nobody could: it has no password and no key.
fn waits_for_its_issuer(tx: &Transaction<'_>, user: &UserId) -> Result<bool, SystemError> {
    let sql = "SELECT NOT used AND NOT EXISTS (SELECT 1 FROM accounts WHERE user = users.id AND secret IS NOT NULL)
               FROM users WHERE id = ?1";
    Ok(tx
        .prepare_cached(sql)?
        .query_row([&*user.0], |row| row.get(0))?)
}

/// The id of a classic user, from what its issuer calls it: the first segment of its paths.
fn classic_id(name: &str) -> Result<UserId, SystemError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let id = name.replace(|c| !legal(c), "_");
    let user = users::user_id(id.clone());
    if id.len() > ID || !is_segment(&id) || user.is_reserved() {
        return Err(SystemError::BadId);
    }
    Ok(user)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::ImportedUser;
    use crate::system::tests::{Fixture, open};

    /// Whom an issuer calls so.
    fn known(name: &str) -> Person {
        Person {
            provider: Provider::CustomToken,
            name: name.to_owned(),
            data: Vec::new(),
            admin: None,
        }
    }

    #[test]
    fn a_user_who_was_imported_is_taken_up_in_its_own_app_alone() {
        let fixture = Fixture::new(open());
        let x = AppId::parse("x").unwrap();
        for (app, id, is_taken_up) in [(classic::app(), "ada", true), (x, "bob", false)] {
            let moment = fixture.moment(UnixTime(1));
            let user = users::user_id(id.to_owned());
            let imported = ImportedUser {
                provider: Provider::Password,
                app,
                id: user.clone(),
                name: format!("{id}@example.com"),
                hash: None,
                admin: false,
                suspended: false,
                metadata: BTreeMap::new(),
            };
            fixture.system.import_account(&imported, &moment).unwrap();
            let person = known(id);
            let moment = fixture.moment(UnixTime(2));
            let entered = fixture
                .system
                .admin
                .write(|tx| person.enter(tx, &classic::app(), &user, &moment));
            match entered {
                Ok(_) => assert!(is_taken_up, "{id}"),
                Err(error) => {
                    assert!(
                        matches!(error, SystemError::IdInUse) && !is_taken_up,
                        "{error}"
                    );
                }
            }
        }
    }

    #[test]
    fn an_issuer_makes_nobody_the_owner_of_what_belongs_to_nobody() {
        let fixture = Fixture::new(open());
        let sql = "INSERT INTO realms (name, app, created) VALUES ('/shared/wall', 'classic', 0)";
        let listed = fixture.system.write(|tx| Ok(tx.execute(sql, [])?));
        assert_eq!(listed.unwrap(), 1);
        let enter = |id: &str| {
            let person = known(id);
            let moment = fixture.moment(UnixTime(1));
            let user = classic_id(id).unwrap();
            let entered = fixture.system.classic_enter(&person, user, None, &moment);
            entered.map(|known| known.user.to_string())
        };
        let refused = enter("shared").map_err(|error| matches!(error, SystemError::IdOfRealms(_)));
        assert_eq!(refused, Err(true));
        assert_eq!(enter("ada").unwrap(), "ada");
    }
}
