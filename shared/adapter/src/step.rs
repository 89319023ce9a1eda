//! One step of an adapter: a [`Call`] in, a [`Reply`] out.

use serde::de::DeserializeOwned;

use crate::{Arrival, Authorize, Call, Context, Io, MAX_KEPT, Operation, Outcome, Params, Reply, Stop, Verdict};

/// What the handset is told at `/v1/authenticate`.
pub enum Arrived {
    Redirect { uri: String },
    Reply { json: serde_json::Value },
    Verdict(Verdict),
}

/// An operator. Implemented by the protocol families, and by an operator's crate where it differs.
///
/// What a step wants to find again at a later endpoint it writes into `kept` (at most 4 KiB).
pub trait Adapter: Sync {
    fn plan(&self, cx: &Context, kept: &mut String, io: &mut Io) -> Result<Authorize, Stop>;

    fn arrive(&self, cx: &Context, request: &Arrival, kept: &mut String, io: &mut Io) -> Result<Arrived, Stop>;

    /// Operators that never send the handset back to us leave this as it is.
    fn callback(&self, _: &Context, _: &Params, _: &mut String, _: &mut Io) -> Result<Verdict, Stop> {
        Err(Stop::failed(Verdict::ProtocolViolation, "this operator has no callback"))
    }

    /// Operators that recognise the handset by a header of ours to read implement this; the rest leave it as it is.
    fn enriched(&self, _: &Context, _: Option<&str>, _: &mut String, _: &mut Io) -> Result<Verdict, Stop> {
        Err(Stop::failed(Verdict::ProtocolViolation, "this operator adds no header"))
    }

    /// Operators whose JSON does not pass through the customer leave this as it is.
    fn validate(&self, _: &Context, _: &serde_json::Value, _: &mut String, _: &mut Io) -> Result<Verdict, Stop> {
        Err(Stop::failed(Verdict::ProtocolViolation, "this operator has no payload"))
    }
}

impl Context {
    /// The operator's configuration as the family's type.
    pub fn config<T: DeserializeOwned>(&self) -> Result<T, Stop> {
        T::deserialize(&self.config)
            .map_err(|error| Stop::failed(Verdict::ConfigError, format!("operator table: {error}")))
    }
}

/// Runs one step. Pure: the same call gives the same reply.
pub fn step(adapter: &dyn Adapter, call: Call) -> Reply {
    let Call { operation, context, journal } = call;
    let mut io = Io::new(journal);
    let mut kept = context.kept.clone();
    let done = match &operation {
        Operation::Plan => adapter.plan(&context, &mut kept, &mut io).map(Outcome::Authorize),
        Operation::Arrive { request } => {
            adapter.arrive(&context, request, &mut kept, &mut io).map(|arrived| match arrived {
                Arrived::Redirect { uri } => Outcome::Redirect { uri },
                Arrived::Reply { json } => Outcome::Reply { json },
                Arrived::Verdict(verdict) => Outcome::Verdict { verdict },
            })
        }
        Operation::Callback { params } => {
            adapter.callback(&context, params, &mut kept, &mut io).map(|verdict| Outcome::Verdict { verdict })
        }
        Operation::Enriched { header } => adapter
            .enriched(&context, header.as_deref(), &mut kept, &mut io)
            .map(|verdict| Outcome::Verdict { verdict }),
        Operation::Validate { payload } => {
            adapter.validate(&context, payload, &mut kept, &mut io).map(|verdict| Outcome::Verdict { verdict })
        }
    };
    match done {
        Ok(_) if !io.is_drained() => failed(Verdict::ConfigError, "adapter is not deterministic"),
        Ok(_) if kept.len() > MAX_KEPT => failed(Verdict::ConfigError, "adapter keeps more than 4 KiB"),
        Ok(outcome) => Reply::Done { outcome, kept },
        Err(Stop::Ask(ask)) => Reply::Ask { ask: *ask },
        Err(Stop::Malformed(detail)) => Reply::Malformed { detail: detail.into() },
        Err(Stop::Failed(verdict, detail)) => Reply::Failed { verdict, detail },
    }
}

fn failed(verdict: Verdict, detail: &str) -> Reply {
    Reply::Failed { verdict, detail: detail.into() }
}
