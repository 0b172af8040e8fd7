//! The App Services API: everything below `/api/client/v2.0`.

mod api_keys;
mod location;
mod mail;
mod missing;
mod route;
mod session;
mod sign_in;

use hyper::Response;
use hyper::http::request::Parts;

pub use missing::{Missing, MissingCounts};
pub use route::Route;

use super::answer::Failure;
use super::{Answer, Arrival, Http, request};
use crate::audit::Entry;
use crate::ident::AppId;
use crate::system::{KeyChange, Purpose, SystemError};

/// Answers a request to one of the routes.
pub async fn answer(
    http: &Http,
    arrival: &Arrival,
    route: Route<'_>,
    head: &Parts,
    body: &[u8],
) -> Result<Response<Answer>, Failure> {
    let peer = arrival.client;
    let answered = match route {
        Route::Location { app } => location::answer(http, arrival, &known(http, app)?, head),
        Route::Login { app, provider } if request::has_query(&head.uri, "link=true") => {
            sign_in::link(http, peer, &known(http, app)?, provider, head, body).await
        }
        Route::Login { app, provider } => {
            sign_in::login(http, peer, &known(http, app)?, provider, body).await
        }
        Route::Register { app } => sign_in::register(http, peer, &known(http, app)?, body).await,
        Route::Profile => session::profile(http, head).await,
        Route::Refresh => session::refresh(http, head).await,
        Route::LogOut => session::log_out(http, head).await,
        Route::DeleteUser => session::delete_user(http, head).await,
        Route::Confirm { app } => mail::confirm(http, peer, &known(http, app)?, body).await,
        Route::SendConfirmation { app } => {
            mail::send(http, peer, &known(http, app)?, Purpose::Confirm, body).await
        }
        Route::CallConfirmation { app } => missing::confirm_again(http, &known(http, app)?),
        Route::Reset { app } => mail::reset(http, peer, &known(http, app)?, body).await,
        Route::SendReset { app } => {
            mail::send(http, peer, &known(http, app)?, Purpose::Reset, body).await
        }
        Route::CallReset { app } => missing::reset(http, &known(http, app)?),
        Route::Function { app } => missing::function(http, &known(http, app)?, body),
        Route::Push { app, service } => missing::push(http, &known(http, app)?, service),
        Route::ApiKeys => api_keys::list(http, head).await,
        Route::MakeApiKey => api_keys::make(http, head, body).await,
        Route::ApiKey { id } => api_keys::one(http, head, id).await,
        Route::RemoveApiKey { id } => api_keys::change(http, head, id, KeyChange::Remove).await,
        Route::EnableApiKey { id } => api_keys::change(http, head, id, KeyChange::Enable).await,
        Route::DisableApiKey { id } => api_keys::change(http, head, id, KeyChange::Disable).await,
    };
    answered.inspect_err(|failure| {
        if let Some(act) = route.refused().filter(|_| failure.is_refusal()) {
            let entry = Entry::of(act).detail(head.uri.path());
            entry.from(peer).refused(failure);
        }
    })
}

/// The id of an app that there is.
fn known(http: &Http, app: &str) -> Result<AppId, Failure> {
    let unknown = || SystemError::NoSuchApp(app.chars().take(64).collect());
    let id = AppId::parse(app).ok_or_else(unknown)?;
    http.system.app(&id)?;
    Ok(id)
}
