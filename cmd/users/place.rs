//! Where users are: at a running server, or in the data folder of a stopped one.

use ros::api::users::{User, UserChange};
use ros::audit::Act;
use ros::client::{ClientError, Server};
use ros::http::{changed_words, imported_user, shown_user};
use ros::ident::{AppId, UserId};
use ros::secret::Secret;
use ros::system::{PAGE, Search, System, SystemError, Wanted};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::failure::{Exit, Failure};
use crate::folder::{self, Folder, entry, moment};
use crate::reach::Reach;

/// Arguments that say where.
#[derive(clap::Args)]
pub struct Target {
    #[command(flatten)]
    folder: folder::Stopped,
    #[command(flatten)]
    reach: Reach,
}

/// Which users are asked for.
pub struct Asked {
    pub app: Option<String>,
    pub search: Option<String>,
    pub admins: bool,
    pub limit: usize,
}

/// A running server, and what it is asked with.
pub struct There<'a> {
    server: Box<Server>,
    admin: Secret,
    runtime: Runtime,
    reach: &'a Reach,
}

impl There<'_> {
    /// Waits for an answer; `what` could not be done if there is none.
    fn asked<T>(
        &self,
        what: &str,
        asking: impl Future<Output = Result<T, ClientError>>,
    ) -> Result<T, Failure> {
        self.runtime.block_on(self.reach.within(what, asking))
    }
}

/// Users that can be reached.
pub enum Place<'a> {
    Server(There<'a>),
    Folder(Box<Folder>),
}

impl Target {
    /// Signs in, or takes the folder.
    pub fn open(&self) -> Result<Place<'_>, Failure> {
        if let Some(folder) = self.folder.open()? {
            return Ok(Place::Folder(Box::new(folder)));
        }
        let (server, admin) = (self.reach.server()?, self.reach.admin_token()?);
        Ok(Place::Server(There {
            server: Box::new(server),
            admin,
            runtime: crate::runtime()?,
            reach: &self.reach,
        }))
    }
}

impl Place<'_> {
    /// Users in the order of their ids.
    pub fn list(&mut self, asked: &Asked) -> Result<Vec<User>, Failure> {
        let mut found: Vec<User> = Vec::new();
        while found.len() < asked.limit {
            let after = found.last().map(|user| user.id.clone());
            let page = self.page(asked, after, (asked.limit - found.len()).min(PAGE))?;
            let is_last = page.len() < PAGE;
            found.extend(page);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    fn page(
        &mut self,
        asked: &Asked,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<User>, Failure> {
        match self {
            Place::Server(there) => {
                let limit = limit.to_string();
                let mut query = vec![("limit", limit.as_str())];
                query.extend(asked.app.as_deref().map(|app| ("app", app)));
                query.extend(asked.search.as_deref().map(|text| ("search", text)));
                query.extend(asked.admins.then_some(("admins", "true")));
                query.extend(after.as_deref().map(|id| ("after", id)));
                let asking = there.server.users(&there.admin, &query);
                Ok(there.asked("cannot list the users", asking)?.users)
            }
            Place::Folder(folder) => {
                let system = &folder.system;
                let search = Search {
                    app: asked.app.as_deref().map(app_id).transpose()?,
                    text: asked.search.clone(),
                    admins: asked.admins,
                    after: after.map(|id| UserId(id.into())),
                    limit,
                };
                let found = system.accounts(&search).map_err(|error| told(&error))?;
                Ok(found.into_iter().map(shown_user).collect())
            }
        }
    }

    /// One user.
    pub fn show(&mut self, app: &str, who: &str) -> Result<User, Failure> {
        match self {
            Place::Server(there) => {
                let asking = there.server.user(&there.admin, app, who);
                there.asked("cannot show the user", asking)
            }
            Place::Folder(folder) => {
                let system = &folder.system;
                let found = system.who(&app_id(app)?, who);
                found.map(shown_user).map_err(|error| told(&error))
            }
        }
    }

    /// Makes a user.
    pub fn add(
        &mut self,
        app: &str,
        name: &str,
        password: Option<&Secret>,
        admin: bool,
    ) -> Result<User, Failure> {
        match self {
            Place::Server(there) => {
                let adding = there
                    .server
                    .add_user(&there.admin, app, name, password, admin);
                there.asked("cannot make the user", adding)
            }
            Place::Folder(folder) => {
                let system = &folder.system;
                let app = app_id(app)?;
                let wanted = Wanted {
                    app: &app,
                    name,
                    password,
                    admin,
                };
                let made = system.add_account(&wanted, &moment());
                let made = made.map_err(|error| told(&error))?;
                let detail = if admin { "administrator" } else { "user" };
                let entry = entry(Act::AddUser).user(&made.user).app(&made.app);
                entry.detail(detail).done();
                Ok(shown_user(made))
            }
        }
    }

    /// Makes a user of another server, or looks whether it could be made.
    pub fn import(&mut self, user: &Value, dry_run: bool) -> Result<(), Failure> {
        match self {
            Place::Server(there) => {
                let importing = there.server.import_user(&there.admin, user, dry_run);
                there.asked("cannot make the user", importing)
            }
            Place::Folder(folder) => {
                let system = &folder.system;
                let wrong = |error: String| Failure::new(Exit::Usage, error);
                let read = serde_json::from_value(user.clone());
                let rounds = system.settings().providers.password_iterations;
                let user = read
                    .map_err(|error| error.to_string())
                    .and_then(|read| imported_user(read, rounds))
                    .map_err(wrong)?;
                if dry_run {
                    return system.check_import(&user).map_err(|error| told(&error));
                }
                let made = system.import_account(&user, &moment());
                let made = made.map_err(|error| told(&error))?;
                let entry = entry(Act::AddUser).user(&made.user).app(&made.app);
                entry.detail("imported").done();
                Ok(())
            }
        }
    }

    /// Changes a user.
    pub fn change(&mut self, app: &str, who: &str, change: &Value) -> Result<User, Failure> {
        match self {
            Place::Server(there) => {
                let changing = there.server.change_user(&there.admin, app, who, change);
                there.asked("cannot change the user", changing)
            }
            Place::Folder(folder) => {
                let system = &folder.system;
                changed(system, &app_id(app)?, who, change).map_err(|error| told(&error))
            }
        }
    }

    /// Removes a user.
    pub fn remove(&mut self, app: &str, who: &str) -> Result<(), Failure> {
        match self {
            Place::Server(there) => {
                let removing = there.server.remove_user(&there.admin, app, who);
                there.asked("cannot remove the user", removing)
            }
            Place::Folder(folder) => {
                let system = &folder.system;
                let found = system.who(&app_id(app)?, who);
                let user = found.map_err(|error| told(&error))?.user;
                let removed = system.remove_account(&user, moment().now);
                removed.map_err(|error| told(&error))?;
                entry(Act::RemoveUser).user(&user).done();
                folder.erase_removed().map_err(|error| told(&error))
            }
        }
    }
}

fn changed(system: &System, app: &AppId, who: &str, change: &Value) -> Result<User, SystemError> {
    let user = system.who(app, who)?.user;
    let change: UserChange = serde_json::from_value(change.clone()).unwrap_or_default();
    let words = changed_words(&change);
    system.change_account(&user, &change.into(), &moment())?;
    entry(Act::ChangeUser).user(&user).detail(words).done();
    system.account(&user).map(shown_user)
}

fn app_id(app: &str) -> Result<AppId, Failure> {
    AppId::parse(app).ok_or_else(|| Failure::new(Exit::Usage, format!("`{app}` is no app's id")))
}

/// What the folder says, in the exit codes that a server's answer would bring.
fn told(error: &SystemError) -> Failure {
    let exit = match error {
        SystemError::NoSuchUser | SystemError::NoSuchApp(_) => Exit::NotFound,
        SystemError::NameInUse | SystemError::IdInUse | SystemError::IdOfRealms(_) => {
            Exit::Conflict
        }
        _ => Exit::Failed,
    };
    Failure::new(exit, "cannot do this").cause(error)
}
