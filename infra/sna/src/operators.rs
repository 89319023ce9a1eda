//! `sna operators`: the operator table and the adapters, judged as the functions judge them when they load.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use sna_operators::{Adapters, Operators};

use crate::{
    Answer, Error, Row,
    keys::{Name, read_secret},
    place::Place,
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Show each network, and who recognises its handsets
    List(Where),
    /// Hold each entry to its manifest, and have each adapter judge its configuration
    Check(Check),
}

#[derive(Args)]
pub(crate) struct Where {
    /// The operator table; else OPERATORS
    #[arg(long)]
    table: Option<PathBuf>,
    /// The directory of the adapters and their manifest; else ADAPTERS
    #[arg(long)]
    adapters: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    given: Where,
    /// The adapters were built for another kind of machine: believe their manifest
    #[arg(long)]
    no_load: bool,
}

pub(crate) async fn run(command: Command, mut place: Place) -> Result<Answer, Error> {
    let (given, check) = match &command {
        Command::List(given) => (given, None),
        Command::Check(check) => (&check.given, Some(check)),
    };
    let mut own = std::collections::BTreeMap::new();
    if let Some(table) = &given.table {
        own.insert("OPERATORS".to_owned(), format!("file:{}", table.display()));
    }
    if let Some(adapters) = &given.adapters {
        own.insert("ADAPTERS".to_owned(), adapters.display().to_string());
    }
    place.set(own);
    let deployed = place.stack().is_some() || place.get(Name::Operators.variable()).is_some();
    if check.is_some() && deployed {
        place.reach().await?;
        read_secret(&mut place, Name::Operators, "").await?;
    }
    let mut env = place.env();
    // Callbacks are under the gateway's address; that has no part in any check.
    let url = env.optional("PUBLIC_URL").unwrap_or_else(|| "https://gateway.invalid".to_owned());
    let manifests = Adapters::new(PathBuf::from(env.text("ADAPTERS")));
    if let Some(check) = check {
        let operators = Operators::from_env(&mut env, &url);
        let faults = env.finish(operators)?.faults(!check.no_load);
        let good = faults.is_empty();
        let mut answer = Answer::many(faults.into_iter().map(|fault| vec![("fault", json!(fault))]).collect());
        answer.good = good;
        return Ok(answer);
    }
    let operators = Operators::without_secrets(&mut env, &url);
    let operators = env.finish(operators)?;
    let row = |covered: sna_operators::Coverage| -> Row {
        let adapter = operators.table().get(&covered.network).map(|operator| operator.adapter.clone());
        let family = adapter.as_ref().and_then(|id| manifests.manifest(id).ok()).map(|manifest| manifest.family);
        vec![
            ("network", json!(covered.network)),
            ("countries", json!(covered.countries)),
            ("adapter", json!(adapter)),
            ("family", json!(family)),
            ("silent", json!(covered.silent)),
            ("otp_only", json!(!covered.silent)),
        ]
    };
    Ok(Answer::many(operators.coverage("").into_iter().map(row).collect()))
}
