//! Movistar Spain: CAMARA Number Verification as Telefónica's Open Gateway documents it. The number stands in the
//! authorize URL, because Telefónica asks for it as a `login_hint`.

use sna_protocols::Camara;

static MOVISTAR_ES: Camara = Camara { login_hint: true, ..Camara::LEGACY };

sna_adapter::export_adapter!(MOVISTAR_ES);
