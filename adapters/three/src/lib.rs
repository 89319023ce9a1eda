//! Three UK, through an aggregator with tru.ID's checks. Three publishes no protocol document of its own: shape inferred
//! from the aggregators that list it, endpoints by contract.

use sna_protocols::CheckUrl;

static THREE: CheckUrl = CheckUrl::Tru { scope: "phone_check" };

sna_adapter::export_adapter!(THREE);
