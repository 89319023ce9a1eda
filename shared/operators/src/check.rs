//! What is wrong with a deployment's operators, before anybody's handset finds out. No operator is asked anything.

use sna_adapter::{Arrival, Ask, Call, Operation, Reply, Verdict};

use crate::{LoadError, Operator, Operators, Session, fit, table::Network};

impl Operators {
    /// Every network that could not be served, with the reason: no such adapter, an entry that its manifest does not
    /// allow, a config that the adapter does not take, or a first request that is not to a listed origin.
    ///
    /// `loads`: are the adapters for this machine? They are loaded then, and take their first look at their config;
    /// otherwise the manifests alone are believed.
    pub fn faults(&self, loads: bool) -> Vec<String> {
        let served = self.table().networks().filter_map(|(id, network)| match network {
            Network::Served(operator) => Some((id, operator)),
            Network::Mvno { .. } | Network::Known { .. } => None,
        });
        let mut faults = Vec::new();
        for (id, operator) in served {
            let base = (!operator.only_listed).then_some(("", &**operator));
            let own = operator.customers.iter().map(|(customer, own)| (customer.as_str(), own));
            for (customer, operator) in base.into_iter().chain(own) {
                let found = self.faults_of(operator, loads).unwrap_or_else(|error| vec![error.to_string()]);
                let whose = if customer.is_empty() { id.to_owned() } else { format!("{id} of {customer}") };
                faults.extend(found.into_iter().map(|fault| format!("{whose}: {fault}")));
            }
        }
        faults
    }

    fn faults_of(&self, operator: &Operator, loads: bool) -> Result<Vec<String>, LoadError> {
        let manifest = self.adapters.manifest(&operator.adapter)?;
        let mut faults = fit::faults(operator, &manifest);
        if !loads {
            return Ok(faults);
        }
        let adapter = self.adapters.get(&operator.adapter)?;
        // Nobody's number: a country code that is not assigned.
        let mut session = Session { msisdn: "+999000000000".into(), ..Session::default() };
        for operation in [Operation::Plan, Operation::Arrive { request: Arrival { method: "GET".into() } }] {
            let call = Call { operation, context: self.context(operator, session.clone(), 0), journal: Vec::new() };
            let fault = match adapter.step(&call) {
                // The next step goes on from there; what the operator must be asked for first is not to be had.
                Ok(Reply::Done { kept, .. }) => {
                    session.kept = kept;
                    continue;
                }
                Ok(Reply::Failed { verdict: Verdict::ConfigError, detail }) => detail,
                Ok(Reply::Ask { ask: Ask::Http(request) }) if !operator.lists(&request.url) => {
                    "its first request is to no origin of the list".to_owned()
                }
                Ok(_) => break,
                Err(error) => error.to_string(),
            };
            faults.push(fault);
            break;
        }
        Ok(faults)
    }
}
