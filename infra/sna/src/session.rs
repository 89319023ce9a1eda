//! `sna session`: how far a sign-in came, for whoever answers the telephone. Neither number nor address, and nothing that
//! proves anything.

use clap::Subcommand;
use serde_json::{Value, json};
use sna_customers::CustomerId;
use sna_otp::Pepper;
use sna_sessions::{CorrelationId, Store};

use crate::{
    Answer, Error,
    answer::time,
    keys::{Name, read_secret},
    place::Place,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show the session that a customer calls by this correlation id
    Show {
        correlation_id: String,
        /// The customer's id
        #[arg(long)]
        customer: String,
    },
}

pub(crate) async fn run(command: Command, mut place: Place) -> Result<Answer, Error> {
    let Command::Show { correlation_id, customer } = command;
    let (id, customer) = (
        CorrelationId::parse(&correlation_id).map_err(Error::refused)?,
        CustomerId::parse(&customer).map_err(Error::refused)?,
    );
    place.reach().await?;
    let store = Store::new(place.dynamodb()?, place.need("SESSIONS_TABLE")?, place.need("USAGE_TABLE")?);
    let found = store.find(customer.as_str(), &id).await.map_err(Error::refused)?;
    let session = found.ok_or_else(|| {
        Error::refused(format!("customer {customer} has no session of that correlation_id, or it was deleted already"))
    })?;
    let progress = session.progress();
    let at = |ms: Option<u64>| ms.map_or(Value::Null, time);
    let state = match () {
        () if progress.authenticated => "authenticated",
        () if session.expires_at <= place.now => "expired",
        () => "open",
    };
    Ok(Answer::one(vec![
        ("session", json!(session.id)),
        ("customer", json!(session.customer)),
        ("state", json!(state)),
        ("created", time(session.created_at)),
        ("expires", time(session.expires_at)),
        ("country", json!(session.msisdn.country().as_str())),
        ("number", json!(mark(&mut place, session.msisdn.as_e164()).await)),
        ("network", json!(session.network.map(|network| network.as_str().to_owned()))),
        ("adapter", json!(session.operator)),
        ("silent", json!(progress.silent)),
        ("silent_since", at(progress.silent_since)),
        ("verdict", json!(progress.verdict)),
        ("sends", json!(progress.sends)),
        ("last_send", at(progress.last_send)),
        ("attempts", json!(progress.attempts)),
    ]))
}

/// The same for two sessions of one number, and nothing else: the beginning of its keyed hash. Without the key, none.
async fn mark(place: &mut Place, msisdn: &str) -> Option<String> {
    read_secret(place, Name::Otp, "OTP_PEPPER").await.ok()?;
    let pepper = Pepper::parse(place.get("OTP_PEPPER")?).ok()?;
    pepper.pseudonym("msisdn", msisdn.as_bytes()).get(..12).map(str::to_owned)
}
