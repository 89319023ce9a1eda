//! `sna customers`: who may call the gateway. A record is held to what the functions will make of it before it is
//! written, and a write never covers another one.

mod profile;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use sna_customers::{ClientSecret, Customer, CustomerId, Pepper, SecretHash, StoreError};

use self::profile::Profile;
use crate::{
    Answer, Error, Row,
    answer::time,
    keys::{Name, read_secret},
    place::Place,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Write a new customer; prints its id and its secret, once
    Add(Add),
    /// Show every customer
    List,
    /// Show a customer's record, without what could be used
    Show { id: String },
    /// Change what is given, and nothing else
    Set(Set),
    /// Make a new secret; prints it, once. The old one is good for a while
    RotateSecret(RotateSecret),
    /// Refuse a customer everything from now on
    Disable { id: String },
    /// Allow it again
    Enable { id: String },
}

#[derive(Args)]
pub(crate) struct Add {
    /// OAuth's client id; a random one when it is not given
    #[arg(long)]
    id: Option<String>,
    #[command(flatten)]
    profile: Profile,
}

#[derive(Args)]
pub(crate) struct Set {
    id: String,
    #[command(flatten)]
    profile: Profile,
}

#[derive(Args)]
pub(crate) struct RotateSecret {
    id: String,
    /// For how long the old secret stays good
    #[arg(long, default_value_t = 24, conflicts_with = "now", value_parser = clap::value_parser!(u64).range(1..=8760))]
    hours: u64,
    /// The old secrets are no longer good from now on
    #[arg(long)]
    now: bool,
}

pub(crate) async fn run(command: Command, mut place: Place) -> Result<Answer, Error> {
    place.reach().await?;
    let customers = place.customers()?;
    let change = async |id: &str, change: &dyn Fn(&mut Customer) -> Result<(), Error>| {
        let changed = customers.change(&parse(id)?, change).await;
        let customer = changed.map_err(|error| unanswered(error, id, "if it was not, run this again"))?;
        Ok(Answer::one(row(&customer)))
    };
    let enable = async |id: &str, enabled: bool| {
        let enable = |customer: &mut Customer| {
            customer.enabled = enabled;
            Ok(())
        };
        change(id, &enable).await
    };
    match command {
        Command::Add(add) => self::add(add, place).await,
        Command::List => {
            let all = customers.all().await?;
            let good = all.iter().all(Result::is_ok);
            let rows = all.into_iter().map(|customer| match customer {
                Ok(customer) => brief(&customer),
                Err(error) => vec![("id", json!(error.to_string()))],
            });
            let mut answer = Answer::many(rows.collect());
            answer.good = good;
            Ok(answer)
        }
        Command::Show { id } => {
            let id = parse(&id)?;
            let found = customers.get(&id).await?;
            let customer = found.ok_or_else(|| Error::refused(format!("there is no customer {id}")))?;
            Ok(Answer::one(row(&customer)))
        }
        Command::Set(Set { id, profile }) => change(&id, &|customer| profile.apply(customer, &place)).await,
        Command::RotateSecret(rotate) => rotate_secret(rotate, place).await,
        Command::Disable { id } => enable(&id, false).await,
        Command::Enable { id } => enable(&id, true).await,
    }
}

async fn add(Add { id, profile }: Add, mut place: Place) -> Result<Answer, Error> {
    let pepper = pepper(&mut place).await?;
    let secret = ClientSecret::generate().map_err(Error::refused)?;
    let id = parse(&id.map_or_else(random_id, Ok)?)?;
    let record = json!({ "id": id, "name": "", "secret_hashes": [SecretHash::of(secret.expose(), &pepper)] });
    let mut customer: Customer = serde_json::from_value(record).map_err(Error::refused)?;
    profile.apply(&mut customer, &place)?;
    let then = format!("if it was, `sna customers rotate-secret {id} --now` makes a secret that you know");
    place.customers()?.create(&customer).await.map_err(|error| unanswered(error.into(), id.as_str(), &then))?;
    Ok(Answer::one(vec![("id", json!(id)), ("secret", json!(secret.expose()))]))
}

async fn rotate_secret(RotateSecret { id, hours, now }: RotateSecret, mut place: Place) -> Result<Answer, Error> {
    let pepper = pepper(&mut place).await?;
    let secret = ClientSecret::generate().map_err(Error::refused)?;
    let hash = SecretHash::of(secret.expose(), &pepper);
    let seconds = place.now / 1000;
    let change = |customer: &mut Customer| {
        if customer.secret_hashes.len() > 1 && customer.old_secret_until.is_some_and(|until| until <= seconds) {
            customer.secret_hashes.remove(0);
        }
        if now {
            customer.secret_hashes.clear();
        }
        if customer.secret_hashes.len() > 1 {
            return Err(Error::refused(
                "two secrets are good already; wait until the older one is not, or take both away with --now",
            ));
        }
        customer.secret_hashes.push(hash);
        customer.old_secret_until = (!now).then_some(seconds + hours * 3600);
        Ok(())
    };
    let then = "with --now, the secret that is printed then is the only good one";
    let changed = place.customers()?.change(&parse(&id)?, change).await;
    let customer = changed.map_err(|error| unanswered(error, &id, then))?;
    Ok(Answer::one(vec![
        ("id", json!(customer.id)),
        ("secret", json!(secret.expose())),
        ("old_secret_until", until(&customer)),
    ]))
}

/// The key of the hashes, from the environment or from the deployment's secret.
async fn pepper(place: &mut Place) -> Result<Pepper, Error> {
    read_secret(place, Name::Customers, "CUSTOMER_PEPPER").await?;
    let mut env = place.env();
    let pepper = env.parsed("CUSTOMER_PEPPER", Pepper::parse);
    Ok(env.finish(pepper)?)
}

/// What was not answered may have been done.
fn unanswered(error: Error, id: &str, then: &str) -> Error {
    match error {
        Error::Customers(StoreError::Unavailable { .. }) => Error::refused(format!(
            "{error}; it may have been written all the same: see `sna customers show {id}`; {then}"
        )),
        other => other,
    }
}

fn parse(id: &str) -> Result<CustomerId, Error> {
    CustomerId::parse(id).map_err(Error::refused)
}

/// 64 random bits.
fn random_id() -> Result<String, Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(Error::refused)?;
    Ok(hex::encode(bytes))
}

fn until(customer: &Customer) -> Value {
    let until = customer.old_secret_until.filter(|_| customer.secret_hashes.len() > 1);
    until.map_or(Value::Null, |seconds| time(seconds.saturating_mul(1000)))
}

fn brief(customer: &Customer) -> Row {
    vec![
        ("id", json!(customer.id)),
        ("name", json!(customer.name)),
        ("enabled", json!(customer.enabled)),
        ("scopes", json!(customer.scopes)),
        ("countries", json!(customer.countries)),
        ("secrets", json!(customer.secret_hashes.len())),
    ]
}

/// Everything but the hashes, and how many test numbers there are instead of which.
fn row(customer: &Customer) -> Row {
    let mut row = brief(customer);
    row.extend([
        ("old_secret_until", until(customer)),
        ("redirect_uris", json!(customer.redirect_uris)),
        ("wire_types", json!(customer.wire_types)),
        ("otp_template", json!(customer.otp_template)),
        ("otp_domain", json!(customer.otp_domain)),
        ("webhook_url", json!(customer.webhook_url)),
        ("address_policy", json!(customer.address_policy)),
        ("test_numbers", json!(customer.test_numbers.len())),
        ("limits", json!(customer.limits)),
    ]);
    row
}
