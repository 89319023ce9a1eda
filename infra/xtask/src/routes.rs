//! Do all nine routes answer? Each is asked what it must refuse (or, for the public keys, tell) to anyone,
//! which starts its function, and which no other function would answer alike.

use std::time::{Duration, Instant};

use ureq::{Agent, http::Request};

use crate::{Error, interrupt::pause, system::Children};

/// What is served over plain http alone.
const ENRICH: &str = "/v1/enrich/vodafone";

/// Method, path, and the status of an answer to a stranger.
const ROUTES: [(&str, &str, u16); 9] = [
    ("POST", "/v1/oauth/token", 401),
    ("POST", "/v1/get_config", 401),
    ("GET", "/v1/authenticate", 400),
    ("GET", "/v1/authenticate/otp", 400),
    ("GET", "/v1/callback/vodafone", 400),
    ("GET", ENRICH, 400),
    ("POST", "/v1/validate", 401),
    ("GET", "/v1/coverage", 401),
    ("GET", "/v1/.well-known/paseto-keys", 200),
];

/// For one route: the runner may have to link its function first.
const PATIENCE: Duration = Duration::from_secs(90);

/// Waits until every route answers at `url`, or at `plain`.
///
/// # Errors
/// Names the route that did not, or the child that ended.
pub(crate) fn wait(url: &str, plain: &str, children: &mut Children) -> Result<(), Error> {
    let agent = agent(Duration::from_secs(5));
    for (method, path, expected) in ROUTES {
        let url = if path == ENRICH { plain } else { url };
        let deadline = Instant::now() + PATIENCE;
        loop {
            children.check()?;
            let status = ask(&agent, method, &format!("{url}{path}"));
            if status == Some(expected) {
                println!("    {method} {path}: {expected}");
                break;
            }
            if Instant::now() > deadline {
                let status = status.map_or_else(|| "nothing".to_owned(), |status| status.to_string());
                let logs = children.logs();
                return Err(Error::failed(format!(
                    "{method} {path} answered {status} instead of {expected}; see {logs}"
                )));
            }
            pause(Duration::from_millis(200))?;
        }
    }
    Ok(())
}

/// One that returns every status as it is and follows nothing.
pub(crate) fn agent(time: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(time))
        .build()
        .into()
}

fn ask(agent: &Agent, method: &str, url: &str) -> Option<u16> {
    let request = Request::builder().method(method).uri(url).body(()).ok()?;
    Some(agent.run(request).ok()?.status().as_u16())
}
