//! Words on carriers' codes, in English and Spanish (rule S7). The engine's table has the measures;
//! a test beside the stories holds this list against it. Chapter: sending.

use super::{NOTHING, Tongue, Words};

/// A code in both languages.
struct Code {
    code: i32,
    english: Words,
    spanish: Words,
}

const fn w(what: &'static str, why: &'static str, now: &'static str) -> Words {
    Words { what, why, now }
}

const fn row(code: i32, english: Words, spanish: Words) -> Code {
    Code { code, english, spanish }
}

const STAFF: &str = "Tell the people who run this installation.";
const STAFF_ES: &str = "Avise a quienes administran la instalación.";
const NADA: &str = "No hay nada que hacer.";
const MOBILE: &str = "Ask the person for a mobile number. This one is not texted again.";
const MOBILE_ES: &str = "Pida un número celular. A este no se le escribe más.";
const ADMIN_ES: &str = "Avise a un administrador.";

const OUR_ACCOUNT: Words = w("Our account is shut out", "The phone company does not accept our account.", STAFF);
const OUR_ACCOUNT_ES: Words =
    w("Nuestra cuenta no entra", "La compañía telefónica no acepta nuestra cuenta.", STAFF_ES);
const BUSY: Words =
    w("The phone company was busy", "It could not take the text at that moment.", "It is tried again by itself.");
const BUSY_ES: Words =
    w("La compañía estaba ocupada", "No pudo tomar el mensaje en ese momento.", "Se intenta otra vez solo.");
const FAULT: Words =
    w("A fault at the phone company", "Its machines had a fault that passes.", "It is tried again by itself.");
const FAULT_ES: Words =
    w("Falla en la compañía", "Sus máquinas tuvieron una falla pasajera.", "Se intenta otra vez solo.");
const LANDLINE: Words = w("A landline", "The number takes no texts.", MOBILE);
const LANDLINE_ES: Words = w("Teléfono fijo", "El número no recibe mensajes.", MOBILE_ES);
const NOBODY: Words = w("Nobody's number", "The phone company says that nobody has this number.", MOBILE);
const NOBODY_ES: Words = w("Número de nadie", "La compañía dice que nadie tiene este número.", MOBILE_ES);
const CAP: Words = w(
    "Today's allowance is used up",
    "The phone company takes no more texts from you today.",
    "Texts go on tomorrow by themselves.",
);
const CAP_ES: Words =
    w("Se acabó el cupo de hoy", "La compañía no toma más mensajes hoy.", "Siguen mañana por sí solos.");
const LATE: Words = w(
    "Too late",
    "The time in which the text could go was over before it went.",
    "Open the goal for longer, if many texts have this.",
);
const LATE_ES: Words = w("Demasiado tarde", "Se acabó el tiempo antes de que saliera.", NADA);
const FROM: Words = w(
    "Our number cannot text this person",
    "The phone company does not let our number text that one.",
    "If many texts have this, check your numbers under Groups.",
);
const FROM_ES: Words = w("Nuestro número no puede", "La compañía no deja que nuestro número escriba a ese.", ADMIN_ES);
const REGISTRATION: Words = w(
    "Our number is not registered",
    "The phone company does not find our number in a registered campaign.",
    "Check the registration under Settings. Until then texts from this number are refused.",
);
const REGISTRATION_ES: Words =
    w("Número sin registro", "La compañía no encuentra el registro de nuestro número.", ADMIN_ES);

/// The codes, in order.
const CODES: [Code; 42] = [
    row(401, OUR_ACCOUNT, OUR_ACCOUNT_ES),
    row(429, BUSY, BUSY_ES),
    row(500, FAULT, FAULT_ES),
    row(502, FAULT, FAULT_ES),
    row(503, FAULT, FAULT_ES),
    row(20003, OUR_ACCOUNT, OUR_ACCOUNT_ES),
    row(20005, OUR_ACCOUNT, OUR_ACCOUNT_ES),
    row(20429, BUSY, BUSY_ES),
    row(20500, FAULT, FAULT_ES),
    row(20503, FAULT, FAULT_ES),
    row(21211, NOBODY, NOBODY_ES),
    row(21212, FROM, FROM_ES),
    row(
        21408,
        w("Country switched off", "Our account may not text the region of this number.", STAFF),
        w("País no permitido", "Nuestra cuenta no puede escribir a esa región.", STAFF_ES),
    ),
    row(
        21602,
        w("Empty text", "The text had no words.", "Check the goal's text."),
        w("Mensaje vacío", "El mensaje no tenía palabras.", ADMIN_ES),
    ),
    row(21606, FROM, FROM_ES),
    row(
        21608,
        w("Trial account", "A trial account may text only numbers that were confirmed.", STAFF),
        w("Cuenta de prueba", "Una cuenta de prueba solo escribe a números confirmados.", STAFF_ES),
    ),
    row(
        21610,
        w("Stopped at the phone company", "The person texted STOP to this number before.", NOTHING),
        w("Pidió parar", "La persona escribió STOP a este número antes.", NADA),
    ),
    row(21611, BUSY, BUSY_ES),
    row(21612, FROM, FROM_ES),
    row(21614, LANDLINE, LANDLINE_ES),
    row(
        21617,
        w("Text too long", "The text has more than 1,600 letters.", "Shorten the goal's text."),
        w("Mensaje muy largo", "El mensaje tiene más de 1,600 letras.", ADMIN_ES),
    ),
    row(21624, LATE, LATE_ES),
    row(21635, LANDLINE, LANDLINE_ES),
    row(30001, BUSY, BUSY_ES),
    row(30002, OUR_ACCOUNT, OUR_ACCOUNT_ES),
    row(
        30003,
        w("Phone was off", "The phone was off or out of reach for too long.", "You can text the person another day."),
        w("Teléfono apagado", "El teléfono estuvo apagado o sin señal.", "Puede intentarlo otro día."),
    ),
    row(
        30004,
        w("Blocked", "The person, or their phone company, blocks our number.", "Do not text this person again."),
        w("Bloqueado", "La persona o su compañía bloquea nuestro número.", "No le escriba otra vez."),
    ),
    row(30005, NOBODY, NOBODY_ES),
    row(30006, LANDLINE, LANDLINE_ES),
    row(
        30007,
        w(
            "Filtered as spam",
            "The phone company took the text for spam.",
            "Reword the text: say the name of your organization, and leave short links out.",
        ),
        w("Filtrado", "La compañía lo tomó por correo no deseado.", ADMIN_ES),
    ),
    row(
        30008,
        w(
            "Not delivered, no reason",
            "The phone company did not say why.",
            "Nothing to do, unless many texts have this.",
        ),
        w("Sin motivo", "La compañía no dijo por qué.", NADA),
    ),
    row(
        30010,
        w("Too dear", "The text costs more than the highest price that is allowed.", "Shorten the goal's text."),
        w("Muy caro", "El mensaje cuesta más de lo permitido.", ADMIN_ES),
    ),
    row(30012, LATE, LATE_ES),
    row(30022, BUSY, BUSY_ES),
    row(30023, CAP, CAP_ES),
    row(
        30024,
        w(
            "Our number is not ready",
            "The phone company is still setting our number up.",
            "Wait a day. Then tell the people who run this installation.",
        ),
        w("Número no listo", "La compañía aún prepara nuestro número.", ADMIN_ES),
    ),
    row(30027, CAP, CAP_ES),
    row(30032, REGISTRATION, REGISTRATION_ES),
    row(30034, REGISTRATION, REGISTRATION_ES),
    row(30035, REGISTRATION, REGISTRATION_ES),
    row(30036, LATE, LATE_ES),
    row(90007, LATE, LATE_ES),
];

const OTHER: Words = w(
    "Another reason",
    "The phone company gave a reason that has no words here yet.",
    "The code beside it helps the people who run this installation.",
);
const OTHER_ES: Words =
    w("Otro motivo", "La compañía dio un motivo que aquí no tiene palabras.", "El código ayuda a un administrador.");

/// Returns the words on a carrier's code. A code without words of its own has those of another
/// reason.
pub fn of_code(code: i32, tongue: Tongue) -> Words {
    let found = CODES.binary_search_by_key(&code, |row| row.code).ok().map(|index| &CODES[index]);
    match (found, tongue) {
        (Some(row), Tongue::English) => row.english.clone(),
        (Some(row), Tongue::Spanish) => row.spanish.clone(),
        (None, Tongue::English) => OTHER,
        (None, Tongue::Spanish) => OTHER_ES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s7_every_code_is_there_once_in_two_languages_and_says_what_to_do() {
        assert!(CODES.is_sorted_by(|one, next| one.code < next.code));
        for row in &CODES {
            for words in [&row.english, &row.spanish] {
                assert!(!words.what.is_empty() && words.why.ends_with('.') && words.now.ends_with('.'), "{}", row.code);
            }
            assert_ne!(row.english.why, row.spanish.why, "{}", row.code);
        }
        assert_eq!(of_code(12, Tongue::English), OTHER);
    }
}
