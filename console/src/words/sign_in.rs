//! Words of sign-in.

use super::words;

words! {
    sign_in = "Sign in", "Acceder";
    email_address = "E-mail address", "Correo electrónico";
    send_code = "Send me a code", "Enviarme un código";
    sign_in_hint =
        "We send a code to this address. It lasts ten minutes.",
        "Enviamos un código a esta dirección. Vale diez minutos.";
    by_provider = "Sign in with your organization's account", "Acceder con la cuenta de su organización";
    code_title = "Enter the code", "Escriba el código";
    code = "Code", "Código";
    code_hint =
        "If a member has this address, a mail with a code of eight characters is on its way. Leave this page open.",
        "Si un miembro tiene esta dirección, un correo con un código de ocho caracteres está en camino. Deje abierta esta página.";
    other_address = "Another address, or another code", "Otra dirección u otro código";
    choose_member = "Where do you want to sign in?", "¿Dónde quiere acceder?";
    to_provider = "On to your organization's sign-in", "Al acceso de su organización";
    provider_failed = "That did not work:", "No ha funcionado:";
    go_on = "Go on", "Continuar";
    signed_out_now = "You are signed out.", "Ha salido.";
    role_agent = "Texts", "Envía mensajes";
    role_admin = "Administers", "Administra";
}

impl crate::language::Language {
    /// Returns a role in words.
    pub(crate) fn role(self, role: &str) -> &'static str {
        if role == "agent" { self.role_agent() } else { self.role_admin() }
    }
}
