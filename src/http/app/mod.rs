//! The App Services API: everything below `/api/client/v2.0`.

mod location;
mod missing;
mod route;
mod session;
mod sign_in;

use hyper::Response;
use hyper::body::Body;
use hyper::http::request::Parts;

pub use missing::{Missing, MissingCounts};
pub use route::Route;

use super::answer::Failure;
use super::{Answer, Arrival, Http, request};
use crate::ident::AppId;
use crate::system::SystemError;

/// Answers a request to one of the routes.
pub async fn answer<B>(
    http: &Http,
    arrival: &Arrival,
    route: Route<'_>,
    head: &Parts,
    body: B,
) -> Result<Response<Answer>, Failure>
where
    B: Body,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let body = request::body(body, &http.limits).await?;
    let peer = arrival.client;
    match route {
        Route::Location { app } => location::answer(http, arrival, &known(http, app)?, head),
        Route::Login { app, .. } if request::has_query(&head.uri, "link=true") => {
            missing::link(http, &known(http, app)?)
        }
        Route::Login { app, provider } => {
            sign_in::login(http, peer, &known(http, app)?, provider, &body).await
        }
        Route::Register { app } => sign_in::register(http, peer, &known(http, app)?, &body).await,
        Route::Profile => session::profile(http, head).await,
        Route::Refresh => session::refresh(http, head).await,
        Route::LogOut => session::log_out(http, head).await,
        Route::DeleteUser => session::delete_user(http, head).await,
        Route::Confirm { app } => missing::confirm(http, &known(http, app)?),
        Route::ConfirmAgain { app } => missing::confirm_again(http, &known(http, app)?),
        Route::Reset { app } => missing::reset(http, &known(http, app)?),
        Route::Function { app } => missing::function(http, &known(http, app)?, &body),
        Route::Push { app, service } => missing::push(http, &known(http, app)?, service),
        Route::ApiKeys => missing::api_keys(http),
        Route::ApiKey => missing::api_key(http),
    }
}

/// The id of an app that there is.
fn known(http: &Http, app: &str) -> Result<AppId, Failure> {
    let unknown = || SystemError::NoSuchApp(app.chars().take(64).collect());
    let id = AppId::parse(app).ok_or_else(unknown)?;
    http.system.app(&id)?;
    Ok(id)
}
