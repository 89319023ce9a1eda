//! Vodafone: GSMA Mobile Connect Verified MSISDN with a hashed number, the product that it documents
//! publicly for ten countries (Number Verify 1.1.1), the UK among them.

use sna_protocols::MobileConnect;

static VODAFONE: MobileConnect = MobileConnect::SEAMLESS;

sna_adapter::export_adapter!(VODAFONE);
