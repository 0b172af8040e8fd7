//! Why somebody may do something.

use hyper::{Response, StatusCode};

use crate::api::ErrorCode;
use crate::api::permissions::{RowShown, Why, WhyBody};
use crate::http::answer::{self, Failure};
use crate::http::{Answer, Http, request};
use crate::system;

/// `POST /api/ros/v1/permissions/why`
pub async fn why(http: &Http, body: &[u8]) -> Result<Response<Answer>, Failure> {
    let WhyBody { user, realm } = request::parse(body)?;
    let why = http.call(move |system| system.why(&user, &realm)).await?;
    let no_realm = || {
        let text = "that names no Realm: a path begins with a slash, a partition with its app";
        Failure::new(StatusCode::BAD_REQUEST, ErrorCode::BadRequest, text)
    };
    Ok(answer::json(
        StatusCode::OK,
        &shown(why.ok_or_else(no_realm)?),
    ))
}

fn shown(why: system::Why) -> Why {
    let (rights, schema) = (why.decision.rights, why.decision.schema);
    let implied_by = if rights.write { "write" } else { "manage" };
    Why {
        user: why.user.to_string(),
        known: why.is_known,
        realm: why.realm.to_string(),
        exists: why.exists,
        may_read: rights.read,
        read_implied_by: why.decision.is_read_implied.then(|| implied_by.to_owned()),
        may_write: rights.write,
        may_manage: rights.manage,
        may_add_schema: schema.add && !schema.drawn,
        may_erase_schema: schema.erase,
        reason: why.decision.reason.to_string(),
        owner: why.owner.map(|owner| owner.to_string()),
        own: why.own.map(row),
        everyone: why.everyone.map(row),
    }
}

fn row(row: system::Permission) -> RowShown {
    RowShown {
        may_read: row.rights.read,
        may_write: row.rights.write,
        may_manage: row.rights.manage,
        since: row.changed.rfc3339(),
        by: row.changed_by.to_string(),
        how: row.origin.name().to_owned(),
    }
}
