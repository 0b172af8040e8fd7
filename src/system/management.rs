//! The engine of Management Realms: requests in, permissions changed, answers out.
//!
//! All that looks at Realms have found is answered in one transaction of `admin.db`, in which the answers are effects on those Realms. So a request is carried out
//! once, whatever happens in between: until its answer is in the Realm, the Realm is not looked at again.
//!
//! The checks, their order, codes and messages are those of Realm Object Server, but for one: a grantee that is not known is refused, and never becomes everybody.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};
use sha2::{Digest, Sha256};

use super::book::{Book, words};
use super::classic::CLASSIC;
use super::mirrors::{column, date_after, set};
use super::named::{Named, named};
use super::permissions::{self, Change, Flags, Origin};
use super::requests::{Ask, Class, EditedOffer, Found, Place, Request};
use super::users::{seconds, user_id};
use super::{Moment, System, SystemError, effects, hex, realms, users};
use crate::access::{Caller, Endpoint, Everyone, Reserved, Rights, app_of, decide};
use crate::audit::{Act, Entry};
use crate::changeset::{ColumnKind, Instruction, Key, Value};
use crate::ident::{AppId, RealmName, ServerVersion, UnixTime, UserId};

/// Rows and effects that one transaction is for: after the request with which it has had so many it ends, so that others who write have their turn.
const WORK: usize = 1000;

/// Rows that one request may change: it is carried out in one transaction, whatever it takes.
const ROWS: usize = 10_000;

/// Why a request is refused, by the problem's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Problem {
    /// Something in it is wrong; what.
    Invalid(&'static str),
    /// Whoever asks may not.
    Denied,
    /// The Realm is another server's.
    Host,
    /// The offer has expired.
    Expired,
}

impl Problem {
    fn code(self) -> i64 {
        match self {
            Problem::Invalid(_) => 601,
            Problem::Denied => 614,
            Problem::Host => 616,
            Problem::Expired => 701,
        }
    }

    fn message(self) -> String {
        match self {
            Problem::Invalid(what) => {
                format!("Your request parameters did not validate: {what}")
            }
            Problem::Denied => "The path is invalid or current user has no access.".to_owned(),
            Problem::Host => {
                "The Realm is on a host that this server is not responsible for.".to_owned()
            }
            Problem::Expired => "The permission offer is expired.".to_owned(),
        }
    }
}

const NO_REALM: Problem = Problem::Invalid("realmUrl names no Realm that is there");
const NOT_SHARED: Problem = Problem::Invalid("realmUrl names a Realm of the server");
const NO_USER: Problem = Problem::Invalid("userId names no user");
const NO_METADATA: Problem = Problem::Invalid("no user has this metadata");
const TOO_LONG: Problem = Problem::Invalid("a text is too long");
const TOO_MANY: Problem = Problem::Invalid("too many permissions for one request");
const NO_OFFER: Problem = Problem::Invalid("token is that of no offer");

/// What goes wrong with one request, or with all.
enum Failed {
    Refused(Problem),
    System(SystemError),
}

impl<E: Into<SystemError>> From<E> for Failed {
    fn from(error: E) -> Failed {
        Failed::System(error.into())
    }
}

/// What is written into the row of a request that was carried out.
#[derive(Default)]
struct Done {
    message: Option<String>,
    token: Option<String>,
    url: Option<String>,
}

/// What is said to a request that came without a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// 0 is done, all else a problem's number.
    pub code: i64,
    /// What was done, or what is wrong.
    pub message: Option<String>,
    /// The token of an offer.
    pub token: Option<String>,
    /// The Realm of an offer, as it is to be opened.
    pub realm: Option<String>,
}

impl From<Problem> for Reply {
    fn from(problem: Problem) -> Reply {
        Reply {
            code: problem.code(),
            message: Some(problem.message()),
            token: None,
            realm: None,
        }
    }
}

/// Whose Management Realm it is.
struct Requester {
    management: RealmName,
    endpoint: Endpoint,
    user: UserId,
    admin: bool,
}

impl System {
    /// How far a Management Realm has been looked at; `None` while answers are on their way into it.
    pub fn looked_at(&self, management: &RealmName) -> Result<Option<Place>, SystemError> {
        self.admin.read(|tx| {
            if effects::wait_for(tx, management)? {
                return Ok(None);
            }
            let place = tx
                .prepare_cached("SELECT version, instructions FROM management WHERE realm = ?1")?
                .query_row([management.as_str()], |row| {
                    let number = |at| -> rusqlite::Result<u64> {
                        Ok(u64::try_from(row.get::<_, i64>(at)?).unwrap_or_default())
                    };
                    Ok(Place {
                        version: ServerVersion(number(0)?),
                        instructions: number(1)?,
                    })
                })
                .optional()?;
            Ok(Some(place.unwrap_or_default()))
        })
    }

    /// Answers what was found in Management Realms, in one transaction that is not for ever: from the front on, as far as it goes, and something of the first at
    /// least. For each Realm that it came to, whether all that was found in it is answered; what is not, the next look finds again. The answers are effects.
    pub fn answer(
        &self,
        found: &[(RealmName, Found)],
        moment: &Moment,
    ) -> Result<Vec<bool>, SystemError> {
        self.change(moment.now, |book| {
            let mut answered = Vec::new();
            for (management, found) in found {
                answered.push(self.answer_one(book, management, found, moment)?);
                if book.work >= WORK {
                    break;
                }
            }
            Ok(answered)
        })
    }

    fn answer_one(
        &self,
        book: &mut Book<'_>,
        management: &RealmName,
        found: &Found,
        moment: &Moment,
    ) -> Result<bool, SystemError> {
        let Some(Reserved::Management(user)) = Reserved::of(management) else {
            return Ok(true);
        };
        let requester = Requester::of(book.tx, management, user)?;
        for offer in &found.offers {
            edited(book.tx, management, offer)?;
        }
        let mut instructions = Vec::new();
        let mut requests = found.requests.iter().enumerate();
        for (number, request) in requests.by_ref() {
            let answer = match self.carry_out(book, &requester, request, moment, number) {
                Ok(done) => answer(request, moment.now, 0, done),
                Err(Failed::Refused(problem)) => {
                    requester.entry(&request.ask).refused(problem.message());
                    let message = Some(problem.message());
                    let done = Done {
                        message,
                        ..Done::default()
                    };
                    answer(request, moment.now, problem.code(), done)
                }
                Err(Failed::System(error)) => return Err(error),
            };
            instructions.extend(answer);
            book.work += 1;
            if book.work >= WORK {
                break;
            }
        }
        if !instructions.is_empty() {
            let mut all = lacking(found);
            all.append(&mut instructions);
            book.effect(management, Some(found.base), all)?;
        }
        if requests.next().is_some() {
            return Ok(false);
        }
        let number = |number| i64::try_from(number).unwrap_or(i64::MAX);
        book.tx
            .prepare_cached("INSERT OR REPLACE INTO management (realm, version, instructions) VALUES (?1, ?2, ?3)")?
            .execute(params![
                management.as_str(),
                number(found.looked.version.0),
                number(found.looked.instructions)
            ])?;
        Ok(true)
    }

    /// Carries out one request of a user without a row for it, as if it stood in the user's Management Realm.
    pub fn request(
        &self,
        endpoint: &Endpoint,
        user: &UserId,
        ask: Ask,
        moment: &Moment,
    ) -> Result<Reply, SystemError> {
        let management = Reserved::management(endpoint, user);
        let class = match &ask {
            Ask::Offer { .. } => Class::Offer,
            Ask::Response { .. } => Class::Response,
            Ask::Change { .. } => Class::Change,
            Ask::TooLong(class) => *class,
        };
        let request = Request {
            class,
            key: Key::String(hex(&moment.random[..16]).as_str().into()),
            ask,
            updated: None,
        };
        self.change(moment.now, |book| {
            let requester = Requester::of(book.tx, &management, user.clone())?;
            match self.carry_out(book, &requester, &request, moment, 0) {
                Ok(done) => Ok(Reply {
                    code: 0,
                    message: done.message,
                    token: done.token,
                    realm: done.url,
                }),
                Err(Failed::Refused(problem)) => {
                    requester.entry(&request.ask).refused(problem.message());
                    Ok(problem.into())
                }
                Err(Failed::System(error)) => Err(error),
            }
        })
    }

    fn carry_out(
        &self,
        book: &mut Book<'_>,
        requester: &Requester,
        request: &Request,
        moment: &Moment,
        number: usize,
    ) -> Result<Done, Failed> {
        match &request.ask {
            Ask::Offer {
                url,
                rights,
                expires,
            } => {
                let token = token(requester, moment, number);
                let offer = NewOffer {
                    key: &request.key,
                    url,
                    rights: *rights,
                    expires: *expires,
                    token,
                };
                self.offer(book, requester, offer)
            }
            Ask::Response { token } => self.accept(book, requester, token),
            Ask::Change {
                user,
                metadata,
                url,
                flags,
            } => {
                let metadata = metadata.as_ref();
                self.change_rows(book, requester, user, metadata, url, *flags)
            }
            Ask::TooLong(_) => Err(Failed::Refused(TOO_LONG)),
        }
    }

    /// The Realm that a request is about, if the requester may change its permissions.
    fn managed(&self, book: &Book<'_>, requester: &Requester, url: &str) -> Result<Named, Failed> {
        if let (Endpoint::Classic, Some(Err(_))) =
            (&requester.endpoint, self.settings().own_path(url))
        {
            return Err(Failed::Refused(Problem::Host));
        }
        let named = named(&requester.endpoint, &requester.user, requester.admin, url)
            .ok_or(Failed::Refused(NO_REALM))?;
        if Reserved::of(&named.realm).is_some() {
            return Err(Failed::Refused(NOT_SHARED));
        }
        if !realms::is_listed(book.tx, &named.realm)? {
            return Err(Failed::Refused(NO_REALM));
        }
        if !self.may_manage(book.tx, requester, &named.realm)? {
            return Err(Failed::Refused(Problem::Denied));
        }
        Ok(named)
    }

    fn may_manage(
        &self,
        tx: &Transaction<'_>,
        requester: &Requester,
        realm: &RealmName,
    ) -> Result<bool, SystemError> {
        Ok(requester.admin || self.rights_in(tx, &requester.user, realm)?.manage)
    }

    /// What a user of the Realm's app may do in it.
    fn rights_in(
        &self,
        tx: &Transaction<'_>,
        user: &UserId,
        realm: &RealmName,
    ) -> Result<Rights, SystemError> {
        let endpoint = match app_of(realm).and_then(AppId::parse) {
            Some(app) => Endpoint::App(app),
            None => Endpoint::Classic,
        };
        let caller = Caller {
            endpoint,
            user: user.clone(),
            admin: users::is_admin(tx, user)?,
            token: None,
            expires_at: None,
            issued_at: None,
            login: None,
        };
        Ok(decide(&caller, realm, &self.grants(tx, user, realm)?).rights)
    }

    fn change_rows(
        &self,
        book: &mut Book<'_>,
        requester: &Requester,
        user: &str,
        metadata: Option<&(String, String)>,
        url: &str,
        flags: Flags,
    ) -> Result<Done, Failed> {
        let realms = if url == "*" {
            let owned = realms::owned_by(book.tx, &requester.user)?;
            let shared = |realm: &RealmName| Reserved::of(realm).is_none();
            owned.into_iter().filter(shared).collect()
        } else {
            vec![self.managed(book, requester, url)?.realm]
        };
        let mut whom = BTreeMap::new();
        for app in realms.iter().map(app) {
            if !whom.contains_key(app) {
                whom.insert(app, grantees(book.tx, app, user, metadata)?);
            }
        }
        let rows: usize = realms.iter().map(|realm| whom[app(realm)].len()).sum();
        if rows > ROWS {
            return Err(Failed::Refused(TOO_MANY));
        }
        book.work += rows;
        let mut reached = Rights::NONE;
        for realm in &realms {
            for grantee in &whom[app(realm)] {
                reached = self.set_row(book, requester, realm, grantee, flags)?;
            }
        }
        let last = realms.last().map(|realm| told_of(&whom[app(realm)]));
        let path = match realms.as_slice() {
            [realm] => realm.to_string(),
            several => format!("{} Realms", several.len()),
        };
        let access = match reached {
            Rights { manage: true, .. } => "administrative access",
            Rights { write: true, .. } => "read-write access",
            Rights { read: true, .. } => "read-only access",
            Rights { .. } => "no access",
        };
        let for_whom = last.map_or(String::new(), |whom| format!(" for {whom}"));
        Ok(Done {
            message: Some(format!("Applied: {access} to {path}{for_whom}.")),
            ..Done::default()
        })
    }

    /// Changes one row. What an owner may do does not depend on any.
    fn set_row(
        &self,
        book: &mut Book<'_>,
        requester: &Requester,
        realm: &RealmName,
        grantee: &UserId,
        flags: Flags,
    ) -> Result<Rights, SystemError> {
        if realms::owner(book.tx, realm)?.as_ref() == Some(grantee) {
            return Ok(Rights::ALL);
        }
        let now = book.now;
        let row = book.change(&Change {
            realm,
            user: grantee,
            flags,
            now,
            by: &requester.user,
            origin: Origin::Change,
        })?;
        Ok(row.map(|row| row.rights).unwrap_or_default())
    }

    fn offer(
        &self,
        book: &mut Book<'_>,
        requester: &Requester,
        offer: NewOffer<'_>,
    ) -> Result<Done, Failed> {
        if offer.url == "*" {
            return Err(Failed::Refused(Problem::Denied));
        }
        let named = self.managed(book, requester, offer.url)?;
        if offer.expires.is_some_and(|end| end <= book.now) {
            return Err(Failed::Refused(Problem::Expired));
        }
        let sql = "INSERT OR REPLACE INTO offers (management, key, token, user, realm, may_read, may_write, may_manage, expires, created)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        book.tx.prepare_cached(sql)?.execute(params![
            requester.management.as_str(),
            key_text(offer.key),
            offer.token,
            &*requester.user.0,
            named.realm.as_str(),
            offer.rights.read,
            offer.rights.write,
            offer.rights.manage,
            offer.expires.map(seconds),
            seconds(book.now)
        ])?;
        let entry = Entry::of(Act::Permission).by(&requester.user);
        let entry = entry.realm(&named.realm);
        book.record(entry.detail(format!("offered {}", words(offer.rights))));
        Ok(Done {
            message: None,
            token: Some(offer.token),
            url: Some(named.expanded(&requester.endpoint)),
        })
    }

    /// Takes an offer up. Rights are only ever added by it.
    fn accept(
        &self,
        book: &mut Book<'_>,
        requester: &Requester,
        token: &str,
    ) -> Result<Done, Failed> {
        let offer = find_offer(book.tx, token)?.ok_or(Failed::Refused(NO_OFFER))?;
        let is_within = match &requester.endpoint {
            Endpoint::Classic => offer.realm.is_path(),
            Endpoint::App(app) => app_of(&offer.realm) == Some(app.as_str()),
        };
        if !is_within {
            return Err(Failed::Refused(NO_OFFER));
        }
        if offer.expires.is_some_and(|end| end <= book.now) {
            return Err(Failed::Refused(Problem::Expired));
        }
        let may =
            is_server(&offer.user) || self.rights_in(book.tx, &offer.user, &offer.realm)?.manage;
        if !may {
            return Err(Failed::Refused(Problem::Denied));
        }
        if realms::owner(book.tx, &offer.realm)?.as_ref() != Some(&requester.user) {
            // A row that somebody has changed stays what it is, also in that it replaces what everybody has.
            let had = permissions::find(book.tx, &offer.realm, &requester.user)?;
            let now = book.now;
            book.change(&Change {
                realm: &offer.realm,
                user: &requester.user,
                flags: Flags::adding(offer.rights),
                now,
                by: &offer.user,
                origin: had.map_or(Origin::Offer, |row| row.origin),
            })?;
        }
        let entry = Entry::of(Act::Permission).by(&requester.user);
        let entry = entry.realm(&offer.realm);
        book.record(entry.detail(format!("took up an offer of {}", offer.user)));
        let named = Named::plain(offer.realm);
        Ok(Done {
            url: Some(named.expanded(&requester.endpoint)),
            ..Done::default()
        })
    }
}

impl Requester {
    fn of(
        tx: &Transaction<'_>,
        management: &RealmName,
        user: UserId,
    ) -> Result<Requester, SystemError> {
        Ok(Requester {
            management: management.clone(),
            endpoint: match app_of(management).and_then(AppId::parse) {
                Some(app) => Endpoint::App(app),
                None => Endpoint::Classic,
            },
            admin: is_server(&user) || users::is_admin(tx, &user)?,
            user,
        })
    }

    /// What is put on record of a request. The token of an offer is none of it: whoever reads it could take the offer up.
    fn entry(&self, ask: &Ask) -> Entry {
        let entry = Entry::of(Act::Permission).by(&self.user);
        match ask {
            Ask::Change { user, url, .. } => entry.user(user).realm(url),
            Ask::Offer { url, .. } => entry.realm(url).detail("an offer"),
            Ask::Response { .. } => entry.detail("taking an offer up"),
            Ask::TooLong(_) => entry,
        }
    }
}

/// Whether the user is the one that stands for the server's own token.
pub(super) fn is_server(user: &UserId) -> bool {
    matches!(&*user.0, "__admin" | "__auth")
}

/// An offer that is about to be made.
struct NewOffer<'a> {
    key: &'a Key,
    url: &'a str,
    rights: Rights,
    expires: Option<UnixTime>,
    token: String,
}

/// An offer as it stands.
struct Offer {
    user: UserId,
    realm: RealmName,
    rights: Rights,
    expires: Option<UnixTime>,
}

fn find_offer(tx: &Transaction<'_>, token: &str) -> Result<Option<Offer>, SystemError> {
    let found = tx
        .prepare_cached("SELECT user, realm, may_read, may_write, may_manage, expires FROM offers WHERE token = ?1")?
        .query_row([token], |row| {
            let end: Option<i64> = row.get(5)?;
            Ok(Offer {
                user: user_id(row.get(0)?),
                realm: RealmName::from_canonical(row.get::<_, String>(1)?),
                rights: Rights { read: row.get(2)?, write: row.get(3)?, manage: row.get(4)? },
                expires: end.map(|end| UnixTime(u64::try_from(end).unwrap_or_default())),
            })
        });
    Ok(found.optional()?)
}

/// Takes note of what has become of an offer: another end, or none any more.
fn edited(
    tx: &Transaction<'_>,
    management: &RealmName,
    offer: &EditedOffer,
) -> Result<(), SystemError> {
    let key = key_text(&offer.key);
    match offer.expires {
        Some(end) => tx
            .prepare_cached("UPDATE offers SET expires = ?3 WHERE management = ?1 AND key = ?2")?
            .execute(params![management.as_str(), key, end.map(seconds)])?,
        None => tx
            .prepare_cached("DELETE FROM offers WHERE management = ?1 AND key = ?2")?
            .execute(params![management.as_str(), key])?,
    };
    Ok(())
}

/// The token of an offer: nobody can guess it, and it is never given twice.
fn token(requester: &Requester, moment: &Moment, number: usize) -> String {
    let drawn = Sha256::new()
        .chain_update(moment.random)
        .chain_update(requester.management.as_str())
        .chain_update(number.to_be_bytes())
        .finalize();
    format!("{}:{}", requester.user, hex(&drawn[..16]))
}

/// Whose users a Realm is for.
fn app(realm: &RealmName) -> &str {
    app_of(realm).unwrap_or(CLASSIC)
}

/// Whom a change is about: one user, everybody, or all who have this in their metadata.
fn grantees(
    tx: &Transaction<'_>,
    app: &str,
    user: &str,
    metadata: Option<&(String, String)>,
) -> Result<Vec<UserId>, Failed> {
    if let Some((key, value)) = metadata {
        let found = users::with_metadata(tx, app, key, value)?;
        return if found.is_empty() {
            Err(Failed::Refused(NO_METADATA))
        } else {
            Ok(found)
        };
    }
    let id = user_id(user.to_owned());
    if Everyone::is(&id) || users::is_of(tx, app, &id)? {
        Ok(vec![id])
    } else {
        Err(Failed::Refused(NO_USER))
    }
}

fn told_of(grantees: &[UserId]) -> String {
    match grantees {
        [one] if Everyone::is(one) => "everyone".to_owned(),
        [one] => format!("user {one}"),
        several => format!("{} users", several.len()),
    }
}

/// What is written into the row of a request.
fn answer(request: &Request, now: UnixTime, code: i64, done: Done) -> Vec<Instruction> {
    let text = |text: String| Value::String(text.as_str().into());
    let texts = [
        ("statusMessage", done.message),
        ("token", done.token),
        ("realmUrl", done.url),
    ];
    let texts = texts
        .into_iter()
        .filter_map(|(field, value)| Some((field, text(value?))));
    let own = [
        ("updatedAt", date_after(request.updated, now)),
        ("statusCode", Value::Int(code)),
    ];
    texts
        .chain(own)
        .map(|(field, value)| set(request.class.name(), &request.key, field, value))
        .collect()
}

/// Adds the columns that answers need.
fn lacking(found: &Found) -> Vec<Instruction> {
    let lacking = found.lacking.iter().filter(|(class, _)| {
        found
            .requests
            .iter()
            .any(|request| request.class == **class)
    });
    let add = |class: Class, field: &'static str| Instruction::AddColumn {
        class: class.name().into(),
        field: field.into(),
        column: match field {
            "statusCode" => column(ColumnKind::Int, true),
            "updatedAt" => column(ColumnKind::Timestamp, false),
            "realmUrl" => column(ColumnKind::String, class == Class::Response),
            _ => column(ColumnKind::String, true),
        },
    };
    lacking
        .flat_map(|(class, fields)| fields.iter().map(|field| add(*class, field)))
        .collect()
}

/// The key of a row as text; unlike keys have unlike texts.
fn key_text(key: &Key) -> String {
    format!("{key:?}")
}
