//! O2 Germany: CAMARA Number Verification as Telefónica's Open Gateway documents it, asked with the number's hash.

use sna_protocols::{Camara, NumberForm};

static O2_DE: Camara = Camara { number_form: NumberForm::Hashed, ..Camara::LEGACY };

sna_adapter::export_adapter!(O2_DE);
